package syntax

import (
	"strconv"
	"strings"
)

// Expr is an expression: one of the pointer types of this file.
type Expr interface {
	At() Span
	String() string
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

func (f *Field) String() string {
	var b strings.Builder
	for i, s := range f.Steps {
		switch {
		case s.Index:
			b.WriteString("[" + s.Name + "]")
			continue
		case i > 0:
			b.WriteByte('.')
		}
		b.WriteString(quoteName(s.Name, i > 0))
	}
	return b.String()
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

func (s *Str) String() string { return QuoteString(s.Value) }

// QuoteString returns s as a string of the language.
func QuoteString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func (n *Num) String() string    { return n.Text }
func (b *Bool) String() string   { return strconv.FormatBool(b.Value) }
func (p *Period) String() string { return strconv.FormatInt(p.N, 10) + string(p.Unit) }
func (r *Regex) String() string  { return "/" + strings.ReplaceAll(r.Pattern, "/", `\/`) + "/" }
func (*Star) String() string     { return "*" }
func (l *List) String() string   { return "[" + joinExprs(l.Items) + "]" }
func (c *Call) String() string   { return c.Name + "(" + joinExprs(c.Args) + ")" }

func (u *Unary) String() string {
	switch u.Op {
	case OpNot:
		return "not " + inner(u.X, levelNot)
	case OpBang:
		return "!" + inner(u.X, levelUnary)
	}
	return "-" + inner(u.X, levelUnary)
}

func (b *Binary) String() string {
	l := b.level()
	left, right := l, l+1
	if b.Op == OpPow {
		left, right = l+1, l
	} else if l == levelCompare {
		left = l + 1
	}
	return inner(b.X, left) + " " + string(b.Op) + " " + inner(b.Y, right)
}

func (l *Like) String() string {
	op := "like"
	switch {
	case l.Tilde:
		op = "=~"
	case l.Not:
		op = "not like"
	}
	return inner(l.X, levelAdd) + " " + op + " " + inner(l.Pattern, levelAdd)
}

func (i *In) String() string {
	op := " in "
	if i.Not {
		op = " not in "
	}
	if i.Sub != nil {
		return inner(i.X, levelAdd) + op + "(" + i.Sub.String() + ")"
	}
	return inner(i.X, levelAdd) + op + inner(i.Set, levelAdd)
}

// inner prints x where an operand of at least the given level can stand.
func inner(x Expr, level int) string {
	if x.level() < level {
		return "(" + x.String() + ")"
	}
	return x.String()
}

func joinExprs(xs []Expr) string {
	out := make([]string, len(xs))
	for i, x := range xs {
		out[i] = x.String()
	}
	return strings.Join(out, ", ")
}
