package exec

import (
	"waybill/internal/insights/syntax"
)

// fieldsCommand adds columns. A plain field needs no slot; anything else gets one
// under its column's name.
func (c *compiler) fieldsCommand(items []syntax.Item) {
	for i := range items {
		c.show(c.makeItem(&items[i]))
	}
}

// displayCommand sets the columns.
func (c *compiler) displayCommand(items []syntax.Item) {
	c.columns = []string{}
	c.fieldsCommand(items)
}

// makeItem computes an item and returns the name under which it can be found.
func (c *compiler) makeItem(item *syntax.Item) string {
	name := item.Column()
	f, plain := item.X.(*syntax.Field)
	if plain && item.As == "" && c.plain(f) {
		c.field(f) // reports a name that does not exist
		return name
	}
	of := c.expr(item.X)
	if slot, ok := c.items[canonical(item.X)]; ok && item.As == "" {
		for known, s := range c.names {
			if s == slot {
				return known
			}
		}
	}
	slot := c.define(name)
	c.each(func(next sink) sink {
		return func(r *row) error {
			v := of(r)
			if n := v.size(); n > large {
				if r.large += n; r.large > maxRow {
					return &LimitError{Command: "fields", What: "a row would take too much memory"}
				}
			}
			r.slots[slot] = v
			return next(r)
		}
	})
	return name
}

// A row may have maxRow bytes in computed values of more than large bytes.
const (
	large  = 64 << 10
	maxRow = 64 << 20
)

// plain reports whether the field's name alone finds it again: no path into a
// structure that the query made.
func (c *compiler) plain(f *syntax.Field) bool {
	if _, ok := c.names[f.Name()]; ok {
		return true
	}
	for k := len(f.Steps) - 1; k > 0; k-- {
		if _, ok := c.names[(&syntax.Field{Steps: f.Steps[:k]}).Name()]; ok {
			return false
		}
	}
	return true
}

// filter lets the rows through for which the condition is true.
func (c *compiler) filter(cond syntax.Expr) {
	p := c.pred(cond)
	c.each(func(next sink) sink {
		return func(r *row) error {
			if p(r) != yes {
				return nil
			}
			return next(r)
		}
	})
}
