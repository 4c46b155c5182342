package logs

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"waybill/internal/logs/engine"
)

// read returns the messages of a source of a time, in order of the alphabet.
func read(t *testing.T, src *Source, from, to int64) string {
	t.Helper()
	var mu sync.Mutex
	var list []string
	q := engine.ScanQuery{From: from, To: to, Columns: []string{engine.ColumnMessage}}
	_, err := src.Scan(context.Background(), q, func(_ int, b *engine.Block) error {
		mu.Lock()
		defer mu.Unlock()
		for _, m := range b.Values[0] {
			list = append(list, strings.Clone(m))
		}
		return nil
	})
	must(t, err)
	there, err := src.Spread(context.Background(), engine.ScanQuery{From: from, To: to})
	must(t, err)
	if there.Rows != len(list) || there.Rows > 0 && (there.First < from || there.Last > to) {
		t.Errorf("%d rows from %d to %d, spread %+v", len(list), from, to, there)
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func TestOpenRanges(t *testing.T) {
	f := newFixture(t)
	for _, g := range []string{"g", "h"} {
		f.make(t, g, "s")
		f.put(t, g, "s", ev(0, g+"0"), ev(10, g+"1"), ev(20, g+"2"), ev(30, g+"3"))
	}
	group := func(name string, from, to int64) GroupRange {
		return GroupRange{GroupName{here, name}, noon + from, noon + to}
	}
	for want, ranges := range map[string][]GroupRange{
		"g0 g1 h3":          {group("g", 0, 10), group("h", 30, 40)},
		"g1":                {group("g", 5, 19), group("h", 31, 40)},
		"g0 g1 g3":          {group("g", 30, 30), group("g", 0, 9), group("g", 5, 19)},
		"g0 g1 g2 g3 h0 h1": {group("g", 0, 30), group("h", 0, 15), group("h", 10, 12)},
		"":                  {group("g", 31, 30)},
	} {
		src, err := f.OpenRanges(t.Context(), ranges)
		must(t, err)
		if got := read(t, src, 0, math.MaxInt64/2_000_000); got != want {
			t.Errorf("%v: %s, want %s", ranges, got, want)
		}
		if len(src.Groups()) != map[bool]int{true: 2, false: 1}[strings.Contains(want, "h") || want == "g1"] {
			t.Errorf("%v: groups %v", ranges, src.Groups())
		}
	}
	src, err := f.OpenRanges(t.Context(), []GroupRange{group("g", 0, 10), group("h", 30, 40)})
	must(t, err)
	if got := read(t, src, noon+5, noon+100); got != "g1 h3" {
		t.Errorf("a part of the time: %s", got)
	}
	if got := read(t, src.Moved(-20), noon-100, noon+100); got != "h1 h2" {
		t.Errorf("moved: %s", got)
	}
	whole, err := f.OpenSource(t.Context(), []GroupName{{here, "g"}})
	must(t, err)
	if got := read(t, whole.Moved(-20), noon, noon+100); got != "g0 g1 g2 g3" {
		t.Errorf("all time moved: %s", got)
	}
}

func TestTagFilter(t *testing.T) {
	tags := map[string]string{"team": "Mail", "stage": ""}
	for _, c := range []struct {
		filter TagFilter
		want   bool
	}{
		{TagFilter{"team", nil}, true}, {TagFilter{"none", nil}, false}, {TagFilter{"none", []string{"!x"}}, false},
		{TagFilter{"team", []string{"Mail"}}, true}, {TagFilter{"team", []string{"mail"}}, false}, {TagFilter{"team", []string{"web", "ma*"}}, true},
		{TagFilter{"team", []string{"*IL"}}, true}, {TagFilter{"team", []string{"*ai*"}}, true}, {TagFilter{"team", []string{"!Mail"}}, false},
		{TagFilter{"team", []string{"!mail"}}, true}, {TagFilter{"team", []string{"!m*"}}, false}, {TagFilter{"team", []string{"m*l", "M*x"}}, true}, {TagFilter{"team", []string{"*mail*il"}}, false}, {TagFilter{"stage", []string{"*"}}, true},
	} {
		if got := c.filter.Fits(tags); got != c.want {
			t.Errorf("%v fits: %t", c.filter, got)
		}
	}
}
