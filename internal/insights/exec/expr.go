package exec

import (
	"math"
	"strings"

	"waybill/internal/insights/syntax"
)

// expr compiles an expression.
func (c *compiler) expr(x syntax.Expr) eval {
	if len(c.items) > 0 && !isField(x) {
		if slot, ok := c.items[canonical(x)]; ok {
			return c.slot(slot)
		}
	}
	switch x := x.(type) {
	case *syntax.Field:
		return c.field(x)
	case *syntax.Str:
		return constant(text(x.Value))
	case *syntax.Num:
		return constant(number(x.Value))
	case *syntax.Bool:
		return constant(boolean(x.Value))
	case *syntax.Call:
		return c.callOf(x)
	case *syntax.Unary:
		if x.Op == syntax.OpNeg {
			return arithmetic1(c.expr(x.X))
		}
		return c.condition(x)
	case *syntax.Binary:
		if op := operators[x.Op]; op != nil {
			return arithmetic(op, c.expr(x.X), c.expr(x.Y))
		}
		return c.condition(x)
	case *syntax.Like, *syntax.In:
		return c.condition(x)
	case *syntax.List:
		return c.listExpr(x)
	case *syntax.Period:
		c.fail(x.Span, "a period can stand only in bin, datefloor, dateceil and rate")
	case *syntax.Regex:
		c.fail(x.Span, "a regular expression can stand only after like, not like and =~")
	case *syntax.Star:
		c.fail(x.Span, "* can stand only in count(*)")
	}
	panic("exec: unknown expression")
}

func isField(x syntax.Expr) bool {
	_, ok := x.(*syntax.Field)
	return ok
}

// canonical is how an expression is found again after the stats that computed it.
func canonical(x syntax.Expr) string { return strings.ToLower(x.String()) }

func constant(v value) eval { return func(*row) value { return v } }

func (c *compiler) condition(x syntax.Expr) eval {
	p := c.pred(x)
	return func(r *row) value { return p(r).value() }
}

func (c *compiler) listExpr(x *syntax.List) eval {
	items := make([]eval, len(x.Items))
	for i, item := range x.Items {
		items[i] = c.expr(item)
	}
	return func(r *row) value {
		texts := make([]string, 0, len(items))
		for _, item := range items {
			if s, ok := item(r).str(); ok {
				texts = append(texts, s)
			}
		}
		return listOf(texts)
	}
}

var operators = map[syntax.Op]func(a, b float64) float64{
	syntax.OpAdd: func(a, b float64) float64 { return a + b },
	syntax.OpSub: func(a, b float64) float64 { return a - b },
	syntax.OpMul: func(a, b float64) float64 { return a * b },
	syntax.OpDiv: func(a, b float64) float64 { return a / b },
	syntax.OpMod: math.Mod,
	syntax.OpPow: math.Pow,
}

// arithmetic is null when a side is no number or the result is none.
func arithmetic(op func(a, b float64) float64, x, y eval) eval {
	return func(r *row) value {
		a, okA := x(r).num()
		b, okB := y(r).num()
		if !okA || !okB {
			return null
		}
		return finite(op(a, b))
	}
}

func arithmetic1(x eval) eval {
	return func(r *row) value {
		a, ok := x(r).num()
		if !ok {
			return null
		}
		return number(-a)
	}
}

func finite(n float64) value {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return null
	}
	return number(n)
}
