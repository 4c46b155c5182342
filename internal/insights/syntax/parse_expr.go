package syntax

import (
	"errors"
	"strconv"
	"strings"
)

// reserved are the words that no unquoted field or alias can have.
var reserved = map[string]bool{
	"and": true, "or": true, "not": true, "like": true, "in": true, "as": true, "by": true, "true": true, "false": true,
}

// enter and leave bound the depth of nesting.
func (p *parser) enter() {
	p.depth++
	if p.depth > maxDepth {
		p.fail(p.tok.Span, "the expression is nested too deeply")
	}
}

func (p *parser) leave() { p.depth-- }

// expr reads an expression.
func (p *parser) expr() Expr {
	p.enter()
	defer p.leave()
	return p.chain("or", OpOr, func() Expr { return p.chain("and", OpAnd, p.not) })
}

func (p *parser) chain(word string, op Op, operand func() Expr) Expr {
	x := operand()
	for p.take(word) {
		y := operand()
		x = &Binary{Span: Span{x.At().Start, p.last}, Op: op, X: x, Y: y}
	}
	return x
}

func (p *parser) not() Expr {
	start := p.tok.Start
	if !p.isWord("not") {
		return p.comparison()
	}
	p.enter()
	defer p.leave()
	p.advance()
	x := p.not()
	return &Unary{Span: p.from(start), Op: OpNot, X: x}
}

func (p *parser) comparison() Expr {
	x := p.sum()
	start := x.At().Start
	switch {
	case p.tok.kind == tokPunct:
		switch op := Op(p.tok.text); op {
		case OpEq, OpNe, OpLt, OpLe, OpGt, OpGe:
			p.advance()
			if op == OpLt && p.isPunct(">") && !p.tok.spaced {
				p.unexpected(`a value; "!=" is the operator for other than`)
			}
			y := p.sum()
			return &Binary{Span: p.from(start), Op: op, X: x, Y: y}
		case "=~":
			p.advance()
			y := p.pattern(true)
			return &Like{Span: p.from(start), X: x, Tilde: true, Pattern: y}
		case "==":
			p.unexpected(`"="`)
		}
	case p.isWord("is"):
		p.fail(p.tok.Span, `"is" is no operator; ispresent(field) tells whether a field is there`)
	case p.isWord("like", "in", "not"):
		not := p.take("not")
		switch {
		case p.take("like"):
			y := p.pattern(false)
			return &Like{Span: p.from(start), X: x, Not: not, Pattern: y}
		case p.take("in"):
			return p.in(x, not)
		}
		p.unexpected(`"like" or "in"`)
	}
	return x
}

// pattern reads what follows like or =~.
func (p *parser) pattern(regexOnly bool) Expr {
	if p.isPunct("/") {
		return p.regex()
	}
	if regexOnly && p.tok.kind != tokString {
		p.unexpected("a regular expression between slashes")
	}
	return p.sum()
}

// regex reads /pattern/ and checks it.
func (p *parser) regex() *Regex {
	p.regexHere()
	r := &Regex{Span: p.tok.Span, Pattern: p.tok.text}
	p.checkRegex(r.Span, r.Pattern)
	p.advance()
	if p.tok.kind == tokWord && !p.tok.spaced && strings.Trim(p.tok.text, "gimsuxy") == "" {
		p.unexpected("a space; flags stand in the expression: /(?i)text/")
	}
	return r
}

// checkRegex refuses what Go's regular expressions do not have.
func (p *parser) checkRegex(at Span, pattern string) {
	if err := CheckRegex(pattern); err != nil {
		p.fail(at, err.Error())
	}
}

func (p *parser) in(x Expr, not bool) Expr {
	in := &In{X: x, Not: not}
	next := p.peek()
	if p.isPunct("(") && next.kind == tokWord && isCommand(next.text) {
		in.Sub = p.subquery()
	} else {
		in.Set = p.sum()
	}
	in.Span = p.from(x.At().Start)
	return in
}

// subquery reads ( commands ).
func (p *parser) subquery() *Query {
	if p.inSub {
		p.fail(p.tok.Span, "nested subqueries are not supported")
	}
	p.enter()
	defer p.leave()
	p.expectPunct("(")
	p.inSub = true
	q := p.query()
	p.inSub = false
	p.expectPunct(")")
	return q
}

func (p *parser) sum() Expr {
	return p.binary(p.product, OpAdd, OpSub)
}

func (p *parser) product() Expr {
	return p.binary(p.power, OpMul, OpDiv, OpMod)
}

func (p *parser) binary(operand func() Expr, ops ...Op) Expr {
	x := operand()
next:
	for p.tok.kind == tokPunct {
		for _, op := range ops {
			if p.tok.text == string(op) {
				p.advance()
				y := operand()
				x = &Binary{Span: Span{x.At().Start, p.last}, Op: op, X: x, Y: y}
				continue next
			}
		}
		break
	}
	return x
}

func (p *parser) power() Expr {
	x := p.unary()
	if !p.isPunct("^") {
		return x
	}
	p.enter()
	defer p.leave()
	p.advance()
	y := p.power()
	return &Binary{Span: p.from(x.At().Start), Op: OpPow, X: x, Y: y}
}

func (p *parser) unary() Expr {
	start := p.tok.Start
	for _, op := range []Op{OpNeg, OpBang} {
		if p.isPunct(string(op)) {
			p.enter()
			defer p.leave()
			p.advance()
			x := p.unary()
			return &Unary{Span: p.from(start), Op: op, X: x}
		}
	}
	return p.primary()
}

func (p *parser) primary() Expr {
	switch p.tok.kind {
	case tokString:
		s := &Str{Span: p.tok.Span, Value: p.tok.text}
		p.advance()
		return s
	case tokQuoted:
		return p.field("")
	case tokWord:
		return p.word()
	case tokPunct:
		switch p.tok.text {
		case "(":
			p.advance()
			x := p.expr()
			if p.isPunct(",") {
				p.unexpected(`")"; a list stands in square brackets: ["a", "b"]`)
			}
			p.expectPunct(")")
			return x
		case "[":
			return p.list()
		case "/":
			return p.regex()
		}
	}
	p.unexpected("a field, a value or a function")
	return nil
}

// word reads what begins with a word: a call, a value or a field.
func (p *parser) word() Expr {
	at := p.tok.Span
	text := p.tok.text
	next := p.peek()
	if next.kind == tokPunct && next.text == "(" && !reserved[strings.ToLower(text)] && !strings.ContainsAny(text, ".@") {
		return p.call()
	}
	if n, ok := ParseNumber(text); ok {
		p.advance()
		if u, ok := p.unitAfter(text); ok {
			return &Period{Span: p.from(at.Start), N: int64(n), Unit: u}
		}
		return &Num{Span: at, Text: text, Value: n}
	}
	if _, err := strconv.ParseFloat(text, 64); errors.Is(err, strconv.ErrRange) {
		p.fail(at, "the number is too large")
	}
	if n, u, ok := parsePeriod(text); ok {
		p.advance()
		return &Period{Span: at, N: n, Unit: u}
	}
	switch strings.ToLower(text) {
	case "true", "false":
		p.advance()
		return &Bool{Span: at, Value: strings.EqualFold(text, "true")}
	}
	return p.field("a field, a value or a function")
}

// period takes a period.
func (p *parser) period() *Period {
	if p.tok.kind == tokWord {
		if x, ok := p.word().(*Period); ok && x.N > 0 {
			return x
		}
	}
	p.unexpected("a period such as 5m or 1h")
	return nil
}

// unitAfter takes a unit after the whole number n: "5 minutes".
func (p *parser) unitAfter(n string) (Unit, bool) {
	if p.tok.kind != tokWord || strings.Trim(n, "0123456789") != "" || len(n) > 18 {
		return "", false
	}
	u, ok := unitOf(p.tok.text)
	if ok {
		p.advance()
	}
	return u, ok
}

func (p *parser) call() Expr {
	p.enter()
	defer p.leave()
	c := &Call{Name: p.tok.text}
	start := p.tok.Start
	p.advance()
	p.expectPunct("(")
	for !p.isPunct(")") {
		if len(c.Args) > 0 && !p.takePunct(",") {
			if f, ok := c.Args[0].(*Field); ok && strings.EqualFold(f.Name(), "distinct") {
				p.unexpected(`"," or ")"; count_distinct(field) counts different values`)
			}
			p.unexpected(`"," or ")"`)
		}
		c.Args = append(c.Args, p.argument())
	}
	p.advance()
	c.Span = p.from(start)
	return c
}

func (p *parser) argument() Expr {
	if p.isPunct("*") {
		s := &Star{p.tok.Span}
		p.advance()
		return s
	}
	return p.expr()
}

func (p *parser) list() Expr {
	p.enter()
	defer p.leave()
	l := &List{}
	start := p.tok.Start
	p.expectPunct("[")
	for !p.isPunct("]") {
		if len(l.Items) > 0 && !p.takePunct(",") {
			p.unexpected(`"," or "]"`)
		}
		l.Items = append(l.Items, p.expr())
	}
	p.advance()
	l.Span = p.from(start)
	return l
}

// field reads a field or a path into a structure.
func (p *parser) field(what string) *Field {
	f := &Field{}
	start := p.tok.Start
	switch {
	case p.tok.kind == tokQuoted:
		f.Steps = append(f.Steps, Step{Name: p.tok.text})
	case p.isWord("@") && p.peek().kind == tokQuoted: // @`a-b` is `@a-b`
		p.advance()
		if p.tok.spaced {
			p.unexpected("a name after @")
		}
		f.Steps = append(f.Steps, Step{Name: "@" + p.tok.text})
	case p.tok.kind == tokWord && !reserved[strings.ToLower(p.tok.text)] && p.tok.text[0] != '.':
		f.words(p.tok.text)
	default:
		p.unexpected(what)
	}
	p.advance()
	for !p.tok.spaced && p.step(f) {
	}
	f.Span = p.from(start)
	return f
}

func (f *Field) words(text string) {
	for _, s := range strings.Split(text, ".") {
		f.Steps = append(f.Steps, Step{Name: s})
	}
}

// step reads one further step of a path that follows without space.
func (p *parser) step(f *Field) bool {
	switch {
	case p.tok.kind == tokWord && p.tok.text[0] == '.':
		f.words(p.tok.text[1:])
	case p.isPunct("."):
		p.advance()
		if p.tok.kind != tokQuoted || p.tok.spaced {
			p.unexpected("a name after the point")
		}
		f.Steps = append(f.Steps, Step{Name: p.tok.text})
	case p.isPunct("["):
		return p.index(f)
	default:
		return false
	}
	p.advance()
	return true
}

func (p *parser) index(f *Field) bool {
	next := p.peek()
	if next.kind != tokWord || strings.Trim(next.text, "0123456789") != "" || len(next.text) > 6 {
		return false
	}
	p.advance()
	f.Steps = append(f.Steps, Step{Name: p.tok.text, Index: true})
	p.advance()
	p.expectPunct("]")
	return true
}
