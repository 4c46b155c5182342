package exec

import (
	"waybill/internal/insights/syntax"
)

// accum adds a running sum.
func (c *compiler) accum(a *syntax.Accum, next []syntax.Command) {
	c.ordered(c.limitAhead(next))
	of := c.field(a.Field)
	slot := c.define(a.As)
	c.showMade(a.As)
	c.eachInOrder(func(rows []*row) {
		total := 0.0
		for _, r := range rows {
			r.slots[slot] = null
			if n, ok := of(r).num(); ok {
				total += n
				r.slots[slot] = finite(total)
			}
		}
	})
}
