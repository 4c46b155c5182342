package exec

import (
	"context"
	"fmt"
	"testing"
	"time"

	"waybill/internal/insights/syntax"
)

func TestSmoke(t *testing.T) {
	for _, q := range []string{
		"stats count(*) as c by a | filter b like /(?i)X/ | sort c desc",
		"fields a, b, ltrim(b, 'x') as z | sort a | limit 3",
		"fields strlen(b) + 1 | filter a > 2 and a % 2 = 0",
		"stats avg(a), max(a)*2 as m, pct(a, 50), stddev(a), count_distinct(b), earliest(a) by bin(2s) as t | stats count(*), sum(m) by dateceil(t, 1m)",
		"parse b 'x*' as y | dedup y",
	} {
		parsed, err := syntax.Parse(q)
		if err != nil {
			t.Fatal(err)
		}
		prepared, err := syntax.Prepare(parsed)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Compile(prepared, &Env{Now: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		res, err := p.Run(context.Background(), func(_ context.Context, yield func(*Batch) error) error {
			b := &Batch{N: 10, Columns: []string{"a", "b"}, Values: [][]string{nil, nil}}
			for i := range 10 {
				b.Times = append(b.Times, int64(i*1000))
				b.Values[0] = append(b.Values[0], fmt.Sprint(i))
				b.Values[1] = append(b.Values[1], fmt.Sprint("xX", i%3))
			}
			return yield(b)
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Log(p.Needs(), prepared)
		for _, r := range res.Rows {
			t.Log(r)
		}
	}
}
