package exec

import (
	"strings"

	"waybill/internal/insights/syntax"
)

// pred compiles a condition.
func (c *compiler) pred(x syntax.Expr) pred {
	switch x := x.(type) {
	case *syntax.Binary:
		switch x.Op {
		case syntax.OpAnd:
			return and(c.pred(x.X), c.pred(x.Y))
		case syntax.OpOr:
			return or(c.pred(x.X), c.pred(x.Y))
		case syntax.OpEq, syntax.OpNe, syntax.OpLt, syntax.OpLe, syntax.OpGt, syntax.OpGe:
			return c.comparison(x)
		}
	case *syntax.Unary:
		if x.Op != syntax.OpNeg {
			return not(c.pred(x.X))
		}
	case *syntax.Like:
		return c.like(x)
	case *syntax.In:
		return c.in(x)
	}
	e := c.expr(x)
	return func(r *row) truth { return e(r).truth() }
}

func and(a, b pred) pred {
	return func(r *row) truth {
		switch a(r) {
		case no:
			return no
		case yes:
			return b(r)
		}
		if b(r) == no {
			return no
		}
		return unknown
	}
}

func or(a, b pred) pred {
	return func(r *row) truth {
		switch a(r) {
		case yes:
			return yes
		case no:
			return b(r)
		}
		if b(r) == yes {
			return yes
		}
		return unknown
	}
}

func not(a pred) pred { return func(r *row) truth { return a(r).not() } }

func (c *compiler) comparison(x *syntax.Binary) pred {
	if p := c.textEquality(x); p != nil {
		return p
	}
	a, b := c.expr(x.X), c.expr(x.Y)
	switch x.Op {
	case syntax.OpEq:
		return func(r *row) truth { return equal(a(r), b(r)) }
	case syntax.OpNe:
		return func(r *row) truth { return equal(a(r), b(r)).not() }
	}
	holds := map[syntax.Op][3]bool{
		syntax.OpLt: {true, false, false},
		syntax.OpLe: {true, true, false},
		syntax.OpGt: {false, false, true},
		syntax.OpGe: {false, true, true},
	}[x.Op]
	return func(r *row) truth {
		n, ok := order(a(r), b(r))
		if !ok {
			return unknown
		}
		return truthOf(holds[n+1])
	}
}

// textEquality is the common field = "text" without a value made for the field.
func (c *compiler) textEquality(x *syntax.Binary) pred {
	s, ok := x.Y.(*syntax.Str)
	if !ok || x.Op != syntax.OpEq && x.Op != syntax.OpNe {
		return nil
	}
	field := c.rawField(x.X)
	if field == nil {
		return nil
	}
	want, same := s.Value, truthOf(x.Op == syntax.OpEq)
	return func(r *row) truth {
		switch field(r) {
		case "":
			return unknown
		case want:
			return same
		}
		return same.not()
	}
}

// like compiles like, not like and =~. A missing field is unknown to both.
func (c *compiler) like(x *syntax.Like) pred {
	match := c.matcher(x)
	if field := c.rawField(x.X); field != nil && match != nil {
		return func(r *row) truth {
			s := field(r)
			if s == "" {
				return unknown
			}
			return truthOf(match(s) != x.Not)
		}
	}
	a := c.expr(x.X)
	if match != nil {
		return func(r *row) truth {
			s, ok := a(r).str()
			if !ok {
				return unknown
			}
			return truthOf(match(s) != x.Not)
		}
	}
	b := c.expr(x.Pattern)
	return func(r *row) truth {
		s, ok := a(r).str()
		part, okPart := b(r).str()
		if !ok || !okPart {
			return unknown
		}
		return truthOf(strings.Contains(s, part) != x.Not)
	}
}

// matcher returns the test of a pattern that is the same for all rows, or nil.
func (c *compiler) matcher(x *syntax.Like) func(string) bool {
	switch p := x.Pattern.(type) {
	case *syntax.Regex:
		return syntax.NewMatcher(p.Pattern).Match
	case *syntax.Str:
		if x.Tilde {
			return c.regex(p).Match
		}
		return func(s string) bool { return strings.Contains(s, p.Value) }
	}
	return nil
}

// regex compiles a regular expression given as a string.
func (c *compiler) regex(s *syntax.Str) *syntax.Matcher {
	if err := syntax.CheckRegex(s.Value); err != nil {
		c.fail(s.Span, err.Error())
	}
	return syntax.NewMatcher(s.Value)
}
