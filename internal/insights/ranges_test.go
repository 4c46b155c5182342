package insights

import (
	"fmt"
	"strings"
	"testing"

	"waybill/internal/awserr"
	"waybill/internal/logs"
)

// askSource asks as the API does, of the groups that the text names, and returns
// the rows' values, or the error.
func (l *lab) askSource(t *testing.T, text string) string {
	t.Helper()
	sources, err := l.Sources(t.Context(), here, text)
	r := request(text)
	r.Subgroups = sources.Subgroups
	if sources.Own {
		r.Groups = sources.Groups
	}
	var a Answer
	if err == nil {
		a, err = l.Ask(t.Context(), r)
	}
	if err != nil {
		return "error: " + err.Error()
	}
	var values []string
	for _, row := range a.Rows {
		for _, f := range row {
			if f.Name != "@ptr" {
				values = append(values, strings.TrimPrefix(f.Value, here.Account+":"))
			}
		}
	}
	return strings.Join(values, " ")
}

// TestSourceTimes asks with times of SOURCE: the events of "g" are of each of the
// hundred milliseconds before noon, those of "h" two of them.
func TestSourceTimes(t *testing.T) {
	l := newLab(t, Config{})
	must(t, l.Logs.CreateLogGroup(t.Context(), here, logs.NewGroup{Name: "h", Tags: map[string]string{"team": "mail"}}))
	must(t, l.Logs.CreateLogStream(t.Context(), here, "h", "s"))
	_, err := l.Logs.PutLogEvents(t.Context(), here, "h", "s", []logs.InputEvent{{Timestamp: noon - 40, Message: `{"n":60}`}, {Timestamp: noon - 20, Message: `{"n":80}`}}, nil)
	must(t, err)
	for text, want := range map[string]string{
		"SOURCE 'g' START=-1s END=0s | stats count(*)":                                        "100",
		"SOURCE 'g' START=-10ms END=0s | stats count(*)":                                      "10",
		"SOURCE 'g' START=-1h END=-50ms | stats count(*)":                                     "51",
		fmt.Sprintf("SOURCE 'g' START=%d END=%d | stats count(*)", noon-5, noon-2):            "4",
		"SOURCE 'g' START=2025-11-25T11:59:59.990Z END=2025-11-25T12:00:00Z | stats count(*)": "10",
		"SOURCE 'g' START=-10ms | SOURCE 'h' END=-30ms | stats count(*) by @log | sort @log":  "g 10 h 1",
		"SOURCE 'g', 'h' START=-25ms | stats count(*) by @log | sort @log":                    "g 25 h 1",
		"SOURCE 'h' | filter n in (SOURCE 'g' START=-30ms | fields n) | stats count(*)":       "1",
		"SOURCE 'h' | filter n in (SOURCE 'g' START=-70ms | fields n) | stats count(*)":       "2",
		"SOURCE logGroups(namePrefix: ['h']) START=-30ms | fields n":                          "80",
		"SOURCE logGroupTags([{key: 'team', values: ['ma*']}]) | fields n | sort n asc":       "60 80",
		"SOURCE logGroupTags([{key: 'team', values: ['!mail']}]) | fields n":                  "",
		"SOURCE 'g' START=-1s END=-2s | fields n":                                             "error: MalformedQueryException: the time ends before it starts at line 1 and position 0",
		"filter n in (SOURCE 'g' END=1970-01-01T00:00:00Z | fields n)":                        "error: MalformedQueryException: the time ends before it starts at line 1 and position 13",
	} {
		if got := l.askSource(t, text); got != want {
			t.Errorf("%s\n%s, want %s", text, got, want)
		}
	}
}

// TestTheTimeOfAQueryIsThatOfItsStart holds that a query that waits its turn means
// the time at which it was asked.
func TestTheTimeOfAQueryIsThatOfItsStart(t *testing.T) {
	l := newLab(t, Config{})
	release := l.busy()
	id, err := l.Start(t.Context(), request("SOURCE 'g' START=-10ms | stats count(*) as c | filter c in (SOURCE 'g' START=-10ms | stats count(*) as c)"))
	must(t, err)
	done := l.queries[id].done
	l.now.Add(60_000)
	release()
	<-done
	a, err := l.Results(t.Context(), here.Account, id)
	must(t, err)
	if len(a.Rows) != 1 || a.Rows[0][0].Value != "10" {
		t.Errorf("%s %s: rows %v", a.Status, a.Reason, a.Rows)
	}
}

func TestTooManyGroups(t *testing.T) {
	l := newLab(t, Config{})
	for i := range maxGroups {
		must(t, l.Logs.CreateLogGroup(t.Context(), here, logs.NewGroup{Name: fmt.Sprintf("m%d", i)}))
	}
	for text, tooMany := range map[string]bool{
		"SOURCE logGroups(namePrefix: ['m']) | fields n":              false,
		"SOURCE logGroups() | fields n":                               true,
		"SOURCE logGroups(namePrefix: ['m']) | SOURCE 'g' | fields n": true,
	} {
		if _, err := l.Sources(t.Context(), here, text); awserr.HasCode(err, codeParameter) != tooMany {
			t.Errorf("%s: %v", text, err)
		}
	}
}
