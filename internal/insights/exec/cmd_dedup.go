package exec

import (
	"context"
	"maps"
	"slices"

	"waybill/internal/insights/syntax"
)

// dedup keeps the first row of those with the same values, in the order of keys or
// the one that the rows are in. Rows that lack one of the fields all stay.
func (c *compiler) dedup(keys []sortKey, d *syntax.Dedup) {
	var fields []eval
	for _, f := range d.Fields {
		fields = append(fields, c.field(f))
	}
	if c.prog.gather == nil {
		if !c.closed {
			c.need(FieldTimestamp)
		}
		p, e := c.prog, c.era
		c.collect(func(b *budget) gather {
			all := sorter{prog: p, budget: b, era: e, keys: keys, name: "dedup"}
			return &deduper{sorter: all, fields: fields, best: map[string]sorted{}}
		})
		return
	}
	c.list(func(_ context.Context, b *budget, rows []*row) ([]*row, error) {
		seen := map[string]bool{}
		out := rows[:0:0]
		var key []byte
		for _, r := range rows {
			var whole bool
			if key, whole = rowKey(key[:0], fields, r); whole {
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

// deduper holds the first row of each combination, and in its sorter those that
// lack a field.
type deduper struct {
	sorter
	fields []eval
	best   map[string]sorted
	key    []byte
}

func (d *deduper) push(r *row) error {
	var whole bool
	if d.key, whole = rowKey(d.key[:0], d.fields, r); !whole {
		return d.sorter.push(r)
	}
	d.probe = d.probe[:0]
	for _, k := range d.keys {
		d.probe = append(d.probe, sortValue(k.of(r)))
	}
	return d.offer(string(d.key), sorted{r, d.probe})
}

func (d *deduper) offer(key string, x sorted) error {
	old, ok := d.best[key]
	if ok && d.compare(x, old) >= 0 {
		return nil
	}
	in := d.hold(x)
	d.best[key] = in
	if ok {
		return d.budget.hold(d.name, in.size-old.size)
	}
	return d.budget.hold(d.name, in.size+int64(len(key))+64)
}

func (d *deduper) merge(o gather) error {
	other := o.(*deduper)
	for key, x := range other.best {
		if err := d.offer(key, x); err != nil {
			return err
		}
	}
	return d.sorter.merge(&other.sorter)
}

func (d *deduper) rows() ([]*row, error) {
	d.held = slices.AppendSeq(slices.Clone(d.held), maps.Values(d.best))
	return d.sorter.rows()
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
