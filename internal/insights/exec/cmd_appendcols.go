package exec

import (
	"context"

	"waybill/internal/insights/syntax"
)

// appendCols puts the columns of a subquery's answer beside the rows, one by one. A
// row keeps what it has where it has something, with override where the subquery has
// nothing.
func (c *compiler) appendCols(a *syntax.AppendCols) {
	run := c.sub(a.Span, a.Sub)
	names := c.subColumns(a.Sub)
	type column struct {
		name string
		slot int
		old  eval
	}
	var columns []column
	for _, name := range names {
		old := constant(null)
		if _, ok := c.names[name]; ok {
			old = c.field(&syntax.Field{Steps: pathOf(name)})
		}
		columns = append(columns, column{name, c.define(name), old})
		c.showMade(name)
	}
	c.list(func(ctx context.Context, _ *budget, rows []*row) ([]*row, error) {
		res, err := run(ctx)
		if err != nil {
			return nil, err
		}
		for i, r := range rows {
			for _, col := range columns {
				v := col.old(r)
				if i < min(len(res.Rows), a.Max) && (a.Override || v.kind == kindNull) {
					if s, ok := fieldOf(res.Rows[i], col.name); ok {
						v = source(s)
					}
				}
				r.slots[col.slot] = v
			}
		}
		return rows, nil
	})
}

// subColumns returns the columns of a subquery's answer.
func (c *compiler) subColumns(q *syntax.Query) []string {
	prepared, err := syntax.Prepare(q)
	if err != nil {
		panic(failure{err})
	}
	p, err := c.compile(prepared, c.env)
	if err != nil {
		panic(failure{err})
	}
	var names []string
	for _, col := range p.columns {
		if col.name != FieldPtr {
			names = append(names, col.name)
		}
	}
	return names
}
