package exec

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"

	"waybill/internal/insights/syntax"
)

var percentile = &aggregate{2, 2, func(c *compiler, call *syntax.Call) func(*cell, *row) {
	c.literalNumber(call.Args[1], 0, 100, "Invalid arguments for function "+call.Name+": the percentile must be a number from 0 to 100")
	return addSample(c, call)
}, mergeMore, func(x *cell, call *syntax.Call) value {
	return sampled(x, call.Args[1].(*syntax.Num).Value)
}, false, false}

var median = &aggregate{1, 1, addSample, mergeMore, func(x *cell, _ *syntax.Call) value { return sampled(x, 50) }, false, false}

// histogram counts the numbers in ranges of equal width, as a map from range to count.
var histogram = &aggregate{2, 2, func(c *compiler, call *syntax.Call) func(*cell, *row) {
	c.literalNumber(call.Args[1], 1, 1000, "Invalid arguments for function "+call.Name+": the number of buckets must be from 1 to 1000")
	return addSample(c, call)
}, mergeMore, func(x *cell, call *syntax.Call) value {
	s, ok := x.more.(*sample)
	if !ok {
		return null
	}
	return s.histogram(int(call.Args[1].(*syntax.Num).Value))
}, false, false}

func addSample(c *compiler, call *syntax.Call) func(*cell, *row) {
	a := c.expr(call.Args[0])
	return func(x *cell, r *row) {
		n, ok := a(r).num()
		if !ok {
			return
		}
		s, ok := x.more.(*sample)
		if !ok {
			s = &sample{}
			x.more = s
		}
		s.add(n, r.weight)
	}
}

func sampled(x *cell, percent float64) value {
	s, ok := x.more.(*sample)
	if !ok {
		return null
	}
	return number(s.percentile(percent))
}

// mergeMore merges the states beyond the cells.
func mergeMore(x, o *cell) {
	switch {
	case o.more == nil:
	case x.more == nil:
		x.more = o.more.clone()
	default:
		x.more.merge(o.more)
	}
}

// sample holds numbers with how often each came. Up to maxExact different ones are
// kept as they are and percentiles are exact (nearest rank); beyond that numbers
// are rounded to about a thousandth of their size.
type sample struct {
	counts  map[float64]int64
	rounded bool
}

const maxExact = 10_000

// gamma is the ratio of neighbouring rounded numbers.
const gamma = 1.001

func (s *sample) add(n float64, weight int64) {
	if s.counts == nil {
		s.counts = map[float64]int64{}
	}
	if s.rounded {
		n = roundLog(n)
	}
	s.counts[n] += weight
	if len(s.counts) > maxExact && !s.rounded {
		s.rounded = true
		exact := s.counts
		s.counts = map[float64]int64{}
		for n, w := range exact {
			s.counts[roundLog(n)] += w
		}
	}
}

func roundLog(n float64) float64 {
	if n == 0 {
		return 0
	}
	size := math.Pow(gamma, math.Round(math.Log(math.Abs(n))/math.Log(gamma)))
	return math.Copysign(size, n)
}

func (s *sample) merge(o aggregateState) {
	other := o.(*sample)
	if other.rounded {
		s.rounded = s.rounded || len(s.counts) == 0
	}
	for n, w := range other.counts {
		s.add(n, w)
	}
}

func (s *sample) clone() aggregateState {
	out := &sample{}
	out.merge(s)
	return out
}

func (s *sample) size() int64 { return int64(len(s.counts)) * 40 }

func (s *sample) sorted() (keys []float64, total int64) {
	for n, w := range s.counts {
		keys = append(keys, n)
		total += w
	}
	slices.Sort(keys)
	return keys, total
}

// percentile is the smallest number that at least percent of the numbers are not above.
func (s *sample) percentile(percent float64) float64 {
	keys, total := s.sorted()
	rank := max(1, int64(math.Ceil(percent/100*float64(total))))
	for _, n := range keys {
		if rank -= s.counts[n]; rank <= 0 {
			return n
		}
	}
	return keys[len(keys)-1]
}

func (s *sample) histogram(buckets int) value {
	keys, _ := s.sorted()
	least, most := keys[0], keys[len(keys)-1]
	width := (most - least) / float64(buckets)
	counts := make([]int64, buckets)
	for n, w := range s.counts {
		i := 0
		if width > 0 {
			i = min(int((n-least)/width), buckets-1)
		}
		counts[i] += w
	}
	out := []byte{'{'}
	for i, w := range counts {
		if i > 0 {
			out = append(out, ',')
		}
		from := formatNumber(least + float64(i)*width)
		name, _ := json.Marshal(from + "-" + formatNumber(least+float64(i+1)*width))
		out = append(append(out, name...), ':')
		out = strconv.AppendInt(out, w, 10)
	}
	return parseTree(string(append(out, '}')))
}
