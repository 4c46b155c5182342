package exec

import (
	"context"
	"strconv"

	"waybill/internal/insights/syntax"
)

// maxSub bounds the rows of a subquery's answer.
const maxSub = 1_000_000

// sub prepares a subquery and returns what runs it.
func (c *compiler) sub(at syntax.Span, q *syntax.Query, more ...syntax.Command) func(ctx context.Context) (*Result, error) {
	whole := *q
	whole.Commands = append(whole.Commands[:len(whole.Commands):len(whole.Commands)], more...)
	prepared, err := syntax.Prepare(&whole)
	if err != nil {
		panic(failure{err})
	}
	env := *c.env
	env.NoLimit = true
	if _, err := c.compile(prepared, &env); err != nil {
		panic(failure{err})
	}
	if c.env.Query == nil {
		c.fail(at, "subqueries are not supported here")
	}
	start, end, run := c.env.Start, c.env.End, c.env.Query
	return func(ctx context.Context) (*Result, error) {
		res, err := run(ctx, Sub{Query: prepared, Start: start, End: end, MaxRows: maxSub + 1, Inner: true})
		if err == nil && len(res.Rows) > maxSub {
			return nil, &LimitError{Command: "subquery", What: "its answer has more than " + strconv.Itoa(maxSub) + " rows"}
		}
		return res, err
	}
}

// inSub tests for a value of the first column of a subquery's answer.
func (c *compiler) inSub(x *syntax.In, a eval) pred {
	run := c.sub(x.Span, x.Sub)
	set := &valueSet{texts: map[string]bool{}}
	c.prog.before = append(c.prog.before, func(ctx context.Context) error {
		res, err := run(ctx)
		if err != nil {
			return err
		}
		if len(res.Columns) == 0 {
			return nil
		}
		size := int64(0)
		for _, fields := range res.Rows {
			if s, ok := fieldOf(fields, res.Columns[0]); ok && !set.texts[s] {
				set.texts[s] = true
				size += int64(len(s)) + 32
			}
		}
		return c.prog.budget.hold("filter", size)
	})
	return func(r *row) truth {
		v := a(r)
		if s, ok := v.str(); ok && set.texts[s] {
			return yes
		}
		return unlessNull(v)
	}
}

func fieldOf(fields []Field, name string) (string, bool) {
	for _, f := range fields {
		if f.Name == name {
			return f.Value, true
		}
	}
	return "", false
}
