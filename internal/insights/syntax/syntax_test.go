package syntax

import "testing"

func TestSmoke(t *testing.T) {
	for _, q := range []string{
		"fields @timestamp, ltrim(@log) as __log__grafana_internal__ | filter (event.from like /(?i)a@b/ and event.eventName = \"X\" and event.recipients.0 like /(?i)c\\/d/) | sort @timestamp asc",
		"stats count(*) as c, sum(x)/1024/1024 by bin(5m), `foo-bar` as z | filter not a in [1,2] | sort c desc, d | limit any 20",
		"SOURCE 'a' | SOURCE logGroups(namePrefix: ['x']) | parse @message /(?<a>x)/ | parse \"a * b *\" as b, c.d | display j.users[1].`x.y`.z - -3 ^ 2",
		"filter requestId in (SOURCE 'g' | filter a = 1 | fields requestId) | dedup a",
	} {
		a, err := Parse(q)
		if err != nil {
			t.Fatal(err)
		}
		t.Log(a)
		b, err := Parse(a.String())
		if err != nil {
			t.Fatal(err)
		}
		if b.String() != a.String() {
			t.Error(b.String())
		}
	}
	_, err := Parse("fields a |\n count(*)")
	t.Log(err)
}
