package exec_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"waybill/internal/insights/exec"
)

// aggregations are stats whose answers must not depend on how equal rows come.
var aggregations = []string{
	`stats count(*), count(a), sum(a), avg(a), min(a), max(a), stddev(a), variance(a) by b`,
	`stats pct(a, 50), median(a), count_distinct(a), values(a), sortsFirst(a), sortsLast(b)`,
	`filter a > 2 | fields a * 2 as c | stats sum(c), count(*) by a % 2 as odd`,
	`stats topk(2, b)`,
	`stats histogram(a, 3)`,
	`relevantfields a, b where a > 3`,
	`pattern b`,
	`countFrequent a, b`,
}

// TestCounts holds that a row that stands for n equal ones counts as n rows do.
func TestCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) [2]string {
			return [2]string{fmt.Sprint(rapid.IntRange(0, 6).Draw(t, "a")), rapid.SampledFrom([]string{"", "x", "y 1"}).Draw(t, "b")}
		}), 1, 30).Draw(t, "rows")
		single := &exec.Batch{N: len(rows), Columns: []string{"a", "b"}, Values: make([][]string, 2)}
		counted := &exec.Batch{Columns: []string{"a", "b"}, Values: make([][]string, 2)}
		places := map[[2]string]int{}
		for _, r := range rows {
			single.Values[0] = append(single.Values[0], r[0])
			single.Values[1] = append(single.Values[1], r[1])
			i, ok := places[r]
			if !ok {
				i = counted.N
				places[r] = i
				counted.N++
				counted.Values[0] = append(counted.Values[0], r[0])
				counted.Values[1] = append(counted.Values[1], r[1])
				counted.Counts = append(counted.Counts, 0)
			}
			counted.Counts[i]++
		}
		for _, q := range aggregations {
			if diff := cmp.Diff(runBatch(t, q, single), runBatch(t, q, counted)); diff != "" {
				t.Fatalf("%s (-single +counted):\n%s", q, diff)
			}
		}
	})
}

func runBatch(t interface{ Fatal(...any) }, query string, b *exec.Batch) *exec.Result {
	p, err := compileQuery(query, exec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	res, err := p.Run(context.Background(), func(_ context.Context, yield func(*exec.Batch) error) error { return yield(b) })
	if err != nil {
		t.Fatal(err)
	}
	return res
}
