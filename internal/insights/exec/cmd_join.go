package exec

import (
	"context"
	"strconv"

	"waybill/internal/insights/syntax"
)

// maxJoinKeys is how many different keys the right side of a join may have.
const maxJoinKeys = 50_000

// joined is a join that the commands after it refer to: left.x is what x was
// before, right.x is in a slot of its own.
type joined struct {
	left, right string
	// fields are the right side's fields that are read, by their place in slots.
	fields map[string]int
	names  []string
	slots  []int
}

// side resolves left.x and right.x.
func (c *compiler) side(f *syntax.Field) eval {
	if c.join == nil || len(f.Steps) < 2 {
		return nil
	}
	rest := &syntax.Field{Span: f.Span, Steps: f.Steps[1:]}
	switch f.Steps[0].Name {
	case c.join.left:
		return c.field(rest)
	case c.join.right:
		return c.slot(c.join.slot(c, rest.Name()))
	}
	return nil
}

func (j *joined) slot(c *compiler, name string) int {
	i, ok := j.fields[name]
	if !ok {
		i = len(j.names)
		j.fields[name] = i
		j.names = append(j.names, name)
		j.slots = append(j.slots, c.era.slot())
	}
	return j.slots[i]
}

// joinCommand joins each row with the rows of the right side that have its key.
func (c *compiler) joinCommand(j *syntax.Join) {
	if c.join != nil {
		c.fail(j.Span, "a query has at most one join")
	}
	key := c.field(&syntax.Field{Span: j.Span, Steps: pathOf(j.LeftKey)})
	side := &joined{left: j.Left, right: j.Right, fields: map[string]int{}}
	c.join = side
	table := &joinTable{side: side, rows: map[string][][]value{}}
	c.sub(j.Span, j.Sub, display([]string{j.RightKey})) // reports what is wrong with it
	c.prog.before = append(c.prog.before, func(ctx context.Context) (err error) {
		// By now all commands are compiled and the fields are known.
		defer caught(&err)
		res, err := c.sub(j.Span, j.Sub, display(append([]string{j.RightKey}, side.names...)))(ctx)
		if err != nil {
			return err
		}
		return table.fill(res, j.RightKey, c.prog.budget)
	})
	c.eachOf(func(r *row, emit func() error) error {
		s, ok := key(r).str()
		matches := table.rows[s]
		if !ok || len(matches) == 0 {
			if !j.Outer {
				return nil
			}
			matches = [][]value{make([]value, len(side.slots))}
		}
		for _, m := range matches {
			for i, slot := range side.slots {
				r.slots[slot] = m[i]
			}
			if err := emit(); err != nil {
				return err
			}
		}
		return nil
	})
}

// caught turns the compiler's failure into an error.
func caught(err *error) {
	switch f := recover().(type) {
	case nil:
	case failure:
		*err = f.err
	default:
		panic(f)
	}
}

// display makes a command that shows these fields.
func display(names []string) *syntax.Display {
	d := &syntax.Display{}
	for _, name := range names {
		d.Items = append(d.Items, syntax.Item{X: &syntax.Field{Steps: pathOf(name)}})
	}
	return d
}

// joinTable is the right side by key.
type joinTable struct {
	side *joined
	rows map[string][][]value
}

func (t *joinTable) fill(res *Result, key string, b *budget) error {
	size := int64(0)
	for _, fields := range res.Rows {
		k, ok := fieldOf(fields, key)
		if !ok {
			continue
		}
		values := make([]value, len(t.side.names))
		size += perRow + perSlot*int64(len(values))
		for i, name := range t.side.names {
			if s, ok := fieldOf(fields, name); ok {
				values[i] = source(s)
				size += int64(len(s))
			}
		}
		t.rows[k] = append(t.rows[k], values)
		if len(t.rows) > maxJoinKeys {
			return &LimitError{Command: "join", What: "the right side has more than " + strconv.Itoa(maxJoinKeys) + " different keys"}
		}
	}
	return b.hold("join", size)
}
