package exec

import (
	"context"
	"slices"

	"waybill/internal/insights/syntax"
)

// Compile compiles a query that syntax.Prepare returned. What is wrong with the
// query comes as a *syntax.Error. Nothing is read or run yet.
func Compile(q *syntax.Query, env *Env) (p *Program, err error) {
	c := newCompiler(q, env)
	defer func() {
		switch f := recover().(type) {
		case nil:
		case failure:
			p, err = nil, f.err
		default:
			panic(f)
		}
	}()
	c.commands()
	c.answer()
	return c.prog, nil
}

func newCompiler(q *syntax.Query, env *Env) *compiler {
	limits := env.Limits
	if limits == (Limits{}) {
		limits = DefaultLimits
	}
	c := &compiler{
		query:  q,
		env:    env,
		prog:   &Program{env: env, budget: &budget{limits: limits}, first: &era{}},
		fields: map[string]int{},
		names:  map[string]int{},
		items:  map[string]int{},
	}
	c.era = c.prog.first
	c.callOf = c.call
	return c
}

// commands compiles the commands in order, and the limit that every query ends with.
func (c *compiler) commands() {
	commands := c.query.Commands
	if c.limitNeeded() {
		commands = append(slices.Clone(commands), &syntax.Limit{Span: c.query.Span, N: c.defaultLimit()})
	}
	for i := 0; i < len(commands); i++ {
		i += c.command(commands[i], commands[i+1:])
	}
	if c.prog.gather == nil {
		c.sort(nil, 0, "sort")
	}
}

// limitNeeded reports whether the query has no limit after its last stats.
func (c *compiler) limitNeeded() bool {
	if c.env.NoLimit {
		return false
	}
	for _, cmd := range slices.Backward(c.query.Commands) {
		switch cmd.(type) {
		case *syntax.Limit:
			return false
		case *syntax.Stats:
			return true
		}
	}
	return true
}

func (c *compiler) defaultLimit() int {
	if c.env.Limit > 0 {
		return c.env.Limit
	}
	return DefaultLimit
}

// command compiles one command; it returns how many of those that follow it has
// taken in with it.
func (c *compiler) command(cmd syntax.Command, next []syntax.Command) int {
	switch cmd := cmd.(type) {
	case *syntax.Fields:
		c.fieldsCommand(cmd.Items)
	case *syntax.Display:
		c.displayCommand(cmd.Items)
	case *syntax.Filter:
		c.filter(cmd.Cond)
	case *syntax.ParseCommand:
		c.parse(cmd)
	case *syntax.Stats:
		c.collect(c.stats(cmd))
	case *syntax.Sort:
		c.sortCommand(cmd, next)
	case *syntax.Limit:
		c.limit(cmd)
	case *syntax.Dedup:
		c.dedup(cmd)
	default:
		c.fail(cmd.At(), "this command is not supported yet")
	}
	return 0
}

// each adds a step that works row by row.
func (c *compiler) each(op rowOp) {
	if c.prog.gather == nil {
		c.prog.front = append(c.prog.front, op)
		return
	}
	c.list(func(ctx context.Context, _ *budget, rows []*row) ([]*row, error) {
		var out []*row
		next := op(func(r *row) error {
			out = append(out, r)
			return nil
		})
		for i, r := range rows {
			if i%1024 == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err := next(r); err != nil {
				return nil, err
			}
		}
		return out, nil
	})
}

// list adds a step on all rows in order; rows are brought into the default order first.
func (c *compiler) list(op listOp) {
	if c.prog.gather == nil {
		c.sort(nil, 0, "sort")
	}
	c.prog.rest = append(c.prog.rest, op)
}

// collect adds a step that takes rows in any order.
func (c *compiler) collect(make func(*budget) gather) {
	if c.prog.gather == nil {
		c.prog.gather = make
		c.keepRows()
		return
	}
	c.prog.rest = append(c.prog.rest, func(ctx context.Context, b *budget, rows []*row) ([]*row, error) {
		g := make(b)
		for i, r := range rows {
			if i%1024 == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err := g.push(r); err != nil {
				return nil, err
			}
		}
		return g.rows()
	})
}

// keepRows notes that from here on rows are kept: fields of the log are in slots.
func (c *compiler) keepRows() {
	if c.kept == nil {
		c.kept = map[string]int{}
	}
}

// answer compiles the columns of the answer.
func (c *compiler) answer() {
	columns := c.columns
	if columns == nil {
		columns = append([]string{FieldTimestamp, FieldMessage}, c.made...)
	}
	if !c.closed && !slices.Contains(columns, FieldPtr) {
		columns = append(slices.Clone(columns), FieldPtr)
	}
	for _, name := range columns {
		f := &syntax.Field{Steps: []syntax.Step{{Name: name}}}
		c.prog.columns = append(c.prog.columns, outColumn{name, c.field(f)})
	}
}
