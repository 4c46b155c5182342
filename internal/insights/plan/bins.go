package plan

import (
	"time"

	"waybill/internal/insights/exec"
	"waybill/internal/insights/syntax"
)

// bins returns the largest length in milliseconds that divides every bin of the
// query's leading commands, whole from the epoch on. ok is false when @timestamp
// is read otherwise, or in bins of calendar months and the like.
func bins(q *syntax.Query) (every int64, ok bool) {
	ok = true
	visit := func(x syntax.Expr) bool {
		if f, is := x.(*syntax.Field); is && f.Name() == exec.FieldTimestamp {
			ok = false
		}
		c, is := x.(*syntax.Call)
		if !is || c.FuncName() != "bin" {
			return true
		}
		length, is := binLength(c)
		ok = ok && is
		every = gcd(every, length)
		return false
	}
	for _, c := range q.Commands {
		for _, x := range syntax.Expressions(c) {
			syntax.Walk(x, visit)
		}
		if _, last := c.(*syntax.Stats); last {
			break
		}
	}
	return every, ok && every > 0
}

// binLength returns a length such that bin is the same for all times of one
// multiple of it.
func binLength(c *syntax.Call) (ms int64, ok bool) {
	if len(c.Args) != 1 {
		return 0, false
	}
	period, ok := c.Args[0].(*syntax.Period)
	if !ok {
		return 0, false
	}
	length, ok := period.Fixed()
	if !ok || period.Unit == syntax.Week || length > 24*time.Hour {
		return (24 * time.Hour).Milliseconds(), true // months, and weeks from a Monday, begin with a day
	}
	return length.Milliseconds(), length > 0
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
