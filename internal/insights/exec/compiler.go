package exec

import (
	"slices"
	"strings"

	"waybill/internal/insights/syntax"
)

// eval computes an expression of a row, pred a condition.
type (
	eval func(r *row) value
	pred func(r *row) truth
)

// era is the span of a query between two commands that make new columns out of
// many rows (stats, pattern, ...); rows of one era have the same slots.
type era struct {
	slots int
	// read are the slots that are read after rows were kept; the others need not be.
	read map[int]bool
}

func (e *era) slot() int {
	e.slots++
	return e.slots - 1
}

// compiler turns commands into a program, in one pass. It knows which names there
// are at the command it is at.
type compiler struct {
	query *syntax.Query
	env   *Env
	prog  *Program
	// fields are the fields of the log that are read, by their index in prog.fields.
	fields map[string]int
	era    *era
	// names are the slots of what the query made in this era.
	names map[string]int
	// items are the slots of unnamed expressions of the last stats, as printed.
	items map[string]int
	// closed is true when the log's fields are out of reach: after stats.
	closed bool
	// kept is true once rows are kept: fields of the log are then in slots.
	kept map[string]int
	// columns are the names of the answer's columns; nil before the first command
	// that shows any.
	columns []string
	// made are names that commands other than fields added to an answer that shows
	// the default columns.
	made []string
	// join is the query's join, bins the stats by bin() that rows are of; or nil.
	join *joined
	bins *bins
	// done are the commands so far; patternEnd is how many there were with pattern,
	// 0 before it.
	done       []syntax.Command
	patternEnd int
	// results are the earlier items of the stats that is compiled, by column.
	results map[string]eval
	// aggregates, while the expressions of a stats are compiled, takes its aggregates.
	aggregates func(call *syntax.Call) eval
	// callOf is the method call and compile is Compile; members so that the tables of
	// functions, whose builders compile expressions, do not refer to themselves.
	callOf  func(call *syntax.Call) eval
	compile func(q *syntax.Query, env *Env) (*Program, error)
}

// failure carries an error out of the compiler; only Compile sees it.
type failure struct{ err error }

func (c *compiler) fail(at syntax.Span, problem string) {
	e := &syntax.Error{Query: c.query.Text, Span: at, Problem: problem}
	if at.Start < at.End && at.End <= len(c.query.Text) {
		e.Found = c.query.Text[at.Start:at.End]
	}
	panic(failure{e})
}

// unknown refuses a name that the commands before did not leave.
func (c *compiler) unknown(at syntax.Span, name string) {
	panic(failure{&syntax.Error{Query: c.query.Text, Span: at, Found: name, Expected: syntax.OneOf(c.names),
		Problem: "Unknown symbols found in or after stats: " + name}})
}

// slot reads a slot.
func (c *compiler) slot(slot int) eval {
	if c.kept != nil {
		if c.era.read == nil {
			c.era.read = map[int]bool{}
		}
		c.era.read[slot] = true
	}
	return func(r *row) value { return r.slots[slot] }
}

// define gives name a slot; a name defined again gets a new one, so that
// expressions before keep the old value.
func (c *compiler) define(name string) int {
	s := c.era.slot()
	c.names[name] = s
	return s
}

// show adds name to the answer's columns.
func (c *compiler) show(name string) {
	if !slices.Contains(c.columns, name) {
		c.columns = append(c.columns, name)
	}
}

// showMade adds a name that a command other than fields made.
func (c *compiler) showMade(name string) {
	if c.columns != nil {
		c.show(name)
	} else if !slices.Contains(c.made, name) {
		c.made = append(c.made, name)
	}
}

// startEra begins an era in which only these columns exist; it returns their slots.
func (c *compiler) startEra(columns ...string) []int {
	c.era = &era{}
	c.names = map[string]int{}
	c.items = map[string]int{}
	c.closed = true
	c.kept = map[string]int{}
	c.columns, c.made = nil, nil
	c.join, c.bins = nil, nil
	slots := make([]int, len(columns))
	for i, name := range columns {
		slots[i] = c.define(name)
		c.show(name)
	}
	return slots
}

// field compiles a reference to a field.
func (c *compiler) field(f *syntax.Field) eval {
	if e, ok := c.results[f.Name()]; ok {
		return e
	}
	if e := c.side(f); e != nil {
		return e
	}
	for k := len(f.Steps); k > 0; k-- {
		slot, ok := c.names[(&syntax.Field{Steps: f.Steps[:k]}).Name()]
		if !ok {
			continue
		}
		if k == len(f.Steps) {
			return c.slot(slot)
		}
		return c.inside(slot, f, k)
	}
	if c.closed {
		if f.Name() == FieldPtr {
			return func(*row) value { return null }
		}
		c.unknown(f.Span, f.Name())
	}
	return c.logField(f.Name())
}

// inside reads the path of f from step k on in the structure in slot, or, when no
// structure is there, the log's field of the whole name.
func (c *compiler) inside(slot int, f *syntax.Field, k int) eval {
	path, base := f.Steps[k:], c.slot(slot)
	other := func(*row) value { return null }
	if !c.closed {
		other = c.logField(f.Name())
	}
	return func(r *row) value {
		if v := base(r); v.kind == kindTree {
			return walk(v.tree, path)
		}
		return other(r)
	}
}

// logField reads a field of the log.
func (c *compiler) logField(name string) eval {
	if name == FieldTimestamp {
		c.need(name)
		return func(r *row) value {
			if r.blank {
				return null
			}
			return moment(float64(r.time))
		}
	}
	if c.kept == nil {
		return c.loader(name)
	}
	slot, ok := c.kept[name]
	if !ok {
		slot = c.era.slot()
		c.kept[name] = slot
		c.prog.keepers = append(c.prog.keepers, keeper{slot, c.loader(name)})
	}
	return func(r *row) value { return r.slots[slot] }
}

// pathOf returns the steps of a name with points.
func pathOf(name string) []syntax.Step {
	var out []syntax.Step
	for _, s := range strings.Split(name, ".") {
		out = append(out, syntax.Step{Name: s})
	}
	return out
}

// need adds name to what the program reads and returns its index.
func (c *compiler) need(name string) int {
	f, ok := c.fields[name]
	if !ok {
		f = len(c.prog.fields)
		c.fields[name] = f
		c.prog.fields = append(c.prog.fields, name)
	}
	return f
}

// loader reads a field from a row's batch.
func (c *compiler) loader(name string) eval {
	f := c.need(name)
	switch name {
	case FieldPtr:
		return func(r *row) value {
			if r.src.batch.Ptr == nil {
				return null
			}
			return text(r.src.batch.Ptr(r.i))
		}
	case FieldIngestionTime:
		return func(r *row) value {
			if r.src.batch.Ingested == nil {
				return null
			}
			return moment(float64(r.src.batch.Ingested[r.i]))
		}
	}
	return func(r *row) value { return source(r.src.text(f, r.i, name)) }
}

// rawField returns a reader of the text of a field of the log where x is one and
// rows are still in their batch; for conditions that need no value made.
func (c *compiler) rawField(x syntax.Expr) func(r *row) string {
	f, ok := x.(*syntax.Field)
	if !ok || c.closed || c.kept != nil {
		return nil
	}
	name := f.Name()
	if c.join != nil && (f.Steps[0].Name == c.join.left || f.Steps[0].Name == c.join.right) || c.results[name] != nil {
		return nil
	}
	switch name {
	case FieldTimestamp, FieldIngestionTime, FieldPtr:
		return nil
	}
	for made := range c.names {
		if name == made || strings.HasPrefix(name, made+".") {
			return nil
		}
	}
	i := c.need(name)
	return func(r *row) string { return r.src.text(i, r.i, name) }
}
