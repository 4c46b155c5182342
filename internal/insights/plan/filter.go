package plan

import (
	"strings"

	"waybill/internal/insights/exec"
	"waybill/internal/insights/syntax"
	"waybill/internal/logs/engine"
)

// A condition of the language is true, false or, where a field is missing,
// neither. What the engine can be told of one is a filter that lets through every
// row for which it is true; exact says that it lets through no other.

// pushed is a condition, or what is known of it, in the engine's terms.
type pushed struct {
	filter engine.Filter
	exact  bool
}

// pusher turns conditions into filters.
type pusher struct {
	// made are the names that commands before have made: fields of the query, no
	// longer of the log.
	made map[string]bool
}

// yes returns a filter that lets through every row for which x is true. ok is
// false when there is none but the one that lets through all.
func (p *pusher) yes(x syntax.Expr) (f pushed, ok bool) { return p.push(x, true) }

// push is yes, or, with want false, the same for the rows for which x is false.
func (p *pusher) push(x syntax.Expr, want bool) (pushed, bool) {
	switch x := x.(type) {
	case *syntax.Unary:
		if x.Op == syntax.OpNot || x.Op == syntax.OpBang {
			return p.push(x.X, !want)
		}
	case *syntax.Binary:
		return p.binary(x, want)
	case *syntax.Like:
		return p.like(x, want != x.Not)
	case *syntax.In:
		return p.in(x, want != x.Not)
	case *syntax.Call:
		return p.call(x, want)
	}
	return pushed{}, false
}

func (p *pusher) binary(x *syntax.Binary, want bool) (pushed, bool) {
	switch x.Op {
	case syntax.OpAnd, syntax.OpOr:
		return p.joined(x, want)
	case syntax.OpEq, syntax.OpNe:
		s, ok := x.Y.(*syntax.Str)
		column, has := p.column(x.X)
		if !ok || !has {
			return p.present(x, want)
		}
		return oneOf(column, []string{s.Value}, want == (x.Op == syntax.OpEq)), true
	case syntax.OpLt, syntax.OpLe, syntax.OpGt, syntax.OpGe:
		return p.present(x, want)
	}
	return pushed{}, false
}

// joined pushes "and" and "or"; "a and b" is false where a or b is.
func (p *pusher) joined(x *syntax.Binary, want bool) (pushed, bool) {
	a, okA := p.push(x.X, want)
	b, okB := p.push(x.Y, want)
	if (x.Op == syntax.OpAnd) != want {
		if !okA || !okB {
			return pushed{}, false
		}
		return pushed{engine.Filter{Op: engine.Or, Of: []engine.Filter{a.filter, b.filter}}, a.exact && b.exact}, true
	}
	switch {
	case okA && okB:
		return pushed{engine.Filter{Op: engine.And, Of: []engine.Filter{a.filter, b.filter}}, a.exact && b.exact}, true
	case okA:
		return pushed{a.filter, false}, true
	case okB:
		return pushed{b.filter, false}, true
	}
	return pushed{}, false
}

// present pushes that a comparison's field is there: without it the comparison
// is neither true nor false.
func (p *pusher) present(x *syntax.Binary, _ bool) (pushed, bool) {
	var list []engine.Filter
	for _, side := range []syntax.Expr{x.X, x.Y} {
		if column, ok := p.column(side); ok && column != engine.ColumnMessage {
			list = append(list, engine.Filter{Op: engine.Exists, Column: column})
		}
	}
	if len(list) == 0 {
		return pushed{}, false
	}
	return pushed{engine.Filter{Op: engine.And, Of: list}, false}, true
}

// oneOf is that a column is one of the texts, or that it is there and none of them.
func oneOf(column string, texts []string, want bool) pushed {
	texts = notEmpty(texts)
	is := engine.Filter{Op: engine.Equal, Column: column, Texts: texts}
	if len(texts) == 0 {
		is = engine.Filter{Op: engine.Or}
	}
	if want {
		return pushed{is, true}
	}
	return pushed{butNot(column, is), true}
}

func butNot(column string, f engine.Filter) engine.Filter {
	return engine.Filter{Op: engine.And, Of: []engine.Filter{
		{Op: engine.Exists, Column: column}, {Op: engine.Not, Of: []engine.Filter{f}}}}
}

// notEmpty leaves out empty texts: no field has one.
func notEmpty(texts []string) []string {
	var list []string
	for _, t := range texts {
		if t != "" {
			list = append(list, t)
		}
	}
	return list
}

func (p *pusher) like(x *syntax.Like, want bool) (pushed, bool) {
	column, ok := p.column(x.X)
	if !ok {
		return pushed{}, false
	}
	present := pushed{engine.Filter{Op: engine.Exists, Column: column}, false}
	need, exact := likeNeeds(x)
	f, all := needed(column, need)
	switch {
	case want && f != nil:
		return pushed{*f, exact && all}, true
	case !want && f != nil && exact && all:
		return pushed{butNot(column, *f), true}, true
	case column == engine.ColumnMessage:
		return pushed{}, false
	}
	return present, true
}

// likeNeeds returns what a text must hold to be like x's pattern.
func likeNeeds(x *syntax.Like) (need [][]syntax.Literal, exact bool) {
	switch pattern := x.Pattern.(type) {
	case *syntax.Regex:
		return syntax.Required(pattern.Pattern)
	case *syntax.Str:
		if x.Tilde {
			return syntax.Required(pattern.Value)
		}
		return [][]syntax.Literal{{{Text: pattern.Value}}}, true
	}
	return nil, false
}

// needed makes a filter of required literals. The engine looks for those whose
// case is given; all is false when others were left out.
func needed(column string, need [][]syntax.Literal) (f *engine.Filter, all bool) {
	all = true
	var list []engine.Filter
	for _, alternatives := range need {
		texts := make([]string, 0, len(alternatives))
		for _, l := range alternatives {
			if !l.Fold && engine.Searchable(l.Text) {
				texts = append(texts, l.Text)
			}
		}
		if len(texts) < len(alternatives) {
			all = false
			continue
		}
		list = append(list, engine.Filter{Op: engine.Contains, Column: column, Texts: texts})
	}
	switch len(list) {
	case 0:
		return nil, false
	case 1:
		return &list[0], all
	}
	return &engine.Filter{Op: engine.And, Of: list}, all
}

func (p *pusher) in(x *syntax.In, want bool) (pushed, bool) {
	column, ok := p.column(x.X)
	list, isList := x.Set.(*syntax.List)
	if !ok || !isList || x.Sub != nil {
		return pushed{}, false
	}
	var texts []string
	for _, item := range list.Items {
		s, ok := item.(*syntax.Str)
		if !ok {
			return pushed{engine.Filter{Op: engine.Exists, Column: column}, false}, true
		}
		texts = append(texts, s.Value)
	}
	return oneOf(column, texts, want), true
}

// call pushes ispresent(field).
func (p *pusher) call(x *syntax.Call, want bool) (pushed, bool) {
	if x.FuncName() != "ispresent" || len(x.Args) != 1 {
		return pushed{}, false
	}
	column, ok := p.column(x.Args[0])
	if !ok || column == engine.ColumnMessage {
		return pushed{}, false
	}
	f := engine.Filter{Op: engine.Exists, Column: column}
	if !want {
		f = engine.Filter{Op: engine.Not, Of: []engine.Filter{f}}
	}
	return pushed{f, true}, true
}

// column returns the engine's column of x, if x is a field of the log that has one.
func (p *pusher) column(x syntax.Expr) (string, bool) {
	f, ok := x.(*syntax.Field)
	if !ok || p.isMade(f.Name()) {
		return "", false
	}
	return column(f.Name())
}

func (p *pusher) isMade(name string) bool {
	for made := range p.made {
		if name == made || strings.HasPrefix(name, made+".") {
			return true
		}
	}
	return false
}

// column returns the engine's column of a field of the log that is a text in one:
// @message, or a member of a JSON message.
func column(field string) (string, bool) {
	switch {
	case field == exec.FieldMessage:
		return engine.ColumnMessage, true
	case strings.HasPrefix(field, "@@"):
		return field, engine.SearchableColumn(field)
	case strings.HasPrefix(field, "@"):
		return "", false
	}
	c := engine.Column(field)
	return c, engine.SearchableColumn(c)
}
