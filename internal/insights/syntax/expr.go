package syntax

import (
	"strconv"
	"strings"
)

// Expr is an expression: one of the pointer types of this file.
type Expr interface {
	At() Span
	String() string
	// print appends what String returns: in one go, however deep x is.
	print(b []byte) []byte
	// level is how tightly the expression's operator binds; see levelOr.
	level() int
}

// The levels, loosest first; an operand of a looser level than its place is
// printed in brackets.
const (
	levelOr = iota
	levelAnd
	levelNot
	levelCompare
	levelAdd
	levelMultiply
	levelPower
	levelUnary
	levelPrimary
)

// Field names a field or a place in a structure: a, event.recipients.0,
// json.users[1].`first name`. Steps has at least one member.
type Field struct {
	Span
	Steps []Step
}

// Step is one member of a path. An index [1] has Index set and its number as Name.
type Step struct {
	Name  string
	Index bool
}

// Name returns the path with points: the name under which a log's discovered
// fields go ("event.recipients.0").
func (f *Field) Name() string {
	if len(f.Steps) == 1 {
		return f.Steps[0].Name
	}
	names := make([]string, len(f.Steps))
	for i, s := range f.Steps {
		names[i] = s.Name
	}
	return strings.Join(names, ".")
}

// Str is text in quotes.
type Str struct {
	Span
	Value string
}

// Num is a number; Text is how it was written.
type Num struct {
	Span
	Text  string
	Value float64
}

// Bool is true or false.
type Bool struct {
	Span
	Value bool
}

// Period is a length of time as bin and its like take it: 5m, 1 h, 30 sec.
type Period struct {
	Span
	N    int64
	Unit Unit
}

// Regex is /pattern/. Pattern is as written between the slashes, with "\/" for "/" undone.
type Regex struct {
	Span
	Pattern string
}

// List is [a, b].
type List struct {
	Span
	Items []Expr
}

// Star is the "*" of count(*).
type Star struct{ Span }

// Call is name(args). Name is as written; FuncName is how it is known.
type Call struct {
	Span
	Name string
	Args []Expr
}

// FuncName returns the function's name in lower case without "_", under which
// all spellings of it are one: "countdistinct" for count_distinct and countDistinct.
func (c *Call) FuncName() string {
	return strings.ReplaceAll(strings.ToLower(c.Name), "_", "")
}

// Op is an operator.
type Op string

// The operators of Unary and Binary.
const (
	OpNeg  Op = "-"
	OpNot  Op = "not"
	OpBang Op = "!"
	OpOr   Op = "or"
	OpAnd  Op = "and"
	OpEq   Op = "="
	OpNe   Op = "!="
	OpLt   Op = "<"
	OpLe   Op = "<="
	OpGt   Op = ">"
	OpGe   Op = ">="
	OpAdd  Op = "+"
	OpSub  Op = "-"
	OpMul  Op = "*"
	OpDiv  Op = "/"
	OpMod  Op = "%"
	OpPow  Op = "^"
)

// Unary is -x, not x or !x.
type Unary struct {
	Span
	Op Op
	X  Expr
}

// Binary is x op y.
type Binary struct {
	Span
	Op   Op
	X, Y Expr
}

// Like is x like y, x not like y and x =~ y. Pattern is a *Str, a *Regex or an
// expression whose value is a text to be contained.
type Like struct {
	Span
	X       Expr
	Not     bool
	Tilde   bool
	Pattern Expr
}

// In is x in list and x not in list. Set is a *List, or an expression whose value
// is a list; or Sub is set instead.
type In struct {
	Span
	X   Expr
	Not bool
	Set Expr
	Sub *Query
}

func (*Field) level() int  { return levelPrimary }
func (*Str) level() int    { return levelPrimary }
func (*Num) level() int    { return levelPrimary }
func (*Bool) level() int   { return levelPrimary }
func (*Period) level() int { return levelPrimary }
func (*Regex) level() int  { return levelPrimary }
func (*List) level() int   { return levelPrimary }
func (*Star) level() int   { return levelPrimary }
func (*Call) level() int   { return levelPrimary }
func (*Like) level() int   { return levelCompare }
func (*In) level() int     { return levelCompare }

func (u *Unary) level() int {
	if u.Op == OpNot {
		return levelNot
	}
	return levelUnary
}

func (b *Binary) level() int { return binaryLevel(b.Op) }

func binaryLevel(op Op) int {
	switch op {
	case OpOr:
		return levelOr
	case OpAnd:
		return levelAnd
	case OpAdd, OpSub:
		return levelAdd
	case OpMul, OpDiv, OpMod:
		return levelMultiply
	case OpPow:
		return levelPower
	}
	return levelCompare
}

func (f *Field) String() string  { return string(f.print(nil)) }
func (s *Str) String() string    { return QuoteString(s.Value) }
func (n *Num) String() string    { return n.Text }
func (b *Bool) String() string   { return strconv.FormatBool(b.Value) }
func (p *Period) String() string { return strconv.FormatInt(p.N, 10) + string(p.Unit) }
func (r *Regex) String() string  { return "/" + strings.ReplaceAll(r.Pattern, "/", `\/`) + "/" }
func (*Star) String() string     { return "*" }
func (l *List) String() string   { return string(l.print(nil)) }
func (c *Call) String() string   { return string(c.print(nil)) }
func (u *Unary) String() string  { return string(u.print(nil)) }
func (x *Binary) String() string { return string(x.print(nil)) }
func (l *Like) String() string   { return string(l.print(nil)) }
func (i *In) String() string     { return string(i.print(nil)) }

func (s *Str) print(b []byte) []byte    { return append(b, s.String()...) }
func (n *Num) print(b []byte) []byte    { return append(b, n.Text...) }
func (x *Bool) print(b []byte) []byte   { return append(b, x.String()...) }
func (p *Period) print(b []byte) []byte { return append(b, p.String()...) }
func (r *Regex) print(b []byte) []byte  { return append(b, r.String()...) }
func (*Star) print(b []byte) []byte     { return append(b, '*') }
func (l *List) print(b []byte) []byte   { return append(printExprs(append(b, '['), l.Items), ']') }
func (c *Call) print(b []byte) []byte {
	return append(printExprs(append(append(b, c.Name...), '('), c.Args), ')')
}

func (f *Field) print(b []byte) []byte {
	for i, s := range f.Steps {
		switch {
		case s.Index:
			b = append(append(append(b, '['), s.Name...), ']')
			continue
		case i > 0:
			b = append(b, '.')
		}
		b = append(b, quoteName(s.Name, i > 0)...)
	}
	return b
}

// quoteName puts backticks around a name that would not be read back as one step.
// Plain digits need none after a point.
func quoteName(s string, later bool) string {
	word := &lexer{src: s}
	plain := word.word() && word.pos == len(s) && !strings.Contains(s, ".")
	if plain && !later {
		_, number := ParseNumber(s)
		plain = !number && !isPeriod(s) && !reserved[strings.ToLower(s)]
	}
	if plain {
		return s
	}
	return "`" + s + "`"
}

// QuoteString returns s as a string of the language.
func QuoteString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func (u *Unary) print(b []byte) []byte {
	switch u.Op {
	case OpNot:
		return inner(append(b, "not "...), u.X, levelNot)
	case OpBang:
		return inner(append(b, '!'), u.X, levelUnary)
	}
	return inner(append(b, '-'), u.X, levelUnary)
}

func (x *Binary) print(b []byte) []byte {
	l := x.level()
	left, right := l, l+1
	if x.Op == OpPow {
		left, right = l+1, l
	} else if l == levelCompare {
		left = l + 1
	}
	b = append(append(append(inner(b, x.X, left), ' '), x.Op...), ' ')
	return inner(b, x.Y, right)
}

func (l *Like) print(b []byte) []byte {
	op := " like "
	switch {
	case l.Tilde:
		op = " =~ "
	case l.Not:
		op = " not like "
	}
	return inner(append(inner(b, l.X, levelAdd), op...), l.Pattern, levelAdd)
}

func (i *In) print(b []byte) []byte {
	op := " in "
	if i.Not {
		op = " not in "
	}
	b = append(inner(b, i.X, levelAdd), op...)
	if i.Sub != nil {
		return append(append(append(b, '('), i.Sub.String()...), ')')
	}
	return inner(b, i.Set, levelAdd)
}

// inner prints x where an operand of at least the given level can stand.
func inner(b []byte, x Expr, level int) []byte {
	if x.level() < level {
		return append(x.print(append(b, '(')), ')')
	}
	return x.print(b)
}

func printExprs(b []byte, xs []Expr) []byte {
	for i, x := range xs {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = x.print(b)
	}
	return b
}
