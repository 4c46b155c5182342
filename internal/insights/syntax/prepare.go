package syntax

import (
	"slices"
	"strconv"
	"strings"
)

// maxStats is how many stats commands a query may have.
const maxStats = 10

// Prepare checks what only the whole query shows and brings its commands into the
// order in which they are meant. The query itself stays as it is; the error is
// always an *Error.
//
// A filter is moved before the sorts it follows, because it says the same there
// and less is sorted. A filter after the first stats that reads fields which that
// stats does not make, as Amazon's own samples have it, is moved before the stats:
//
//	stats count(*) as c by event.from | filter event.eventName = "X" and c > 1
//	filter event.eventName = "X" | stats count(*) as c by event.from | filter c > 1
//
// A sort right after a limit, as the samples for AppSync have it, is moved before the
// limit unless the rows were sorted already: "limit 10 | sort c desc" are the top 10.
func Prepare(q *Query) (*Query, error) {
	out := *q
	var err error
	if out.Commands, err = q.hoist(); err != nil {
		return nil, err
	}
	if err := out.checkStats(); err != nil {
		return nil, err
	}
	if err := out.checkEstimate(); err != nil {
		return nil, err
	}
	out.Commands = limitsLast(filtersFirst(out.Commands))
	return &out, nil
}

// hoist moves conditions on fields that the first stats does not make before it.
func (q *Query) hoist() ([]Command, error) {
	first := slices.IndexFunc(q.Commands, isStats)
	if first < 0 {
		return q.Commands, nil
	}
	made := newNames(q.Commands[first].(*Stats))
	var before, after []Command
	reachable := true // until the next command that joins rows
	for _, cmd := range q.Commands[first+1:] {
		f, ok := cmd.(*Filter)
		if !ok || !reachable {
			reachable = reachable && !isStats(cmd)
			made.add(cmd)
			after = append(after, cmd)
			continue
		}
		early, late, err := q.split(f, made)
		if err != nil {
			return nil, err
		}
		if early != nil {
			before = append(before, &Filter{f.Span, early})
		}
		if late != nil {
			after = append(after, &Filter{f.Span, late})
		}
	}
	return slices.Concat(q.Commands[:first:first], before, q.Commands[first:first+1], after), nil
}

func isStats(c Command) bool {
	_, ok := c.(*Stats)
	return ok
}

// names are the columns after a stats, and the expressions that made them.
type names struct{ columns, items map[string]bool }

func newNames(s *Stats) names {
	n := names{map[string]bool{}, map[string]bool{}}
	for _, items := range [][]Item{s.By, s.Items} {
		for i := range items {
			n.columns[items[i].Column()] = true
			if _, plain := items[i].X.(*Field); !plain {
				n.items[strings.ToLower(items[i].X.String())] = true
			}
		}
	}
	return n
}

// add notes what a later command makes.
func (n names) add(c Command) {
	if d, ok := c.(interface{ Defines() []string }); ok {
		for _, name := range d.Defines() {
			n.columns[name] = true
		}
	}
}

// split divides a condition into the part that is about single events and the part
// that is about what the stats made.
func (q *Query) split(f *Filter, made names) (early, late Expr, err error) {
	for _, x := range conjuncts(f.Cond) {
		old, fresh := made.sides(x)
		switch {
		case old == nil:
			late = conjunction(late, x)
		case fresh:
			return nil, nil, &Error{Query: q.Text, Span: old.Span, Found: old.String(), Expected: OneOf(made.columns),
				Problem: "Unknown symbols found in or after stats: " + old.Name()}
		default:
			early = conjunction(early, x)
		}
	}
	return early, late, nil
}

// sides reports what x reads: old is a field that the stats does not make, fresh is
// true when there is one that only the stats makes.
func (n names) sides(x Expr) (old *Field, fresh bool) {
	Walk(x, func(x Expr) bool {
		if f, ok := x.(*Field); ok {
			if n.has(f) {
				fresh = true
			} else if old == nil {
				old = f
			}
			return true
		}
		if len(n.items) > 0 && n.items[strings.ToLower(x.String())] {
			fresh = true
			return false
		}
		if c, ok := x.(*Call); ok && c.FuncName() == "bin" && !n.columns["@timestamp"] && old == nil {
			old = &Field{c.Span, []Step{{Name: "@timestamp"}}}
		}
		return true
	})
	return old, fresh
}

// has reports whether f is a column, or inside one.
func (n names) has(f *Field) bool {
	for k := len(f.Steps); k > 0; k-- {
		if n.columns[(&Field{Steps: f.Steps[:k]}).Name()] {
			return true
		}
	}
	return false
}

// conjuncts returns the operands of the outermost ands.
func conjuncts(x Expr) []Expr {
	if b, ok := x.(*Binary); ok && b.Op == OpAnd {
		return append(conjuncts(b.X), conjuncts(b.Y)...)
	}
	return []Expr{x}
}

func conjunction(a, b Expr) Expr {
	if a == nil {
		return b
	}
	return &Binary{Span: Span{a.At().Start, b.At().End}, Op: OpAnd, X: a, Y: b}
}

// checkStats refuses what the guide says is no query with several stats.
func (q *Query) checkStats() error {
	count := 0
	for _, c := range q.Commands {
		if isStats(c) {
			count++
		}
	}
	if count > maxStats {
		return &Error{Query: q.Text, Span: q.Span, Problem: "a query has at most " + strconv.Itoa(maxStats) + " stats commands"}
	}
	if count < 2 {
		return nil
	}
	for _, c := range q.Commands {
		switch c.(type) {
		case *Stats:
			count--
		case *Sort, *Limit:
			if count > 0 {
				return &Error{Query: q.Text, Span: c.At(), Problem: "sort and limit must stand after the last stats"}
			}
		}
	}
	return nil
}

// filtersFirst moves filters before the sorts they follow.
func filtersFirst(commands []Command) []Command {
	out := slices.Clone(commands)
	for i := range out {
		if _, ok := out[i].(*Filter); !ok {
			continue
		}
		for j := i; j > 0; j-- {
			if _, ok := out[j-1].(*Sort); !ok {
				break
			}
			out[j-1], out[j] = out[j], out[j-1]
		}
	}
	return out
}

// limitsLast moves a sort before the limit that it follows, where no sort came before.
func limitsLast(commands []Command) []Command {
	ordered := false
	for i, cmd := range commands {
		switch cmd := cmd.(type) {
		case *Stats, *Pattern, *CountFrequent, *RelevantFields:
			ordered = false
		case *Sort:
			if l, ok := before(commands, i).(*Limit); ok && !l.Any && !l.Tail && !ordered {
				commands[i-1], commands[i] = cmd, l
			}
			ordered = true
		}
	}
	return commands
}

// before returns the command before the i-th, nil for none.
func before(commands []Command, i int) Command {
	if i == 0 {
		return nil
	}
	return commands[i-1]
}
