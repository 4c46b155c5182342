package exec

import (
	"strconv"

	"waybill/internal/insights/syntax"
)

// function is a function of the language: how many arguments it takes (max -1: any
// number from min on) and how a call is compiled. Names are as syntax.Call's
// FuncName gives them: lower case, without "_".
type function struct {
	min, max int
	build    func(c *compiler, call *syntax.Call) eval
}

// function finds a function by name, in the file of its kind.
func (c *compiler) function(name string) (function, bool) {
	for _, table := range []map[string]function{
		numericFunctions, stringFunctions, encodingFunctions, dateFunctions, generalFunctions, jsonFunctions, ipFunctions,
	} {
		if f, ok := table[name]; ok {
			return f, true
		}
	}
	// General functions that take conditions are built by methods, which look
	// functions up themselves.
	switch name {
	case "if":
		return function{3, 3, (*compiler).ifCall}, true
	case "case":
		return function{2, 21, (*compiler).caseCall}, true
	}
	return function{}, false
}

// call compiles a call of a function, or of an aggregate inside a stats.
func (c *compiler) call(call *syntax.Call) eval {
	name := call.FuncName()
	if _, ok := aggregates[name]; ok {
		if c.aggregates == nil {
			c.fail(call.Span, call.Name+" can be used only in stats")
		}
		return c.aggregates(call)
	}
	f, ok := c.function(name)
	if !ok {
		c.fail(call.Span, "unknown function "+call.Name)
	}
	c.checkArgs(call, f.min, f.max)
	return f.build(c, call)
}

func (c *compiler) checkArgs(call *syntax.Call, least, most int) {
	n := len(call.Args)
	if n >= least && (most < 0 || n <= most) {
		return
	}
	want := strconv.Itoa(least)
	switch {
	case most < 0:
		want += " or more"
	case most > least:
		want += " to " + strconv.Itoa(most)
	}
	if want += " arguments"; want == "1 arguments" {
		want = "1 argument"
	}
	c.fail(call.Span, "Invalid arguments for function "+call.Name+": it takes "+want+" and there are "+strconv.Itoa(n))
}

func (c *compiler) args(call *syntax.Call) []eval {
	out := make([]eval, len(call.Args))
	for i, a := range call.Args {
		out[i] = c.expr(a)
	}
	return out
}

// of1 to ofN make a function of values.
func of1(f func(a value) value) function {
	return function{1, 1, func(c *compiler, call *syntax.Call) eval {
		a := c.expr(call.Args[0])
		return func(r *row) value { return f(a(r)) }
	}}
}

func of2(f func(a, b value) value) function {
	return function{2, 2, func(c *compiler, call *syntax.Call) eval {
		a, b := c.expr(call.Args[0]), c.expr(call.Args[1])
		return func(r *row) value { return f(a(r), b(r)) }
	}}
}

func ofN(least, most int, f func(args []value) value) function {
	return function{least, most, func(c *compiler, call *syntax.Call) eval {
		args := c.args(call)
		return func(r *row) value {
			var few [4]value
			values := few[:0]
			for _, a := range args {
				values = append(values, a(r))
			}
			return f(values)
		}
	}}
}

// ofText and ofNumber are functions of one text or number; null stays null.
func ofText(f func(s string) value) function {
	return of1(func(a value) value {
		s, ok := a.str()
		if !ok {
			return null
		}
		return f(s)
	})
}

func ofNumber(f func(n float64) float64) function {
	return of1(func(a value) value {
		n, ok := a.num()
		if !ok {
			return null
		}
		return finite(f(n))
	})
}

// flag is what functions give that the guide says return 1 or 0.
func flag(b bool) value {
	if b {
		return number(1)
	}
	return number(0)
}
