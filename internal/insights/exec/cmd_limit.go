package exec

import (
	"context"

	"waybill/internal/insights/syntax"
)

// limit keeps the first rows, or the last.
func (c *compiler) limit(l *syntax.Limit) {
	if c.prog.gather == nil {
		if l.Any {
			p, e := c.prog, c.era
			c.prog.gather = func(b *budget) gather { return &firstRows{prog: p, budget: b, era: e, limit: l.N} }
			c.keepRows()
			return
		}
		if !l.Tail {
			c.sort(nil, l.N, "limit")
			return
		}
	}
	c.list(func(_ context.Context, _ *budget, rows []*row) ([]*row, error) {
		if len(rows) <= l.N {
			return rows, nil
		}
		if l.Tail {
			return rows[len(rows)-l.N:], nil
		}
		return rows[:l.N], nil
	})
}
