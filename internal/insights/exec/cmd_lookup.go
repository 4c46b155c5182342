package exec

import (
	"context"
	"net/netip"
	"slices"

	"waybill/internal/insights/syntax"
)

// lookupRow is the columns of a table that a lookup puts out.
type lookupRow []value

// lookup adds columns of a lookup table for the row that matches.
func (c *compiler) lookup(l *syntax.Lookup) {
	if c.env.Table == nil {
		c.fail(l.Span, "there are no lookup tables here")
	}
	var keys []eval
	for _, k := range l.Keys {
		keys = append(keys, c.field(k.Field))
	}
	var old []eval
	var slots []int
	for _, o := range l.Output {
		old = append(old, c.existing(o.As))
		slots = append(slots, c.define(o.As))
		c.showMade(o.As)
	}
	find := c.lookupTable(l)
	c.each(func(next sink) sink {
		var key []byte
		return func(r *row) error {
			var found lookupRow
			var whole bool
			if key, whole = rowKey(key[:0], keys, r); whole {
				found = find(string(key), keys[0], r)
			}
			for i, slot := range slots {
				v := old[i](r)
				if found != nil && (!l.OnlyNew || v.kind == kindNull) {
					v = found[i]
				}
				r.slots[slot] = v
			}
			return next(r)
		}
	})
}

// existing reads a field that may not exist.
func (c *compiler) existing(name string) eval {
	if _, ok := c.names[name]; !ok && c.closed {
		return constant(null)
	}
	return c.field(&syntax.Field{Steps: pathOf(name)})
}

// lookupTable reads the table when the program starts and returns the search in it.
func (c *compiler) lookupTable(l *syntax.Lookup) func(key string, first eval, r *row) lookupRow {
	exact := map[string]lookupRow{}
	var nets []netip.Prefix
	var netRows []lookupRow
	c.prog.before = append(c.prog.before, func(ctx context.Context) error {
		t, err := c.env.Table(ctx, l.Table)
		if err != nil {
			return err
		}
		columns, err := t.columns(c.query, l)
		if err != nil {
			return err
		}
		for _, cells := range t.Rows {
			out := make(lookupRow, len(l.Output))
			for i := range out {
				out[i] = source(cells[columns[len(l.Keys)+i]])
			}
			if l.CIDR {
				if net, err := netip.ParsePrefix(cells[columns[0]]); err == nil {
					nets = append(nets, net.Masked())
					netRows = append(netRows, out)
				}
				continue
			}
			var key []byte
			for i := range l.Keys {
				key = appendKey(key, text(cells[columns[i]]))
			}
			if _, ok := exact[string(key)]; !ok {
				exact[string(key)] = out
			}
		}
		return nil
	})
	if !l.CIDR {
		return func(key string, _ eval, _ *row) lookupRow { return exact[key] }
	}
	return func(_ string, first eval, r *row) lookupRow {
		s, _ := first(r).str()
		ip, ok := address(s)
		if !ok {
			return nil
		}
		best := -1
		for i, net := range nets {
			if net.Contains(ip) && (best < 0 || net.Bits() > nets[best].Bits()) {
				best = i
			}
		}
		if best < 0 {
			return nil
		}
		return netRows[best]
	}
}

// columns returns the places of the columns that l names: keys, then outputs.
func (t *Table) columns(q *syntax.Query, l *syntax.Lookup) ([]int, error) {
	var names []string
	for _, k := range l.Keys {
		if k.Column == "" && len(t.Columns) > 0 {
			k.Column = t.Columns[0]
		}
		names = append(names, k.Column)
	}
	for _, o := range l.Output {
		names = append(names, o.Column)
	}
	var out []int
	for _, name := range names {
		i := slices.Index(t.Columns, name)
		if i < 0 {
			return nil, &syntax.Error{Query: q.Text, Span: l.Span, Problem: "the lookup table " + l.Table + " has no column " + name}
		}
		out = append(out, i)
	}
	return out, nil
}
