package exec

import (
	"context"
	"math"

	"waybill/internal/insights/syntax"
)

// outlier treats numbers that lie more than param times the middle half's width
// beyond it.
func (c *compiler) outlier(o *syntax.Outlier) {
	c.ordered(0)
	var marks []int
	if o.Mark {
		marks = c.defineAll(o.Defines())
	}
	for i, f := range o.Fields {
		of := c.field(f)
		slot := c.define(f.Name())
		c.list(func(_ context.Context, _ *budget, rows []*row) ([]*row, error) {
			low, high := fence(rows, of, o)
			out := rows[:0:0]
			for _, r := range rows {
				v := of(r)
				n, ok := v.num()
				outside := ok && (n > high || n < low)
				if outside && !o.Remove {
					v = number(math.Max(low, math.Min(high, n)))
				}
				r.slots[slot] = v
				if o.Mark {
					r.slots[marks[i]] = boolean(outside)
				}
				if !outside || !o.Remove {
					out = append(out, r)
				}
			}
			return out, nil
		})
	}
}

// fence returns the numbers beyond which there are outliers.
func fence(rows []*row, of eval, o *syntax.Outlier) (low, high float64) {
	s := &sample{}
	for _, r := range rows {
		if n, ok := of(r).num(); ok {
			s.add(n, 1)
		}
	}
	low, high = math.Inf(-1), math.Inf(1)
	if len(s.counts) == 0 {
		return low, high
	}
	q1, q3 := s.percentile(25), s.percentile(75)
	width := (q3 - q1) * o.Param.Value
	if o.Lower {
		low = q1 - width
	}
	return low, q3 + width
}
