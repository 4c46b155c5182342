package engine

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// spreadOver asks how the group's rows lie.
func spreadOver(t *testing.T, e *Embedded, from, to int64) Spread {
	t.Helper()
	s, err := e.Spread(t.Context(), ScanQuery{Tenants: []Tenant{group}, From: from, To: to})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Days are remembered; whatever is added, to days that were empty too, or deleted
// afterwards must show.
func TestSpread(t *testing.T) {
	e := open(t, t.TempDir())
	defer closeEngine(t, e)
	at := func(day int64) int64 { return noon + day*dayMillis }
	row := func(stream, id uint64, day int64, message string) Row {
		return Row{Tenant: group, Stream: stream, ID: id, Time: at(day) + int64(id), Ingested: noon, Message: message}
	}
	check := func(when string, from, to int64, want Spread) {
		t.Helper()
		for _, time := range []string{"first", "second"} { // from what is remembered
			if got := spreadOver(t, e, from, to); got != want {
				t.Errorf("%s, asked for the %s time: %+v, want %+v", when, time, got, want)
			}
		}
	}
	check("nothing", 0, at(100), Spread{})
	twice := `{"a":1,"a":2}`
	add(t, e, row(1, 1, -5, "m"), row(1, 2, -4, twice), row(2, 3, -2, "m"), row(1, 4, 0, "m"))
	add(t, e, Row{Tenant: Tenant{1, 77}, Stream: 9, ID: 99, Time: at(-1), Ingested: noon, Message: "m"})
	everything := Spread{Rows: 4, Partial: 1, First: at(-5) + 1, Last: at(0) + 4}
	check("all", 0, at(100), everything)
	check("two days and a half", at(-4), at(-2)+3, Spread{Rows: 2, Partial: 1, First: at(-4) + 2, Last: at(-2) + 3})
	check("half a day", at(-2), at(-2)+2, Spread{})
	if n := len(e.spreads.known(tenantIDs([]Tenant{group}), e.storage.PartitionList())); n != 5 {
		t.Errorf("%d days are remembered, want 5", n)
	}
	add(t, e, row(1, 5, -1, twice), row(1, 6, -2, "m"))
	check("more", 0, at(100), Spread{Rows: 6, Partial: 2, First: at(-5) + 1, Last: at(0) + 4})
	deleteAll(t, e, Deletion{Name: "one", Tenants: []Tenant{group}, Stream: 1, Before: at(-1) + 100})
	check("after a deletion", 0, at(100), Spread{Rows: 2, First: at(-2) + 3, Last: at(0) + 4})
	q := ScanQuery{Tenants: []Tenant{group}, Without: []Stream{{group, 2}}, To: at(100)}
	if s, err := e.Spread(t.Context(), q); err != nil || s.Rows != 1 {
		t.Errorf("without stream 2: %+v, error %v", s, err)
	}
	if err := e.DropEmpty(t.Context(), at(-3)); err != nil {
		t.Fatal(err)
	}
	check("after empty days went", 0, at(100), Spread{Rows: 2, First: at(-2) + 3, Last: at(0) + 4})
}

// TestSpreadWhileAdding asks while rows come: an answer may be behind, but what was
// added when a question began is in it.
func TestSpreadWhileAdding(t *testing.T) {
	e := open(t, t.TempDir())
	defer closeEngine(t, e)
	const adders, rounds = 3, 40
	var wg sync.WaitGroup
	for a := range uint64(adders) {
		wg.Go(func() {
			for n := range uint64(rounds) {
				day := int64(n % 4)
				row := Row{Tenant: group, Stream: a + 1, ID: a*rounds + n + 1, Time: noon + day*dayMillis, Ingested: noon, Message: strings.Repeat("m", int(n)+1)}
				if err := e.Add([]Row{row}); err != nil {
					t.Error(err)
				}
				q := ScanQuery{Tenants: []Tenant{group}, From: 0, To: noon + 5*dayMillis}
				s, err := e.Spread(t.Context(), q)
				if err != nil || s.Rows < int(n+1) {
					t.Error(fmt.Errorf("%d rows after %d were added, error %w", s.Rows, n+1, err))
				}
			}
		})
	}
	wg.Wait()
	if s := spreadOver(t, e, 0, noon+5*dayMillis); s.Rows != adders*rounds {
		t.Errorf("%d rows, want %d", s.Rows, adders*rounds)
	}
}
