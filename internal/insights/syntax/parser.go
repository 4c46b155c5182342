package syntax

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// MaxLength is StartQuery's limit on a query, in characters.
	MaxLength = 10_000
	// maxDepth bounds nesting of brackets, lists, calls and prefix operators.
	maxDepth = 100
	// maxCommands bounds the commands of a query.
	maxCommands = 200
)

type parser struct {
	lexer lexer
	tok   token
	// last is the end of the token before tok.
	last  int
	depth int
	// tried are the symbols that could have stood in the place of tok.
	tried []string
	// inSub is true inside a subquery, which may hold no further one.
	inSub bool
}

// failure carries an *Error out of the recursive descent; only Parse sees it.
type failure struct{ err *Error }

// Parse reads a query. The error is always an *Error.
func Parse(text string) (q *Query, err error) {
	if utf8.RuneCountInString(text) > MaxLength {
		return nil, &Error{Query: text, Span: Span{len(text), len(text)},
			Problem: "the query is longer than " + strconv.Itoa(MaxLength) + " characters"}
	}
	p := &parser{lexer: lexer{src: text}}
	defer func() {
		switch f := recover().(type) {
		case nil:
		case failure:
			q, err = nil, f.err
		default:
			panic(f)
		}
	}()
	p.advance()
	q = p.query()
	if p.tok.kind != tokEnd {
		p.unexpected(p.ends())
	}
	return q, nil
}

// ends says what can stand where a command could end.
func (p *parser) ends() string {
	if len(p.tried) == 0 {
		return `"|" or the end of the query`
	}
	return strings.Join(p.tried, ", ") + `, "|" or the end of the query`
}

// could notes that a symbol could stand here.
func (p *parser) could(symbol string) {
	if symbol = strconv.Quote(symbol); !slices.Contains(p.tried, symbol) {
		p.tried = append(p.tried, symbol)
	}
}

// advance takes the next token.
func (p *parser) advance() {
	p.tried = p.tried[:0]
	p.last = p.tok.End
	p.tok = p.lexer.next()
	p.checkToken()
}

// regexHere re-reads the current "/" as a regular expression.
func (p *parser) regexHere() {
	p.tok = p.lexer.regex(p.tok)
	p.checkToken()
}

func (p *parser) checkToken() {
	if p.lexer.bad != "" {
		p.fail(p.tok.Span, p.lexer.bad)
	}
	if p.tok.kind == tokQuoted && p.tok.text == "" {
		p.fail(p.tok.Span, "empty name")
	}
}

// fail ends the parse with a problem at s.
func (p *parser) fail(s Span, problem string) {
	panic(failure{&Error{Query: p.lexer.src, Span: s, Found: p.lexer.src[s.Start:s.End], Problem: problem}})
}

// unexpected ends the parse: the current token is not what can stand here.
func (p *parser) unexpected(expected string) {
	found := p.lexer.src[p.tok.Start:p.tok.End]
	if p.tok.kind == tokEnd {
		found = "end of query"
	}
	panic(failure{&Error{Query: p.lexer.src, Span: p.tok.Span, Found: found, Expected: expected}})
}

// from returns the span from start to the end of the last token taken.
func (p *parser) from(start int) Span { return Span{start, p.last} }

// isWord reports whether the current token is one of these words, in any case.
func (p *parser) isWord(words ...string) bool {
	if p.tok.kind != tokWord {
		return false
	}
	for _, w := range words {
		if strings.EqualFold(p.tok.text, w) {
			return true
		}
	}
	return false
}

func (p *parser) isPunct(s string) bool { return p.tok.kind == tokPunct && p.tok.text == s }

// take takes the current token if it is this word.
func (p *parser) take(word string) bool {
	if !p.isWord(word) {
		p.could(word)
		return false
	}
	p.advance()
	return true
}

func (p *parser) takePunct(s string) bool {
	if !p.isPunct(s) {
		if s != "|" {
			p.could(s)
		}
		return false
	}
	p.advance()
	return true
}

func (p *parser) expectWord(word string) {
	if !p.take(word) {
		p.unexpected(strconv.Quote(word))
	}
}

func (p *parser) expectPunct(s string) {
	if !p.takePunct(s) {
		p.unexpected(strconv.Quote(s))
	}
}

// atEnd reports whether the current command ends here.
func (p *parser) atEnd() bool {
	return p.tok.kind == tokEnd || p.isPunct("|") || p.isPunct(")")
}

// peek returns the token after the current one.
func (p *parser) peek() token {
	l := p.lexer
	return l.next()
}

// str takes a string.
func (p *parser) str(what string) string {
	if p.tok.kind != tokString {
		p.unexpected(what)
	}
	s := p.tok.text
	p.advance()
	return s
}

// integer takes a whole number of at least least.
func (p *parser) integer(what string, least, most int64) int64 {
	n, err := strconv.ParseInt(p.tok.text, 10, 64)
	if p.tok.kind != tokWord || err != nil {
		p.unexpected(what)
	}
	if n < least || n > most {
		p.fail(p.tok.Span, what+" must be from "+strconv.FormatInt(least, 10)+" to "+strconv.FormatInt(most, 10))
	}
	p.advance()
	return n
}

// option takes name=, or name = ; false when something else stands here.
func (p *parser) option(name string) bool {
	if !p.isWord(name) {
		return false
	}
	next := p.peek()
	if next.kind != tokPunct || next.text != "=" {
		return false
	}
	p.advance()
	p.advance()
	return true
}

// name takes a name for something new: an alias, a table, a side of a join.
func (p *parser) name(what string) string {
	if p.tok.kind == tokString {
		p.unexpected(what + " without quotes, or in backticks")
	}
	if p.tok.kind != tokWord && p.tok.kind != tokQuoted || p.tok.kind == tokWord && reserved[strings.ToLower(p.tok.text)] {
		p.unexpected(what)
	}
	f := p.field(what)
	for _, s := range f.Steps {
		if s.Index {
			p.fail(f.Span, what+" cannot have an index")
		}
	}
	return f.Name()
}

// names takes name, name, ...
func (p *parser) names(what string) []string {
	out := []string{p.name(what)}
	for p.takePunct(",") {
		out = append(out, p.name(what))
	}
	return out
}

// fields takes field, field, ...
func (p *parser) fields() []*Field {
	out := []*Field{p.field("a field")}
	for p.takePunct(",") {
		out = append(out, p.field("a field"))
	}
	return out
}
