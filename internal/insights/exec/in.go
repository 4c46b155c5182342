package exec

import (
	"waybill/internal/insights/syntax"
)

// in compiles x in [..], x in list and x in (subquery).
func (c *compiler) in(x *syntax.In) pred {
	a := c.expr(x.X)
	if x.Sub != nil {
		return negated(c.inSub(x, a), x.Not)
	}
	list, ok := x.Set.(*syntax.List)
	if !ok {
		return negated(c.inValue(a, c.expr(x.Set)), x.Not)
	}
	if set, ok := literals(list); ok {
		if field := c.rawField(x.X); field != nil && len(set.numbers) == 0 {
			return negated(rawInSet(field, set.texts), x.Not)
		}
		return negated(inSet(a, set), x.Not)
	}
	items := make([]eval, len(list.Items))
	for i, item := range list.Items {
		items[i] = c.expr(item)
	}
	return negated(func(r *row) truth {
		v := a(r)
		for _, item := range items {
			if equal(v, item(r)) == yes {
				return yes
			}
		}
		return unlessNull(v)
	}, x.Not)
}

func negated(p pred, negate bool) pred {
	if negate {
		return not(p)
	}
	return p
}

// unlessNull is the answer of a test that nothing passed.
func unlessNull(v value) truth {
	if v.kind == kindNull {
		return unknown
	}
	return no
}

// valueSet is a set of literals: texts and numbers.
type valueSet struct {
	texts   map[string]bool
	numbers map[float64]bool
}

func (s *valueSet) has(v value) bool {
	if v.kind == kindText && s.texts[v.s] {
		return true
	}
	if len(s.numbers) == 0 && v.kind == kindText {
		return false
	}
	n, ok := v.num()
	if !ok {
		return false
	}
	return s.numbers[n] || v.kind != kindText && s.texts[v.display()]
}

func inSet(a eval, set *valueSet) pred {
	return func(r *row) truth {
		v := a(r)
		if set.has(v) {
			return yes
		}
		return unlessNull(v)
	}
}

// rawInSet is inSet for a field of the log and texts alone.
func rawInSet(field func(r *row) string, texts map[string]bool) pred {
	return func(r *row) truth {
		s := field(r)
		if s == "" {
			return unknown
		}
		return truthOf(texts[s])
	}
}

// literals returns the set of a list of texts and numbers.
func literals(list *syntax.List) (*valueSet, bool) {
	set := &valueSet{map[string]bool{}, map[float64]bool{}}
	for _, item := range list.Items {
		switch item := item.(type) {
		case *syntax.Str:
			set.texts[item.Value] = true
		case *syntax.Num:
			set.numbers[item.Value] = true
		default:
			return nil, false
		}
	}
	return set, true
}

// inValue tests for an element of a list that a row has: a list of jsonParse or
// split, or an array of the log as a whole, which is JSON text.
func (c *compiler) inValue(a, list eval) pred {
	return func(r *row) truth {
		v, l := a(r), list(r)
		if l.kind == kindText {
			l = parseTree(l.s)
		}
		if v.kind == kindNull || l.kind == kindNull {
			return unknown
		}
		if l.isList() {
			for _, e := range l.elements() {
				if equal(v, e) == yes {
					return yes
				}
			}
		}
		return no
	}
}
