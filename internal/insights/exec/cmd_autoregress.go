package exec

import (
	"waybill/internal/insights/syntax"
)

// autoregress copies values of the rows before.
func (c *compiler) autoregress(a *syntax.Autoregress, next []syntax.Command) {
	c.ordered(c.limitAhead(next))
	of := c.field(a.Field)
	slots := c.defineAll(a.Defines())
	c.eachInOrder(func(rows []*row) {
		for i, r := range rows {
			for j, slot := range slots {
				r.slots[slot] = null
				if before := i - a.From - j; before >= 0 {
					r.slots[slot] = of(rows[before])
				}
			}
		}
	})
}
