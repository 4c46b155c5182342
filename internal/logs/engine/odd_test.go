package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
)

// oddRows are rows as no mail server sends them, on which a walk by windows of
// time could go wrong or be slow.
func oddRows(name string, n int) []Row {
	rng := rand.New(rand.NewPCG(8, 8))
	rows := make([]Row, n)
	for i := range rows {
		r := Row{Tenant: group, Stream: 1, ID: uint64(i + 1), Time: noon, Ingested: noon, Message: fmt.Sprintf("message %d", i)}
		switch name {
		case "oneMillisecond":
		case "monthsApart": // all of a month in one second
			r.Time = noon - int64(i*12/n)*30*dayMillis + int64(i%1000)
		case "manyStreams":
			r.Stream, r.Time = uint64(1+i%10_000), noon+int64(i)
		case "outOfOrder":
			r.Time = noon - rng.Int64N(20*dayMillis)
		case "crowdAndSparse": // most in one millisecond, the others over a week
			if i%10 == 0 {
				r.Time = noon - rng.Int64N(7*dayMillis)
			}
		}
		rows[i] = r
	}
	return rows
}

var oddNames = []string{"oneMillisecond", "monthsApart", "manyStreams", "outOfOrder", "crowdAndSparse"}

func oddEngine(t testing.TB, rows []Row) *Embedded {
	t.Helper()
	e := open(t, t.TempDir())
	t.Cleanup(func() { closeEngine(t, e) })
	for chunk := range slices.Chunk(rows, 10_000) {
		add(t, e, chunk...)
	}
	if err := e.Sync(context.Background()); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestPagesOfOddData(t *testing.T) {
	for _, name := range oddNames {
		t.Run(name, func(t *testing.T) {
			rows := oddRows(name, 25_000)
			e := oddEngine(t, rows)
			for i, descending := range []bool{true, false} {
				q := everything(group)
				q.Descending, q.Limit = descending, 4_000
				if i == 1 {
					q.Match = func(m string) bool { return m[len(m)-1] != '7' }
					q.MaxTime = 1 // a page has one window
				}
				want := model(rows, q)
				var got []Event
				for {
					p := page(t, e, q)
					got = append(got, p.Events...)
					if q.Cursor = p.Next; p.Next == nil {
						break
					}
				}
				if !slices.Equal(got, want) {
					t.Errorf("descending %v: %d events differ from %d", descending, len(got), len(want))
				}
			}
		})
	}
}

// TestAPageEndsWithItsContext: a slow Match is not called for long when nobody
// waits for the page any more.
func TestAPageEndsWithItsContext(t *testing.T) {
	e := oddEngine(t, oddRows("oneMillisecond", 20_000))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var calls atomic.Int64
	q := everything(group)
	q.Match = func(string) bool {
		if calls.Add(1) == 10 {
			cancel()
		}
		return true
	}
	if _, err := e.Page(ctx, q); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	if most := int64((Workers() + 1) * matchRows); calls.Load() > most {
		t.Errorf("Match was called %d times, want at most %d", calls.Load(), most)
	}
}

// BenchmarkOddPages is the first page and one from the middle of 400,000 odd rows.
func BenchmarkOddPages(b *testing.B) {
	for _, name := range oddNames {
		rows := oddRows(name, 400_000)
		e := oddEngine(b, rows)
		q := everything(group)
		q.Limit, q.Descending = 100, true
		all := model(rows, q)
		middle := all[len(all)/2].Position()
		for from, cursor := range map[string]*Position{"first": nil, "middle": &middle} {
			b.Run(name+"/"+from, func(b *testing.B) {
				q := q
				q.Cursor = cursor
				for b.Loop() {
					page(b, e, q)
				}
			})
		}
		b.Run(name+"/oneStream", func(b *testing.B) {
			q := q
			q.Streams = []uint64{1}
			for b.Loop() {
				page(b, e, q)
			}
		})
	}
}
