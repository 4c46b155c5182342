package figure

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestMeasure(t *testing.T) {
	for _, c := range []struct {
		took time.Duration
		runs int
		want int
	}{
		{10 * time.Millisecond, 15, 15}, // all runs
		{20 * time.Second, 15, 3},       // long ones three times
		{500 * time.Millisecond, 15, 6}, // until it is enough: the first and six make 3.5 s
		{20 * time.Second, 1, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			asked := 0
			cpu := func() time.Duration { return time.Duration(asked) * time.Millisecond }
			f, err := Measure(c.runs, cpu, func() (int, error) {
				asked++
				time.Sleep(c.took)
				return 7, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(f.Took) != c.want || f.Took[0] != c.took || f.CPU != time.Duration(c.want)*time.Millisecond || f.Rows != 7 {
				t.Errorf("%v, %d runs: %+v", c.took, c.runs, f)
			}
		})
	}
}

func TestBeside(t *testing.T) {
	turns := ""
	ask := func(name string) func() (int, error) {
		return func() (int, error) { turns += name; return len(name), nil }
	}
	list, err := Beside(2, func() time.Duration { return 0 }, ask("a"), ask("b"))
	if err != nil || turns != "ababab" || len(list) != 2 || len(list[1].Took) != 2 {
		t.Errorf("asked %s, error %v, figures %+v", turns, err, list)
	}
}
