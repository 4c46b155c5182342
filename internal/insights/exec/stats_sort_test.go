package exec_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"waybill/internal/insights/exec"
)

// TestStatsSort holds that a sort right after a stats gives the groups that a sort
// of all of its rows would, ties in the order that stats has without a sort.
func TestStatsSort(t *testing.T) {
	const query = "stats count(*) as c, max(w) as m by w %% 700 as k, w %% 3 as l %s"
	answer := func(rest string) []string {
		p, err := compileQuery(fmt.Sprintf(query, rest), exec.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		res, err := p.Run(context.Background(), wide(3000))
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, row := range res.Rows {
			lines = append(lines, fmt.Sprint(row))
		}
		return lines
	}
	for _, order := range []string{"sort c desc", "sort c asc", "sort l asc, c desc", "sort l * -1 desc", "sort m % 5 asc"} {
		// A filter between keeps the sort from being done over the groups.
		all := answer("| filter 1 = 1 | " + order)
		if len(all) != 2100 {
			t.Fatalf("%s: %d groups", order, len(all))
		}
		if got := answer("| " + order); !slices.Equal(got, all) {
			t.Errorf("%s: other rows than of a sort of all", order)
		}
		for _, limit := range []int{1, 2, 99, 2100, 5000} {
			want := all[:min(limit, len(all))]
			if got := answer(fmt.Sprintf("| %s | limit %d", order, limit)); !slices.Equal(got, want) {
				t.Errorf("%s, limit %d: %d rows, of which the first is %s", order, limit, len(got), got[0])
			}
			if got := answer(fmt.Sprintf("| %s | fields k, c | limit %d", order, limit)); len(got) != len(want) {
				t.Errorf("%s, limit %d after fields: %d rows", order, limit, len(got))
			}
		}
	}
}
