package exec

import (
	"context"

	"waybill/internal/insights/syntax"
)

// dedup keeps the first row of those with the same values, in the order that the
// rows are in. Rows that lack one of the fields all stay.
func (c *compiler) dedup(d *syntax.Dedup) {
	var keys []eval
	if c.prog.gather == nil {
		c.sort(nil, 0, "dedup")
	}
	for _, f := range d.Fields {
		keys = append(keys, c.field(f))
	}
	c.list(func(_ context.Context, b *budget, rows []*row) ([]*row, error) {
		seen := map[string]bool{}
		out := rows[:0:0]
		var key []byte
		for _, r := range rows {
			var whole bool
			if key, whole = rowKey(key[:0], keys, r); whole {
				if seen[string(key)] {
					continue
				}
				seen[string(key)] = true
				if err := b.hold("dedup", int64(len(key))+32); err != nil {
					return nil, err
				}
			}
			out = append(out, r)
		}
		return out, nil
	})
}

// rowKey appends the row's values; whole is false when one is missing.
func rowKey(key []byte, of []eval, r *row) ([]byte, bool) {
	whole := true
	for _, f := range of {
		v := f(r)
		whole = whole && v.kind != kindNull
		key = appendKey(key, v)
	}
	return key, whole
}
