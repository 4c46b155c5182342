package pattern

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Condition is what the members of every matching JSON message fulfil, for an
// engine that keeps members in columns to look for. It is less than the pattern:
// what an engine finds must still be matched. A member is named as such engines
// name it, its path joined by dots ("event.recipients.0"); an array has a column
// of its own besides, with its JSON text.
type Condition struct {
	Op     ConditionOp
	Member string
	Text   string
	Of     []Condition
}

// ConditionOp says what a Condition asks of a message.
type ConditionOp int

// The operations of a Condition.
const (
	// All and Any join the conditions in Of, of which there are some.
	All ConditionOp = iota + 1
	Any
	// Is: the member's text, of a number as it is written, is Text.
	Is
	// Begins and Holds: it begins with Text, or Text is somewhere in it.
	Begins
	Holds
	// Has: the member is there, and its text is not empty.
	Has
)

// Condition returns the pattern's condition on members; nil says nothing, as
// every pattern does that is not of the JSON form.
func (p *Pattern) Condition() *Condition { return p.condition }

// members returns what members fulfil when e holds, nil for nothing.
func (f *jsonForm) members(e expr) *Condition {
	switch e := e.(type) {
	case and:
		return f.joined(All, e)
	case or:
		return f.joined(Any, e)
	case *compare:
		return f.compared(e)
	case *is:
		return f.constant(e)
	}
	return nil // that a member is absent says nothing: it may be there and empty
}

func (f *jsonForm) joined(op ConditionOp, list []expr) *Condition {
	var of []Condition
	for _, e := range list {
		if c := f.members(e); c != nil {
			of = append(of, *c)
		} else if op == Any {
			return nil
		}
	}
	switch len(of) {
	case 0:
		return nil
	case 1:
		return &of[0]
	}
	return &Condition{Op: op, Of: of}
}

func (f *jsonForm) constant(e *is) *Condition {
	at, ok := f.paths[e.selector].place()
	if !ok || e.kind == nullValue {
		return nil
	}
	for text, kind := range constants {
		if kind == e.kind {
			return at.texts(glob{text})
		}
	}
	return nil
}

func (f *jsonForm) compared(e *compare) *Condition {
	at, ok := f.paths[e.selector].place()
	switch {
	case !ok || e.op == "!=":
		return nil // an empty string differs from a text, and has no column
	case e.op != "=" || e.want.isNumber:
		return &Condition{Op: Has, Member: at.member} // a number can be written in many ways
	case e.want.re != nil:
		return at.literals(regexNeeds(e.want.re))
	}
	return at.texts(e.want.glob)
}

// place is where the text of a selector's values is: in a column of its own, or
// else in that of an array that has them somewhere within.
type place struct {
	member string
	own    bool
}

// place returns where p's values are; ok is false if that may be many columns.
func (p path) place() (at place, ok bool) {
	var names []string
	array := ""
	for i, s := range p.steps {
		if s.element && i == 0 || strings.ContainsRune(s.name, utf8.RuneError) {
			return place{}, false // messages that are arrays have no columns
		}
		if s.element && array == "" {
			array = strings.Join(names, ".")
		}
		switch {
		case s.any && array == "":
			return place{}, false
		case s.any:
			return place{member: array}, true
		case s.element:
			names = append(names, strconv.Itoa(s.index))
		default:
			names = append(names, s.name)
		}
	}
	return place{strings.Join(names, "."), true}, true
}

// texts returns what a value fulfils that fits g. No text at all can be said of
// the empty value, which has no column.
func (at place) texts(g glob) *Condition {
	if !at.own {
		return at.literals(g)
	}
	if len(g) == 1 {
		return at.text(Is, g[0])
	}
	all := Condition{Op: All}
	for i, piece := range g {
		op := Holds
		if i == 0 {
			op = Begins
		}
		if c := at.text(op, piece); c != nil {
			all.Of = append(all.Of, *c)
		}
	}
	return all.short()
}

// literals returns what a value fulfils that holds all the texts.
func (at place) literals(texts []string) *Condition {
	all := Condition{Op: All}
	for _, t := range texts {
		if c := at.text(Holds, t); c != nil {
			all.Of = append(all.Of, *c)
		}
	}
	return all.short()
}

func (at place) text(op ConditionOp, text string) *Condition {
	switch {
	case text == "":
		return nil
	case strings.ContainsRune(text, utf8.RuneError), !at.own && !plainInJSON(text):
		// U+FFFD stands for what is not a character, and is kept otherwise.
		return &Condition{Op: Has, Member: at.member}
	}
	return &Condition{Op: op, Member: at.member, Text: text}
}

// short returns c without needless joining.
func (c *Condition) short() *Condition {
	switch len(c.Of) {
	case 0:
		return nil
	case 1:
		return &c.Of[0]
	}
	return c
}

// plainInJSON reports whether s stands in an array's JSON text as it is,
// whatever wrote that.
func plainInJSON(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune(`"\/<>&`, r) }) < 0
}
