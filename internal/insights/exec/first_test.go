package exec

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestFirsts compares with a sort of everything, in orders good and bad.
func TestFirsts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 3, 10, 1000, 5000} {
		for name, value := range map[string]func(i int) int{
			"random":     func(int) int { return random.IntN(1 << 30) },
			"few":        func(int) int { return random.IntN(3) },
			"rising":     func(i int) int { return i },
			"falling":    func(i int) int { return -i },
			"organ pipe": func(i int) int { return min(i, n-i) },
		} {
			list := make([]int, n)
			for i := range list {
				list[i] = value(i)
			}
			want := slices.Sorted(slices.Values(list))
			for _, limit := range []int{0, 1, 2, 7, 999, 10_000} {
				f := firsts[int]{limit: limit, compare: cmp.Compare[int]}
				for _, x := range list {
					if f.wants(x) {
						f.add(x)
					}
				}
				most := n
				if limit > 0 {
					most = min(limit, n)
				}
				if got := f.sorted(); !slices.Equal(got, want[:most]) {
					t.Errorf("%d %s, the first %d: %v", n, name, limit, got)
				}
			}
		}
	}
}

// BenchmarkFirsts keeps 10,000 of 118,000, nearly all of which are alike.
func BenchmarkFirsts(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	list := make([]int, 118_000)
	for i := range list {
		list[i] = random.IntN(1 << 30)
	}
	for b.Loop() {
		f := firsts[int]{limit: 10_000, compare: cmp.Compare[int]}
		for _, x := range list {
			if f.wants(x) {
				f.add(x)
			}
		}
		f.sorted()
	}
}
