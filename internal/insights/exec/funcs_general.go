package exec

import (
	"waybill/internal/insights/syntax"
)

var generalFunctions = map[string]function{
	"ispresent": of1(func(a value) value { return boolean(a.kind != kindNull) }),
	"isnumeric": of1(func(a value) value { _, ok := a.num(); return boolean(ok) }),
	"coalesce": ofN(1, -1, func(args []value) value {
		for _, a := range args {
			if a.kind != kindNull {
				return a
			}
		}
		return null
	}),
	// There are no data protection policies, so nothing is masked.
	"unmask":         of1(func(a value) value { return a }),
	"querystarttime": {0, 0, func(c *compiler, _ *syntax.Call) eval { return constant(number(float64(c.env.Start))) }},
	"queryendtime":   {0, 0, func(c *compiler, _ *syntax.Call) eval { return constant(number(float64(c.env.End))) }},
	"querytimerange": {0, 0, func(c *compiler, _ *syntax.Call) eval { return constant(number(float64(c.env.End - c.env.Start))) }},
}

func (c *compiler) ifCall(call *syntax.Call) eval {
	cond, a, b := c.pred(call.Args[0]), c.expr(call.Args[1]), c.expr(call.Args[2])
	return func(r *row) value {
		if cond(r) == yes {
			return a(r)
		}
		return b(r)
	}
}

// caseCall takes condition, value, ... and a default when one argument is left over.
func (c *compiler) caseCall(call *syntax.Call) eval {
	var conds []pred
	var values []eval
	rest := call.Args
	for ; len(rest) > 1; rest = rest[2:] {
		conds = append(conds, c.pred(rest[0]))
		values = append(values, c.expr(rest[1]))
	}
	last := constant(null)
	if len(rest) == 1 {
		last = c.expr(rest[0])
	}
	return func(r *row) value {
		for i, cond := range conds {
			if cond(r) == yes {
				return values[i](r)
			}
		}
		return last(r)
	}
}
