package golden

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"waybill/internal/insights/exec"
	"waybill/internal/insights/syntax"
)

var update = flag.Bool("update", false, "write the answers into testdata/queries")

// ways are the ways to deliver the same events; none may change an answer.
var ways = []Rows{
	{Size: 1000, MaxColumns: 200},
	{Size: 1},
	{Size: 7, MaxColumns: 1},
	{Size: 13, Bare: true},
}

// TestQueries runs every query over its corpus, delivered in every way, by one
// worker and by three.
func TestQueries(t *testing.T) {
	files, err := Read("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		for i := range f.Cases {
			c := &f.Cases[i]
			if *update {
				c.Want = answer(f, c.Query, ways[0], 1)
			}
			for w, way := range ways {
				for _, workers := range []int{1, 3} {
					if diff := cmp.Diff(c.Want, answer(f, c.Query, way, workers)); diff != "" && !(way.Bare && strings.Contains(c.Query, "relevantfields where")) {
						t.Errorf("%s: %s\n%s\n(delivered the way %d to %d workers; -want +got):\n%s", f.Path, c.Name, c.Query, w, workers, diff)
					}
				}
			}
		}
		if *update {
			if err := f.Write(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestEnough holds the number of queries up.
func TestEnough(t *testing.T) {
	files, err := Read("testdata")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range files {
		n += len(f.Cases)
	}
	if n < 150 {
		t.Errorf("there are %d golden queries, fewer than 150", n)
	}
}

func answer(f *File, query string, way Rows, workers int) string {
	res, err := run(f, query, way, workers)
	if err != nil {
		return "error: " + err.Error()
	}
	return Table(res)
}

func run(f *File, query string, way Rows, workers int) (*exec.Result, error) {
	parsed, err := syntax.Parse(query)
	if err != nil {
		return nil, err
	}
	prepared, err := syntax.Prepare(parsed)
	if err != nil {
		return nil, err
	}
	return f.runPrepared(exec.Sub{Query: prepared, Start: f.Start, End: f.End}, way, workers, false)
}

func (f *File) runPrepared(q exec.Sub, way Rows, workers int, sub bool) (*exec.Result, error) {
	ranges, start, end := f.Ranges(q)
	p, err := exec.Compile(q.Query, &exec.Env{
		Start: start, End: end, Now: Now, NoLimit: sub,
		Query: func(_ context.Context, s exec.Sub) (*exec.Result, error) { return f.runPrepared(s, way, workers, true) },
		Table: Lookup,
	})
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	if err := p.Start(ctx); err != nil {
		return nil, err
	}
	var all []*exec.Worker
	for range workers {
		all = append(all, p.Worker())
	}
	n := 0
	err = way.Source(selected(f.Events, ranges))(ctx, func(b *exec.Batch) error {
		n++
		return all[n%workers].Push(b)
	})
	if err != nil && !errors.Is(err, exec.ErrEnough) {
		return nil, err
	}
	partial, err := p.Partial(ctx)
	if err != nil {
		return nil, err
	}
	res, err := p.Finish(ctx)
	if err != nil {
		return nil, err
	}
	if diff := cmp.Diff(res, partial); diff != "" {
		return nil, fmt.Errorf("the partial answer after the last row differs: %s", diff)
	}
	return res, nil
}

// selected returns the events of the ranges.
func selected(events []Event, ranges []Range) []Event {
	var out []Event
	for _, e := range events {
		if slices.ContainsFunc(ranges, func(r Range) bool { return r.Group == e.Group && r.From <= e.Time && e.Time <= r.To }) {
			out = append(out, e)
		}
	}
	return out
}
