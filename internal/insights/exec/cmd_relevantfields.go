package exec

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"waybill/internal/insights/syntax"
)

// relevantFields compares the values of fields among the rows that meet a
// condition with those of the others.
func (c *compiler) relevantFields(f *syntax.RelevantFields) func(*budget) gather {
	cond := c.pred(f.Cond)
	var names []string
	var of []eval
	for _, field := range f.Fields {
		names = append(names, field.Name())
		of = append(of, c.field(field))
	}
	all := len(f.Fields) == 0
	if all && c.kept != nil {
		c.fail(f.Span, "relevantfields without fields must come before sort, limit and dedup")
	}
	c.prog.all = c.prog.all || all
	slots, e := new([]int), new(*era)
	make := func(b *budget) gather {
		return &relevance{cond: cond, names: names, of: of, all: all, budget: b, fields: map[string]*spread{}, slots: slots, era: e}
	}
	*slots = c.startEra(syntax.RelevantColumns...)
	*e = c.era
	return make
}

// relevance is the state of relevantfields.
type relevance struct {
	cond   pred
	names  []string
	of     []eval
	all    bool
	budget *budget
	fields map[string]*spread
	// total counts the rows: [0] the others, [1] those that meet the condition.
	total [2]int64
	slots *[]int
	era   **era
}

// spread is the values of one field on both sides.
type spread struct {
	counts  [2]tally
	numbers [2]sample
	texts   bool // not all values are numbers
}

// maxSpread bounds the different values that are told apart in one field.
const maxSpread = 5_000

func newSpread() *spread {
	s := &spread{}
	s.counts[0].counts, s.counts[1].counts = map[string]*int64{}, map[string]*int64{}
	return s
}

func (x *relevance) push(r *row) error {
	side := 0
	if x.cond(r) == yes {
		side = 1
	}
	x.total[side] += r.weight
	for i, of := range x.of {
		if err := x.add(x.names[i], side, of(r), r.weight); err != nil {
			return err
		}
	}
	if !x.all {
		return nil
	}
	for i, name := range r.src.batch.Columns {
		if strings.HasPrefix(name, "@") {
			continue
		}
		if err := x.add(name, side, source(at(r.src.batch.Values[i], r.i)), r.weight); err != nil {
			return err
		}
	}
	return nil
}

func (x *relevance) add(name string, side int, v value, weight int64) error {
	s, ok := v.str()
	if !ok {
		return nil
	}
	f := x.fields[name]
	if f == nil {
		f = newSpread()
		x.fields[strings.Clone(name)] = f
	}
	before := f.size()
	n, isNumber := v.num()
	f.texts = f.texts || !isNumber
	if isNumber {
		f.numbers[side].add(n, weight)
	}
	if len(f.counts[0].counts)+len(f.counts[1].counts) < maxSpread {
		f.counts[side].add(s, weight)
	} else if _, known := f.counts[side].counts[s]; known {
		f.counts[side].add(s, weight)
	}
	return x.budget.hold("relevantfields", f.size()-before)
}

func (f *spread) size() int64 {
	return f.counts[0].size() + f.counts[1].size() + f.numbers[0].size() + f.numbers[1].size()
}

func (x *relevance) merge(o gather) error {
	other := o.(*relevance)
	for side := range 2 {
		x.total[side] += other.total[side]
	}
	for name, from := range other.fields {
		f := x.fields[name]
		if f == nil {
			f = newSpread()
			x.fields[name] = f
		}
		before := f.size()
		f.texts = f.texts || from.texts
		for side := range 2 {
			f.counts[side].merge(&from.counts[side])
			f.numbers[side].merge(&from.numbers[side])
		}
		if err := x.budget.hold("relevantfields", f.size()-before); err != nil {
			return err
		}
	}
	return nil
}

func (x *relevance) rows() ([]*row, error) {
	type scored struct {
		name  string
		score float64
	}
	var order []scored
	if x.total[0] > 0 && x.total[1] > 0 {
		for name, f := range x.fields {
			order = append(order, scored{name, f.score(x.total)})
		}
	}
	slices.SortFunc(order, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.score, a.score), natural(a.name, b.name))
	})
	var out []*row
	for _, s := range order {
		f := x.fields[s.name]
		r := &row{slots: make([]value, (*x.era).slots), weight: 1}
		values := []value{text(s.name), number(s.score), null, null, null}
		if f.texts {
			values[2] = text(f.contributors(x.total))
		} else {
			values[3], values[4] = f.median(1), f.median(0)
		}
		for i, v := range values {
			r.slots[(*x.slots)[i]] = v
		}
		out = append(out, r)
	}
	return out, nil
}

func (f *spread) median(side int) value {
	if len(f.numbers[side].counts) == 0 {
		return null
	}
	return number(f.numbers[side].percentile(50))
}

// score is how far the two distributions are apart, from 0 to 1: for texts the sum
// of what each value gains (total variation), for numbers the largest difference of
// the shares below a number (Kolmogorov-Smirnov).
func (f *spread) score(total [2]int64) float64 {
	if !f.texts {
		return f.numberScore(total)
	}
	sum := math.Abs(f.missing(0, total) - f.missing(1, total))
	for _, s := range f.values() {
		sum += math.Abs(f.share(1, s, total) - f.share(0, s, total))
	}
	return sum / 2
}

func (f *spread) numberScore(total [2]int64) float64 {
	keys := map[float64]bool{}
	for side := range 2 {
		for n := range f.numbers[side].counts {
			keys[n] = true
		}
	}
	sorted := make([]float64, 0, len(keys))
	for n := range keys {
		sorted = append(sorted, n)
	}
	slices.Sort(sorted)
	var below [2]float64
	most := 0.0
	for _, n := range sorted {
		for side := range 2 {
			below[side] += float64(f.numbers[side].counts[n]) / float64(total[side])
		}
		most = math.Max(most, math.Abs(below[1]-below[0]))
	}
	return most
}

func (f *spread) missing(side int, total [2]int64) float64 {
	n := total[side]
	for _, c := range f.counts[side].counts {
		n -= *c
	}
	return float64(n) / float64(total[side])
}

func (f *spread) share(side int, s string, total [2]int64) float64 {
	return float64(f.counts[side].of(s)) / float64(total[side])
}

func (f *spread) values() []string {
	all := map[string]bool{}
	for side := range 2 {
		for s := range f.counts[side].counts {
			all[s] = true
		}
	}
	out := make([]string, 0, len(all))
	for s := range all {
		out = append(out, s)
	}
	slices.SortFunc(out, natural)
	return out
}

// contributors names the three values whose share changes most, with the shares.
func (f *spread) contributors(total [2]int64) string {
	values := f.values()
	shift := func(s string) float64 { return math.Abs(f.share(1, s, total) - f.share(0, s, total)) }
	slices.SortStableFunc(values, func(a, b string) int { return cmp.Compare(shift(b), shift(a)) })
	var parts []string
	for _, s := range values[:min(3, len(values))] {
		parts = append(parts, fmt.Sprintf("%s: %.0f%% against %.0f%%", s, 100*f.share(1, s, total), 100*f.share(0, s, total)))
	}
	return strings.Join(parts, ", ")
}
