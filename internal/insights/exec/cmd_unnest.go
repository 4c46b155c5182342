package exec

import (
	"strings"

	"waybill/internal/insights/syntax"
)

// unnest makes a row for each element of a list. What is no list counts as a list
// of one; a row without the field has no elements and goes.
func (c *compiler) unnest(u *syntax.Unnest) {
	list := c.field(u.List)
	slot := c.define(u.Into)
	c.showMade(u.Into)
	c.eachOf(func(r *row, emit func() error) error {
		v := list(r)
		switch {
		case v.kind == kindNull:
			return nil
		case v.isList():
			return emitElements(r, slot, v, emit)
		}
		r.slots[slot] = v
		return emit()
	})
}

func emitElements(r *row, slot int, list value, emit func() error) error {
	for _, e := range list.elements() {
		r.slots[slot] = e
		if err := emit(); err != nil {
			return err
		}
	}
	return nil
}

// expand makes a row for each element of a JSON array, in the array's place. A row
// whose field is no array stays as it is.
func (c *compiler) expand(e *syntax.Expand) {
	of := c.field(e.Field)
	slot := c.define(e.Field.Name())
	c.showMade(e.Field.Name())
	c.eachOf(func(r *row, emit func() error) error {
		v := of(r)
		if list, ok := asList(v); ok {
			return emitElements(r, slot, list, emit)
		}
		r.slots[slot] = v
		return emit()
	})
}

// json reads a member of a JSON text or map.
func (c *compiler) json(j *syntax.JSON) {
	of := c.field(j.Field)
	slot := c.define(j.As)
	c.showMade(j.As)
	path := strings.TrimPrefix(j.Path, "$.")
	c.each(func(next sink) sink {
		return func(r *row) error {
			v := of(r)
			if v.kind == kindText {
				v = parseTree(v.s)
			}
			r.slots[slot] = null
			if v.kind == kindTree {
				r.slots[slot] = treeValue(find(v.tree, path))
			}
			return next(r)
		}
	})
}
