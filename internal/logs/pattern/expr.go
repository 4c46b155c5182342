package pattern

import "regexp"

// expr is a condition, or several joined by && and ||.
type expr interface {
	// holds evaluates the condition; get returns the values that a selector has in the message.
	holds(get func(selector int) []value) bool
	// needs returns what a message that fits contains; see dialect.
	needs(d dialect) clauses
}

// dialect says how values and selectors show in the text of a message.
type dialect interface {
	textNeeds(s string) clauses
	selectorNeeds(selector int) clauses
}

type and []expr

func (a and) holds(get func(int) []value) bool {
	for _, e := range a {
		if !e.holds(get) {
			return false
		}
	}
	return true
}

func (a and) needs(d dialect) clauses {
	var c clauses
	for _, e := range a {
		c = append(c, e.needs(d)...)
	}
	return c
}

type or []expr

func (o or) holds(get func(int) []value) bool {
	for _, e := range o {
		if e.holds(get) {
			return true
		}
	}
	return false
}

func (o or) needs(d dialect) clauses {
	c := o[0].needs(d)
	for _, e := range o[1:] {
		c = c.either(e.needs(d))
	}
	return c
}

// compare is SELECTOR OPERATOR VALUE. It holds if one of the selected values fits.
type compare struct {
	selector int
	op       operator
	want     operand
}

type operator string

// operand is the value of a condition: one of a text with wildcards, that may
// be a number, and a regular expression.
type operand struct {
	glob     glob
	number   number
	isNumber bool
	re       *regexp.Regexp
}

func (c *compare) holds(get func(int) []value) bool {
	for _, v := range get(c.selector) {
		if v.compares() && c.fits(v) {
			return true
		}
	}
	return false
}

func (c *compare) fits(v value) bool {
	switch c.op {
	case "=":
		return c.want.equals(v)
	case "!=":
		return !c.want.equals(v)
	}
	n, ok := v.number()
	if !ok {
		return false
	}
	switch r := n.compare(c.want.number); c.op {
	case "<":
		return r < 0
	case "<=":
		return r <= 0
	case ">":
		return r > 0
	default:
		return r >= 0
	}
}

func (w *operand) equals(v value) bool {
	if w.re != nil {
		return w.re.MatchString(v.text)
	}
	if w.isNumber {
		if n, ok := v.number(); ok {
			return n.compare(w.number) == 0
		}
	}
	return w.glob.matches(v.text)
}

func (c *compare) needs(d dialect) clauses {
	out := d.selectorNeeds(c.selector)
	switch {
	case c.op != "=":
	case c.want.re != nil:
		for _, l := range regexNeeds(c.want.re) {
			out = append(out, d.textNeeds(l)...)
		}
	case !c.want.isNumber:
		for _, piece := range c.want.glob {
			out = append(out, d.textNeeds(piece)...)
		}
	}
	return out
}

// is is SELECTOR IS NULL, IS TRUE or IS FALSE.
type is struct {
	selector int
	kind     valueKind
}

// constants are the JSON values that IS asks for, by their spelling in JSON.
var constants = map[string]valueKind{"null": nullValue, "true": trueValue, "false": falseValue}

func (i *is) holds(get func(int) []value) bool {
	for _, v := range get(i.selector) {
		if v.kind == i.kind {
			return true
		}
	}
	return false
}

func (i *is) needs(d dialect) clauses {
	out := d.selectorNeeds(i.selector)
	for text, kind := range constants {
		if kind == i.kind {
			out = append(out, []string{text})
		}
	}
	return out
}

// absent is SELECTOR NOT EXISTS.
type absent struct{ selector int }

func (a *absent) holds(get func(int) []value) bool { return len(get(a.selector)) == 0 }

func (a *absent) needs(dialect) clauses { return nil }
