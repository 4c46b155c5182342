package insights

import (
	"fmt"
	"strings"
	"testing"

	"waybill/internal/logs"
)

// table makes a lookup table.
func (l *lab) table(t *testing.T, name, body string) {
	t.Helper()
	_, err := l.Logs.CreateLookupTable(t.Context(), here, logs.NewLookupTable{Name: name, Body: body})
	must(t, err)
}

func TestLookup(t *testing.T) {
	l := newLab(t, Config{})
	l.table(t, "numbers", "n,name\n98,\"ninety, eight\"\n99,ninety-nine\n")
	for text, want := range map[string]string{
		"fields n | lookup numbers n OUTPUT name | filter ispresent(name) | sort n asc":                        "98 ninety, eight 99 ninety-nine",
		"lookup numbers n OUTPUT name | stats count(*) as c by name | sort c asc, name asc | limit 2":          "ninety, eight 1 ninety-nine 1",
		"fields n | filter n in (lookup numbers n OUTPUT name | filter name like /eight/ | fields n)":          "98",
		"fields n | lookup numbers n OUTPUT name | lookup numbers n as n OUTPUT n as m | filter m = 99":        "99 ninety-nine 99",
		"fields n | lookup none n OUTPUT name":                                                                 "error: MalformedQueryException: there is no lookup table none at line 1 and position 18",
		"filter n in (lookup none n OUTPUT name | fields n)":                                                   "error: MalformedQueryException: there is no lookup table none at line 1 and position 20",
		"fields n | lookup numbers colour as n OUTPUT name":                                                    "error: MalformedQueryException: the lookup table numbers has no column colour at line 1 and position 11",
		"fields n | join left=a right=b where a.n=b.n (SOURCE 'g' | lookup numbers n OUTPUT colour) | limit 1": "error: MalformedQueryException: the lookup table numbers has no column colour at line 1 and position 59",
	} {
		if got := l.askSource(t, text); got != want {
			t.Errorf("%s\n%s, want %s", text, got, want)
		}
	}
}

// TestATableIsThatOfWhenTheQueryRuns holds that what changes between start and run
// ends the query with a reason, and that what changes later does not matter.
func TestATableIsThatOfWhenTheQueryRuns(t *testing.T) {
	for what, want := range map[string]string{"n,name\n1,one\n": "Complete ", "n,colour\n": "Failed the lookup table t has no column name at line 1 and position 0", "": "Failed The specified lookup table does not exist."} {
		l := newLab(t, Config{})
		l.table(t, "t", "n,name\n")
		release := l.busy()
		id, err := l.Start(t.Context(), request("lookup t n OUTPUT name | filter name = 'one'"))
		must(t, err)
		if what == "" {
			must(t, l.Logs.DeleteLookupTable(t.Context(), here, "t"))
		} else {
			_, err = l.Logs.UpdateLookupTable(t.Context(), here, "t", logs.LookupTableUpdate{Body: what})
			must(t, err)
		}
		done := l.queries[id].done
		release()
		<-done
		a, err := l.Results(t.Context(), here.Account, id)
		must(t, err)
		if got := fmt.Sprint(a.Status, " ", a.Reason); got != want || a.Status == Complete && len(a.Rows) != 1 {
			t.Errorf("%q: %s, %d rows; want %s", what, got, len(a.Rows), want)
		}
	}
}

func TestNoNetworks(t *testing.T) {
	l := newLab(t, Config{})
	l.table(t, "t", "owner,net\nme,10.0.0.0/8\n")
	a := l.ask(t, "cidrlookup t n OUTPUT owner")
	if a.Status != Failed || !strings.Contains(a.Reason, "the column owner of the lookup table t has no networks") {
		t.Errorf("%s: %s", a.Status, a.Reason)
	}
}

// TestALargeTable holds that a table counts in what the query may hold.
func TestALargeTable(t *testing.T) {
	l := newLab(t, Config{Memory: 1 << 20})
	l.table(t, "wide", "n,name\n"+strings.Repeat("1,"+strings.Repeat("x", 100)+"\n", 20_000))
	l.table(t, "long", "n,name\n"+strings.Repeat("1,\n", 10_000))
	var many strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&many, "10.%d.%d.0/24,x\n", i/256, i%256)
	}
	l.table(t, "nets", "net,name\n"+many.String())
	for text, want := range map[string]string{
		"lookup wide n OUTPUT name | limit 1":                           "lookup: ",
		"lookup long n OUTPUT name | limit 1":                           "",
		"cidrlookup nets text as net OUTPUT name | limit 1":             "cidrlookup: ",
		"fields n | filter n in (lookup wide n OUTPUT name | fields n)": "lookup: ",
	} {
		a := l.ask(t, text)
		if want == "" && a.Status != Complete || want != "" && (a.Status != Failed || !strings.HasPrefix(a.Reason, want)) {
			t.Errorf("%s: %s %s, want %q", text, a.Status, a.Reason, want)
		}
	}
}
