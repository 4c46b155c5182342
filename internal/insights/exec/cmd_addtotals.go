package exec

import (
	"context"

	"waybill/internal/insights/syntax"
)

// addTotals adds a column with the sum of a row's numbers, and a row with the sums
// of the columns.
func (c *compiler) addTotals(a *syntax.AddTotals) {
	c.ordered(0)
	var names []string
	for _, f := range a.Fields {
		names = append(names, f.Name())
	}
	if names == nil {
		names = c.shown()
	}
	var of []eval
	for _, name := range names {
		of = append(of, c.field(&syntax.Field{Span: a.Span, Steps: pathOf(name)}))
	}
	if a.Row {
		slot := c.define(a.Name)
		c.showMade(a.Name)
		c.eachInOrder(func(rows []*row) {
			for _, r := range rows {
				r.slots[slot] = rowTotal(r, of)
			}
		})
		names, of = append(names[:len(names):len(names)], a.Name), append(of, func(r *row) value { return r.slots[slot] })
	}
	if a.Col {
		c.columnTotals(names, of)
	}
}

func rowTotal(r *row, of []eval) value {
	total := null
	for _, f := range of {
		if n, ok := f(r).num(); ok && f(r).kind != kindTime {
			total = number(total.n + n)
		}
	}
	return total
}

// columnTotals adds a last row. Its other columns are missing.
func (c *compiler) columnTotals(names []string, of []eval) {
	slots := make([]int, len(names))
	for i, name := range names {
		slots[i] = c.define(name)
	}
	e := c.era
	c.list(func(_ context.Context, _ *budget, rows []*row) ([]*row, error) {
		last := &row{slots: make([]value, e.slots), weight: 1, blank: true}
		for _, r := range rows {
			for i, slot := range slots {
				r.slots[slot] = of[i](r)
				if n, ok := r.slots[slot].num(); ok && r.slots[slot].kind != kindTime {
					last.slots[slot] = number(last.slots[slot].n + n)
				}
			}
		}
		return append(rows, last), nil
	})
}
