package exec

import (
	"math"
	"slices"
	"strings"

	"waybill/internal/insights/syntax"
)

// cell is what one aggregate of one group has gathered. Which members are used is
// the aggregate's business.
type cell struct {
	n        int64
	sum, sq  float64
	time     int64
	v        value
	more     aggregateState
	lastTime int64
	last     value
}

// aggregateState is what does not fit in a cell. size is about what it takes in memory.
type aggregateState interface {
	merge(o aggregateState)
	clone() aggregateState
	size() int64
}

// aggregate is an aggregate function of stats. add takes a row into a cell; merge
// takes another cell in and leaves it as it is; result reads one.
type aggregate struct {
	min, max int
	// build compiles a call; it returns what a row's arguments do to a cell.
	build func(c *compiler, call *syntax.Call) func(x *cell, r *row)
	merge func(x, o *cell)
	// result of a cell; call is there for arguments that are constants.
	result func(x *cell, call *syntax.Call) value
	// needsTime is true where the event's time decides.
	needsTime bool
	// unique is true where equal rows count once.
	unique bool
}

// aggregates by name as FuncName gives it.
var aggregates = map[string]*aggregate{
	"count":         count,
	"countovertime": count,
	"sum":           sum,
	"sumovertime":   sum,
	"avg":           average,
	"stddev":        {1, 1, addNumber, mergeSums, func(x *cell, _ *syntax.Call) value { return deviation(x, true) }, false, false},
	"variance":      {1, 1, addNumber, mergeSums, func(x *cell, _ *syntax.Call) value { return deviation(x, false) }, false, false},
	"min":           first,
	"max":           last,
	"sortsfirst":    first,
	"sortslast":     last,
	"earliest":      earliest,
	"latest":        latest,
	"rate":          rate,
	"pct":           percentile,
	"median":        median,
	"histogram":     histogram,
	"countdistinct": distinct,
	"values":        collect,
	"collectvalues": collect,
	"topk":          topK,
}

// AggregateNames returns the names of the aggregates, as FuncName gives them.
func AggregateNames() []string {
	var names []string
	for name := range aggregates {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

var count = &aggregate{0, 1, func(c *compiler, call *syntax.Call) func(*cell, *row) {
	if len(call.Args) == 0 || isStar(call.Args[0]) {
		return func(x *cell, r *row) { x.n += r.weight }
	}
	a := c.expr(call.Args[0])
	return func(x *cell, r *row) {
		if a(r).kind != kindNull {
			x.n += r.weight
		}
	}
}, mergeSums, func(x *cell, _ *syntax.Call) value { return number(float64(x.n)) }, false, false}

func isStar(x syntax.Expr) bool {
	_, ok := x.(*syntax.Star)
	return ok
}

var sum = &aggregate{1, 1, addNumber, mergeSums, func(x *cell, _ *syntax.Call) value {
	if x.n == 0 {
		return null
	}
	return finite(x.sum)
}, false, false}

var average = &aggregate{1, 1, addNumber, mergeSums, func(x *cell, _ *syntax.Call) value {
	if x.n == 0 {
		return null
	}
	return finite(x.sum / float64(x.n))
}, false, false}

// addNumber adds a number, its distance from the first one and that squared, so
// that large numbers close together keep their variance.
func addNumber(c *compiler, call *syntax.Call) func(x *cell, r *row) {
	a := c.expr(call.Args[0])
	return func(x *cell, r *row) {
		n, ok := a(r).num()
		if !ok {
			return
		}
		w := float64(r.weight)
		// Welford's running mean and sum of squares, of w equal numbers at once. v.n
		// is the mean.
		x.n += r.weight
		x.sum += n * w
		d := n - x.v.n
		x.v.n += d * w / float64(x.n)
		x.sq += d * (n - x.v.n) * w
	}
}

func mergeSums(x, o *cell) {
	if x.n+o.n > 0 {
		d := o.v.n - x.v.n
		total := float64(x.n + o.n)
		x.sq += o.sq + d*d*float64(x.n)*float64(o.n)/total
		x.v.n += d * float64(o.n) / total
	}
	x.n += o.n
	x.sum += o.sum
}

// deviation is the population's standard deviation or variance.
func deviation(x *cell, root bool) value {
	if x.n == 0 {
		return null
	}
	variance := math.Max(0, x.sq/float64(x.n))
	if root {
		variance = math.Sqrt(variance)
	}
	return finite(variance)
}

var first = extremeAggregate(-1)
var last = extremeAggregate(1)

// extremeAggregate keeps the value that sorts first (sign -1) or last (1).
func extremeAggregate(sign int) *aggregate {
	better := func(x *cell, v value) bool {
		return x.v.kind == kindNull || compare(v, x.v)*sign > 0
	}
	return &aggregate{1, 1, func(c *compiler, call *syntax.Call) func(*cell, *row) {
		a := c.expr(call.Args[0])
		return func(x *cell, r *row) {
			if v := sortValue(a(r)); v.kind != kindNull && better(x, v) {
				v.s = strings.Clone(v.s)
				x.v = v
			}
		}
	}, func(x, o *cell) {
		if o.v.kind != kindNull && better(x, o.v) {
			x.v = o.v
		}
	}, func(x *cell, _ *syntax.Call) value { return written(x.v) }, false, true}
}

// written undoes sortValue: a number that was text is shown as it was.
func written(v value) value {
	if v.kind == kindNumber && v.s != "" {
		return text(v.s)
	}
	return v
}

var earliest = timedAggregate(-1)
var latest = timedAggregate(1)

// timedAggregate keeps the value of the event that is first or last in time; of
// several the one that sorts first or last.
func timedAggregate(sign int) *aggregate {
	better := func(x *cell, t int64, v value) bool {
		switch {
		case x.v.kind == kindNull:
			return true
		case t != x.time:
			return (t < x.time) == (sign < 0)
		}
		return compare(v, x.v)*sign > 0
	}
	return &aggregate{1, 1, func(c *compiler, call *syntax.Call) func(*cell, *row) {
		a := c.expr(call.Args[0])
		return func(x *cell, r *row) {
			if x.v.kind != kindNull && r.time != x.time && (r.time < x.time) != (sign < 0) {
				return
			}
			if v := sortValue(a(r)); v.kind != kindNull && better(x, r.time, v) {
				v.s = strings.Clone(v.s)
				x.v, x.time = v, r.time
			}
		}
	}, func(x, o *cell) {
		if o.v.kind != kindNull && better(x, o.time, o.v) {
			x.v, x.time = o.v, o.time
		}
	}, func(x *cell, _ *syntax.Call) value { return written(x.v) }, true, true}
}

// rate is how much a number grew from the first event to the last, per period.
var rate = &aggregate{2, 2, func(c *compiler, call *syntax.Call) func(*cell, *row) {
	c.period(call, call.Args[1])
	a := c.expr(call.Args[0])
	return func(x *cell, r *row) {
		if n, ok := a(r).num(); ok {
			mergeRate(x, &cell{n: 1, time: r.time, v: number(n), lastTime: r.time, last: number(n)})
		}
	}
}, mergeRate, func(x *cell, call *syntax.Call) value {
	d, _ := call.Args[1].(*syntax.Period).Fixed()
	if x.n == 0 || x.lastTime == x.time {
		return null
	}
	return finite((x.last.n - x.v.n) / float64(x.lastTime-x.time) * float64(d.Milliseconds()))
}, true, true}

func mergeRate(x, o *cell) {
	if o.n == 0 {
		return
	}
	if x.n == 0 || o.time < x.time || o.time == x.time && o.v.n < x.v.n {
		x.time, x.v = o.time, o.v
	}
	if x.n == 0 || o.lastTime > x.lastTime || o.lastTime == x.lastTime && o.last.n > x.last.n {
		x.lastTime, x.last = o.lastTime, o.last
	}
	x.n += o.n
}
