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
	c.callOf, c.compile = c.call, Compile
	return c
}

// commands compiles the commands in order, and the limit that every query ends with.
func (c *compiler) commands() {
	commands := c.query.Commands
	if c.limitNeeded() {
		commands = append(slices.Clone(commands), &syntax.Limit{Span: c.query.Span, N: c.defaultLimit()})
	}
	for i := 0; i < len(commands); i++ {
		c.done = commands[:i:i]
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
		case *syntax.Stats, *syntax.Pattern, *syntax.CountFrequent, *syntax.RelevantFields:
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
		return c.stats(cmd, next)
	case *syntax.Sort:
		return c.sortCommand(cmd, next)
	case *syntax.Limit:
		c.limit(cmd)
	case *syntax.Dedup:
		c.dedup(nil, cmd)
	case *syntax.CountFrequent:
		c.countFrequent(cmd)
	case *syntax.Pattern:
		c.pattern(cmd)
	case *syntax.RelevantFields:
		c.collect(c.relevantFields(cmd))
	default:
		c.rowCommand(cmd, next)
	}
	return 0
}

// rowCommand compiles the commands that neither sort nor group.
func (c *compiler) rowCommand(cmd syntax.Command, next []syntax.Command) {
	switch cmd := cmd.(type) {
	case *syntax.FilterIndex:
		c.filter(cmd.Cond)
	case *syntax.Unmask:
		for _, f := range cmd.Fields {
			c.field(f)
		}
	case *syntax.Unnest:
		c.unnest(cmd)
	case *syntax.Expand:
		c.expand(cmd)
	case *syntax.JSON:
		c.json(cmd)
	case *syntax.Join:
		c.joinCommand(cmd)
	case *syntax.AppendCols:
		c.appendCols(cmd)
	case *syntax.Lookup:
		c.lookup(cmd)
	case *syntax.AddTotals:
		c.addTotals(cmd)
	case *syntax.Autoregress:
		c.autoregress(cmd, next)
	case *syntax.Accum:
		c.accum(cmd, next)
	case *syntax.FillDown:
		c.fillDown(cmd, next)
	case *syntax.FillMissing:
		c.fillMissing(cmd)
	case *syntax.Outlier:
		c.outlier(cmd)
	case *syntax.Sessionize:
		c.sessionize(cmd)
	case *syntax.Diff, *syntax.LogCompare, *syntax.Anomaly:
		c.against(cmd)
	default:
		c.fail(cmd.At(), "this command is not supported here")
	}
}

// each adds a step that works row by row.
func (c *compiler) each(op rowOp) {
	if c.prog.gather == nil {
		c.prog.front = append(c.prog.front, op)
		return
	}
	c.list(func(ctx context.Context, b *budget, rows []*row) ([]*row, error) {
		var out []*row
		next := op(func(r *row) error {
			out = append(out, r)
			return b.resize(r)
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
		f := &syntax.Field{Steps: pathOf(name)}
		c.prog.columns = append(c.prog.columns, outColumn{name, c.field(f)})
	}
}
