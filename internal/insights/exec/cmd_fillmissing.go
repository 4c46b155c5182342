package exec

import (
	"context"
	"math"
	"slices"

	"waybill/internal/insights/syntax"
)

// bins is what fillmissing has to know of the stats before it.
type bins struct {
	slot   int // of the key that bin() made
	period *syntax.Period
	others []int // slots of the other keys
}

// noteBins remembers the one bin() among the keys of a stats.
func (c *compiler) noteBins(s *syntax.Stats, keySlots []int) {
	c.bins = nil
	for i := range s.By {
		call, ok := s.By[i].X.(*syntax.Call)
		if !ok || call.FuncName() != "bin" {
			continue
		}
		c.bins = &bins{slot: keySlots[i], period: call.Args[0].(*syntax.Period)}
	}
	if c.bins == nil {
		return
	}
	for _, slot := range keySlots {
		if slot != c.bins.slot {
			c.bins.others = append(c.bins.others, slot)
		}
	}
}

// maxFilled bounds the rows that fillmissing adds.
const maxFilled = 100_000

// fillMissing adds a row for each bin, between the first and the last there is,
// that has none; for several keys in each combination of them.
func (c *compiler) fillMissing(f *syntax.FillMissing) {
	b := c.bins
	if b == nil {
		c.fail(f.Span, "fillmissing must follow a stats by bin()")
	}
	with := map[int]value{}
	for _, w := range f.With {
		slot, ok := c.names[w.For]
		if !ok {
			c.unknown(f.Span, w.For)
		}
		with[slot] = c.expr(w.Value)(&row{})
	}
	e := c.era
	c.list(func(_ context.Context, _ *budget, rows []*row) ([]*row, error) {
		first, last := math.Inf(1), math.Inf(-1)
		present := map[string]bool{}
		combinations := map[string]*row{}
		var order []*row
		for _, r := range rows {
			t := r.slots[b.slot]
			if t.kind != kindTime {
				continue
			}
			first, last = math.Min(first, t.n), math.Max(last, t.n)
			key := slotKey(r, b.others)
			present[string(appendKey([]byte(key), t))] = true
			if combinations[key] == nil {
				combinations[key] = r
				order = append(order, r)
			}
		}
		for t := first; t <= last; t = ceilTo(t+1, b.period) {
			for _, r := range order {
				if present[string(appendKey([]byte(slotKey(r, b.others)), moment(t)))] {
					continue
				}
				if rows = append(rows, emptyBin(r, b, t, with, e)); len(rows) > maxFilled {
					return nil, &LimitError{Command: "fillmissing", What: "there are too many empty bins"}
				}
			}
		}
		slices.SortStableFunc(rows, func(x, y *row) int { return -compare(x.slots[b.slot], y.slots[b.slot]) })
		return rows, nil
	})
}

func slotKey(r *row, slots []int) string {
	var key []byte
	for _, s := range slots {
		key = appendKey(key, r.slots[s])
	}
	return string(key)
}

func emptyBin(like *row, b *bins, t float64, with map[int]value, e *era) *row {
	r := &row{slots: make([]value, e.slots), weight: 1}
	for _, s := range b.others {
		r.slots[s] = like.slots[s]
	}
	r.slots[b.slot] = moment(t)
	for slot, v := range with {
		r.slots[slot] = v
	}
	return r
}
