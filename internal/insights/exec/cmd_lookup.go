package exec

import (
	"context"
	"slices"

	"waybill/internal/insights/syntax"
)

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
	find := c.lookupTable(l, keys)
	c.each(func(next sink) sink {
		var key []byte
		return func(r *row) error {
			var found lookupRow
			key, found = find(key[:0], r)
			for i, slot := range slots {
				v := old[i](r)
				empty := v.kind == kindNull || v.kind == kindText && v.s == ""
				if found != nil && (!l.OnlyNew || empty) {
					v = found[i]
				} else if found == nil && !l.OnlyNew {
					v = null
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

// lookupTable reads the table when the program starts and returns the search in
// it, which takes, and gives back, room for a key.
func (c *compiler) lookupTable(l *syntax.Lookup, keys []eval) func(key []byte, r *row) ([]byte, lookupRow) {
	var exact exactIndex
	var nets netIndex
	fill := exact.add
	if l.CIDR {
		fill = nets.add
	}
	c.prog.before = append(c.prog.before, func(ctx context.Context) error {
		t, err := c.env.Table(ctx, l.Table)
		if err != nil {
			return err
		}
		columns, err := LookupColumns(c.query, l, t.Columns)
		if err != nil {
			return err
		}
		if err := fillIndex(ctx, c.prog.budget, l, t, columns, fill); err != nil {
			return err
		}
		if l.CIDR && nets.unread > 0 && len(nets.rows) == 0 {
			return &syntax.Error{Query: c.query.Text, Span: l.Keys[0].Field.Span,
				Problem: "the column " + t.Columns[columns[0]] + " of the lookup table " + l.Table + " has no networks; name the one that has with as"}
		}
		return nil
	})
	if l.CIDR {
		return func(key []byte, r *row) ([]byte, lookupRow) {
			s, _ := keys[0](r).str()
			return key, nets.find(s)
		}
	}
	return func(key []byte, r *row) ([]byte, lookupRow) {
		key, whole := rowKey(key, keys, r)
		if !whole {
			return key, nil
		}
		return key, exact[string(key)]
	}
}

// fillIndex gives each row's keys and outputs to add, which returns how many
// bytes it keeps besides the outputs.
func fillIndex(ctx context.Context, b *budget, l *syntax.Lookup, t *Table, columns []int, add func(keys []string, out lookupRow) int64) error {
	command := "lookup"
	if l.CIDR {
		command = "cidrlookup"
	}
	if err := b.hold(command, t.Size); err != nil {
		return err
	}
	keys := make([]string, len(l.Keys))
	n := 0
	return t.Rows(func(cells []string) error {
		if n++; n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		for i := range keys {
			keys[i] = cells[columns[i]]
		}
		out := make(lookupRow, len(l.Output))
		for i := range out {
			out[i] = source(cells[columns[len(keys)+i]])
		}
		if size := add(keys, out); size > 0 {
			return b.hold(command, size+perSlot*int64(len(out)))
		}
		return nil
	})
}

// LookupColumns returns the places, among a table's columns, of those that l
// names: keys, then outputs. A name that is not there is a *syntax.Error.
func LookupColumns(q *syntax.Query, l *syntax.Lookup, columns []string) ([]int, error) {
	var names []string
	for _, k := range l.Keys {
		if k.Column == "" {
			k.Column = networks(k.Field.Name(), columns)
		}
		names = append(names, k.Column)
	}
	for _, o := range l.Output {
		names = append(names, o.Column)
	}
	var out []int
	for _, name := range names {
		i := slices.Index(columns, name)
		if i < 0 {
			return nil, &syntax.Error{Query: q.Text, Span: l.Span, Problem: "the lookup table " + l.Table + " has no column " + name}
		}
		out = append(out, i)
	}
	return out, nil
}

// networks is the column that cidrlookup takes when none is named.
func networks(field string, columns []string) string {
	if len(columns) == 0 || slices.Contains(columns, field) {
		return field
	}
	return columns[0]
}
