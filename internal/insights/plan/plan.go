// Package plan decides what of a query the engine does and runs the query that
// way: the engine filters, chooses columns and time, and counts equal rows; exec
// does the rest. A plan only ever leaves out rows that exec would leave out as
// well, so the answer is that of exec over all rows; the differential test runs
// queries both ways.
//
// There are three ways to run a query:
//
//   - Newest: the query wants the first rows by time. Windows of time are read from
//     that end until there are enough; see walk.go.
//   - Groups: the first command that joins rows is a stats whose aggregates weigh
//     equal rows alike. The engine counts each combination of the columns that the
//     query reads; see groups.go.
//   - Rows: everything else. All rows that the filter leaves go through exec, on all
//     cores.
//
// A condition on one column that the engine cannot decide (a regular expression
// without regard to case, a number, a function) is first tried on that column
// alone, and then asked of the engine as a list of values; see values.go.
package plan

import (
	"slices"
	"strings"

	"waybill/internal/insights/exec"
	"waybill/internal/insights/syntax"
	"waybill/internal/logs/engine"
)

// Way is how a query is run.
type Way string

// The ways; see the package comment.
const (
	Newest Way = "newest"
	Groups Way = "groups"
	Rows   Way = "rows"
)

// Options switch off parts of planning, for the differential test.
type Options struct {
	// NoPushDown reads every row of the time range.
	NoPushDown bool
	// SmallRange is how many rows a range may have for conditions not to be tried
	// on their column first; zero means smallRange.
	SmallRange int
}

// Plan is how one query is to be run. It is made by Make and not changed.
type Plan struct {
	Way Way
	// Start and End bound the rows' time in milliseconds, both included.
	Start, End int64
	// Filter is what the engine does of the query's conditions; nil is nothing.
	Filter *engine.Filter
	// Exact is true when Filter is all that the leading conditions say.
	Exact bool
	// Limit is how many rows Newest needs; Ascending makes it the oldest.
	Limit     int
	Ascending bool
	// Fields are the fields that exec reads, and Every, under Groups, is what
	// @timestamp may be cut down to: a multiple of so many milliseconds.
	Fields []string
	Every  int64
	// All is true when exec reads fields from the messages, not from columns.
	All bool
	// everyField is true when it reads every field there is.
	everyField bool

	query *syntax.Query
	// conditions are the conjuncts of the leading filters.
	conditions []condition
	// pinned are columns of which the filter leaves one text.
	pinned map[string]string
	// ordered is true when exec tells rows of one time apart by their number.
	ordered bool
	options Options
}

// condition is one conjunct.
type condition struct {
	x syntax.Expr
	// pushed is what of it the engine is told; none if filter is not set.
	pushed *pushed
	// column and field are set when x reads that one alone and is not exact.
	column, field string
}

// Make plans a query that syntax.Prepare returned. needs are those of its
// program, and env is what that was compiled with.
func Make(q *syntax.Query, needs exec.Needs, env *exec.Env, options Options) *Plan {
	p := &Plan{Way: Rows, Start: env.Start, End: env.End, Fields: needs.Fields, All: needs.All, everyField: needs.All, query: q, ordered: true, options: options}
	if options.NoPushDown {
		return p
	}
	f := front{plan: p, pusher: pusher{made: map[string]bool{}}, env: env}
	for _, name := range p.Fields {
		// The engine cannot be asked for such a column.
		if _, ok := column(name); !ok && (!strings.HasPrefix(name, "@") || strings.HasPrefix(name, "@@")) {
			p.All = true
		}
	}
	f.read(q.Commands)
	p.fill()
	return p
}

// fill sets Filter, Exact and pinned by the conditions.
func (p *Plan) fill() {
	p.Exact, p.pinned = true, map[string]string{}
	var list []engine.Filter
	for _, c := range p.conditions {
		if c.pushed == nil {
			p.Exact = false
			continue
		}
		p.Exact = p.Exact && c.pushed.exact
		f := c.pushed.filter
		list = append(list, f)
		if f.Op == engine.Equal && len(f.Texts) == 1 && f.Column != engine.ColumnMessage {
			p.pinned[f.Column] = f.Texts[0]
		}
	}
	p.Filter = all(list)
}

// all is that all filters of a list hold; nil for none.
func all(list []engine.Filter) *engine.Filter {
	switch len(list) {
	case 0:
		return nil
	case 1:
		return &list[0]
	}
	return &engine.Filter{Op: engine.And, Of: list}
}

// front reads a query's commands up to the first that joins rows.
type front struct {
	pusher
	plan *Plan
	env  *exec.Env
	// sort is the last sort by @timestamp alone.
	sort *syntax.Sort
}

func (f *front) read(commands []syntax.Command) {
	for _, c := range commands {
		switch c := c.(type) {
		case *syntax.Fields:
			f.items(c.Items)
		case *syntax.Display:
			f.items(c.Items)
		case *syntax.ParseCommand:
			f.define(c.Defines())
		case *syntax.Filter:
			f.filter(c.Cond)
		case *syntax.FilterIndex:
			f.filter(c.Cond)
		case *syntax.Unmask:
		case *syntax.Sort:
			if f.sort != nil || !f.byTime(c) {
				return
			}
			f.sort = c
		case *syntax.Limit:
			if c.Tail || c.Any {
				return
			}
			f.newest(c.N)
			return
		case *syntax.Stats:
			f.stats(c)
			return
		default:
			return
		}
	}
	switch {
	case f.env.NoLimit:
	case f.env.Limit > 0:
		f.newest(f.env.Limit)
	default:
		f.newest(exec.DefaultLimit)
	}
}

// items notes the names that are not simply those of fields of the log.
func (f *front) items(items []syntax.Item) {
	for i := range items {
		field, ok := items[i].X.(*syntax.Field)
		if name := items[i].Column(); !ok || field.Name() != name {
			f.made[name] = true
		}
	}
}

func (f *front) define(names []string) {
	for _, name := range names {
		f.made[name] = true
	}
}

// filter takes the condition's conjuncts.
func (f *front) filter(x syntax.Expr) {
	if b, ok := x.(*syntax.Binary); ok && b.Op == syntax.OpAnd {
		f.filter(b.X)
		f.filter(b.Y)
		return
	}
	c := condition{x: x}
	if pushed, ok := f.yes(x); ok {
		c.pushed = &pushed
	}
	if c.pushed == nil || !c.pushed.exact {
		c.field, c.column = f.only(x)
	}
	f.plan.conditions = append(f.plan.conditions, c)
}

// only returns the one field of a JSON message that x reads, if it reads one only.
func (f *front) only(x syntax.Expr) (field, column string) {
	fields := syntax.FieldsOf(x)
	if len(fields) != 1 || f.isMade(fields[0]) || readsMore(x) {
		return "", ""
	}
	c, ok := f.column(&syntax.Field{Steps: []syntax.Step{{Name: fields[0]}}})
	if !ok || c == engine.ColumnMessage {
		return "", ""
	}
	return fields[0], c
}

// readsMore reports whether x depends on more than its fields.
func readsMore(x syntax.Expr) bool {
	more := false
	syntax.Walk(x, func(x syntax.Expr) bool {
		if in, ok := x.(*syntax.In); ok && in.Sub != nil {
			more = true
		}
		return true
	})
	return more
}

func (f *front) byTime(s *syntax.Sort) bool {
	if len(s.Keys) != 1 {
		return false
	}
	field, ok := s.Keys[0].X.(*syntax.Field)
	return ok && field.Name() == exec.FieldTimestamp && !f.isMade(exec.FieldTimestamp)
}

func (f *front) newest(limit int) {
	f.plan.Way, f.plan.Limit = Newest, limit
	f.plan.Ascending = f.sort != nil && !f.sort.Keys[0].Desc
}

// weighs are the aggregates that take equal rows by their number, whatever their
// order; by FuncName.
var weighs = []string{
	"count", "sum", "avg", "stddev", "variance", "min", "max", "sortsfirst", "sortslast",
	"pct", "percentile", "median", "countdistinct",
}

func (f *front) stats(s *syntax.Stats) {
	p := f.plan
	for i := range s.Items {
		if !weighed(s.Items[i].X) {
			return
		}
	}
	p.ordered = false
	if p.All {
		return
	}
	for _, name := range p.Fields {
		switch name {
		case exec.FieldTimestamp:
			every, ok := bins(p.query)
			if !ok {
				return
			}
			p.Every = every
		case exec.FieldMessage, exec.FieldPtr, exec.FieldIngestionTime:
			return
		case exec.FieldLog, exec.FieldLogStream:
		default:
			if _, ok := column(name); !ok {
				return
			}
		}
	}
	p.Way = Groups
}

// weighed reports whether all functions in x are aggregates that weigh, or work
// row by row.
func weighed(x syntax.Expr) bool {
	all := true
	syntax.Walk(x, func(x syntax.Expr) bool {
		if c, ok := x.(*syntax.Call); ok && isAggregate(c) && !slices.Contains(weighs, c.FuncName()) {
			all = false
		}
		return true
	})
	return all
}

func isAggregate(c *syntax.Call) bool { return slices.Contains(exec.AggregateNames(), c.FuncName()) }
