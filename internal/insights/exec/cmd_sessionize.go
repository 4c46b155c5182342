package exec

import (
	"cmp"
	"slices"

	"waybill/internal/insights/syntax"
)

// sessionize numbers the sessions of the same fields, oldest first.
func (c *compiler) sessionize(s *syntax.Sessionize) {
	c.ordered(0)
	var keys []eval
	for _, f := range s.Fields {
		keys = append(keys, c.field(f))
	}
	at := c.field(&syntax.Field{Span: s.Span, Steps: pathOf(FieldTimestamp)})
	gap := c.fixed(s.Gap)
	slot := c.define(s.As)
	c.showMade(s.As)
	c.eachInOrder(func(rows []*row) {
		type session struct{ id, last float64 }
		sessions := map[string]*session{}
		n := 0.0
		for _, r := range oldestFirst(rows, at) {
			t, ok := at(r).millis()
			key, _ := rowKey(nil, keys, r)
			x := sessions[string(key)]
			if x == nil || ok && t-x.last > gap {
				n++
				x = &session{id: n}
				sessions[string(key)] = x
			}
			x.last = t
			r.slots[slot] = number(x.id)
		}
	})
}

func oldestFirst(rows []*row, at eval) []*row {
	out := slices.Clone(rows)
	slices.SortStableFunc(out, func(a, b *row) int {
		return cmp.Or(compare(sortValue(at(a)), sortValue(at(b))), cmp.Compare(a.seq, b.seq))
	})
	return out
}
