package exec_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"waybill/internal/insights/exec"
	"waybill/internal/insights/syntax"
)

func compileQuery(query string, limits exec.Limits) (*exec.Program, error) {
	q, err := syntax.Parse(query)
	if err != nil {
		return nil, err
	}
	if q, err = syntax.Prepare(q); err != nil {
		return nil, err
	}
	return exec.Compile(q, &exec.Env{End: 2e12, Now: time.UnixMilli(1764072000000), Limits: limits})
}

// wide delivers n rows with ever new values.
func wide(n int) exec.Source {
	return func(_ context.Context, yield func(*exec.Batch) error) error {
		size := min(1000, n)
		for from := 0; from < n; from += size {
			b := &exec.Batch{N: size, Columns: []string{"v", "w"}, Values: make([][]string, 2)}
			for i := range size {
				b.Times = append(b.Times, int64(from+i))
				b.Values[0] = append(b.Values[0], fmt.Sprintf("value %d %s", from+i, strings.Repeat("x", 100)))
				b.Values[1] = append(b.Values[1], fmt.Sprint(from+i))
			}
			if err := yield(b); err != nil {
				return err
			}
		}
		return nil
	}
}

// TestMemory holds that what would hold too much ends with a LimitError that names
// the command, and that what needs little does not.
func TestMemory(t *testing.T) {
	limits := exec.Limits{Memory: 4 << 20, Groups: 20_000}
	for query, command := range map[string]string{
		"stats count(*) by v":                            "stats",
		"stats values(v)":                                "stats",
		"stats count(*) by w":                            "stats",
		"sort v asc | filter w > 5 | dedup w | limit 10": "dedup",
		"fields v | dedup v":                             "dedup",
		"fields v | accum w as a | stats sum(a)":         "sort",
		"pattern v":                                      "",
		"stats count_distinct(v)":                        "",
		"stats pct(w, 99)":                               "",
		"fields v | sort v desc | limit 100":             "",
		"fields v | limit 1000":                          "",
		"fields v | filter w like /7/ | limit any 10":    "",
		"stats count(*), max(v)":                         "",
		"stats count(*) as c by w % 1000 | sort c desc":  "",
	} {
		p, err := compileQuery(query, limits)
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Run(context.Background(), wide(60_000))
		var limit *exec.LimitError
		switch {
		case command == "" && err != nil:
			t.Errorf("%s: %v", query, err)
		case command != "" && !errors.As(err, &limit):
			t.Errorf("%s: %v, want a LimitError", query, err)
		case command != "" && limit.Command != command:
			t.Errorf("%s: %v, want one of %s", query, err, command)
		}
	}
}

// TestEnoughEndsTheSource holds that limit any asks for no more rows.
func TestEnoughEndsTheSource(t *testing.T) {
	p, err := compileQuery("fields v | limit any 10", exec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	batches := 0
	res, err := p.Run(context.Background(), func(ctx context.Context, yield func(*exec.Batch) error) error {
		return wide(60_000)(ctx, func(b *exec.Batch) error { batches++; return yield(b) })
	})
	if err != nil || len(res.Rows) != 10 || batches != 1 {
		t.Errorf("%d rows of %d batches: %v", len(res.Rows), batches, err)
	}
}

// TestPartial holds that partial answers can be asked for while workers push, and
// that they end in the whole one.
func TestPartial(t *testing.T) {
	for _, query := range []string{
		"stats count(*) as c, sum(w), values(w % 3) by w % 10 as d | sort d",
		"fields w | sort v desc | limit 5",
		"fields w % 7 as d | sort w desc | dedup d",
		"pattern v",
	} {
		p, err := compileQuery(query, exec.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 2 {
			w := p.Worker()
			wg.Go(func() {
				if err := wide(20_000)(context.Background(), w.Push); err != nil {
					t.Error(err)
				}
			})
		}
		for range 20 {
			if _, err := p.Partial(context.Background()); err != nil {
				t.Error(err)
			}
		}
		wg.Wait()
		partial, err := p.Partial(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		whole, err := p.Finish(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if a, b := fmt.Sprint(partial), fmt.Sprint(whole); a != b {
			t.Errorf("%s: %s, want %s", query, a, b)
		}
	}
}

// TestExplosion holds that texts and rows that are made of each other end.
func TestExplosion(t *testing.T) {
	double := "fields v as s" + strings.Repeat(" | fields concat(s, s) as s", 60)
	manyLong := "fields v as s" + strings.Repeat(" | fields concat(s, s) as s", 13) + strings.Repeat(" | fields concat(s, 1) as x", 80)
	for query, want := range map[string]string{
		double:   "",
		manyLong: "fields",
		`fields regexReplace(v, "", "` + strings.Repeat("y", 5000) + `") as x | stats count(x)`:     "",
		"sort w asc | limit 20000 | fields v" + strings.Repeat(" | fields concat(v, v, v) as v", 7): "fields",
	} {
		p, err := compileQuery(query, exec.Limits{Memory: 32 << 20, Groups: 1000})
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Run(context.Background(), wide(200))
		var limit *exec.LimitError
		if want == "" && err != nil || want != "" && (!errors.As(err, &limit) || limit.Command != want) {
			t.Errorf("%.60s...: %v, want %q", query, err, want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	list := `fields split("` + strings.Repeat("a,", 2000) + `", ",") as l`
	p, err := compileQuery(list+" | unnest l into x | unnest l into y | unnest l into z | stats count(*)", exec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(ctx); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, cancel)
	if err := wide(1000)(ctx, p.Worker().Push); !errors.Is(err, context.Canceled) {
		t.Errorf("a query of 8 billion rows out of one: %v", err)
	}
}
