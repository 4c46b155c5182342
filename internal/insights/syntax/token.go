package syntax

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type kind uint8

const (
	tokEnd    kind = iota
	tokWord        // letters, digits, "_", "@" and "." : keyword, field, function, number, period
	tokQuoted      // a name in backticks
	tokString      // text in single or double quotes
	tokRegex       // /text/, only where the parser asks for one
	tokPunct       // one of the operators and brackets
)

// token is one symbol of a query. Text is what it stands for: unquoted and
// unescaped for names and strings, the pattern for a regular expression.
type token struct {
	Span
	kind kind
	text string
	// spaced is true when white space or a comment precedes.
	spaced bool
}

// lexer gives the tokens of a query one by one. It never fails: what is no token
// comes as punctuation of one character, and an open string says so in bad.
type lexer struct {
	src string
	pos int
	// bad is the problem of the last token, empty for none.
	bad string
}

// next returns the next token; the last one, for ever, is tokEnd.
func (l *lexer) next() token {
	l.bad = ""
	start := l.pos
	l.skip()
	t := token{Span: Span{l.pos, l.pos}, spaced: l.pos > start}
	if l.pos >= len(l.src) {
		return t
	}
	switch c := l.src[l.pos]; {
	case c == '"' || c == '\'':
		t.kind = tokString
		t.text = l.quoted(c)
	case c == '`':
		t.kind = tokQuoted
		t.text = l.quoted(c)
	case l.word():
		t.kind = tokWord
		t.text = l.src[t.Start:l.pos]
	default:
		t.kind = tokPunct
		l.pos += punctLen(l.src[l.pos:])
		t.text = l.src[t.Start:l.pos]
	}
	t.End = l.pos
	return t
}

// skip passes white space and comments.
func (l *lexer) skip() {
	for l.pos < len(l.src) {
		r, n := utf8.DecodeRuneInString(l.src[l.pos:])
		switch {
		case r == '#':
			end := strings.IndexByte(l.src[l.pos:], '\n')
			if end < 0 {
				l.pos = len(l.src)
				return
			}
			l.pos += end
		case unicode.IsSpace(r) || r == '\ufeff':
			l.pos += n
		default:
			return
		}
	}
}

// word passes a word and reports whether there is one. A point belongs to a word
// only when a word character follows, so that "a.`b`" and "a." are seen apart.
func (l *lexer) word() bool {
	start := l.pos
	for l.pos < len(l.src) {
		r, n := utf8.DecodeRuneInString(l.src[l.pos:])
		if r == '.' {
			after, _ := utf8.DecodeRuneInString(l.src[l.pos+1:])
			if !isWordRune(after) {
				break
			}
		} else if !isWordRune(r) {
			break
		}
		l.pos += n
	}
	return l.pos > start
}

func isWordRune(r rune) bool {
	return r == '_' || r == '@' || unicode.IsLetter(r) || unicode.IsDigit(r) && r != utf8.RuneError
}

// quoted passes text between two quotes and returns it unescaped. In strings "\"
// takes the next quote or "\" as it is; before any other character it stays, so
// that "\d" needs no doubling. Names in backticks have no escapes.
func (l *lexer) quoted(quote byte) string {
	l.pos++
	var b strings.Builder
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		switch {
		case c == quote:
			l.pos++
			return b.String()
		case c == '\\' && quote != '`' && l.pos+1 < len(l.src):
			l.escape(&b)
		default:
			b.WriteByte(c)
			l.pos++
		}
	}
	l.bad = "missing closing " + string(quote)
	return b.String()
}

func (l *lexer) escape(b *strings.Builder) {
	c := l.src[l.pos+1]
	if c != '"' && c != '\'' && c != '\\' {
		b.WriteByte('\\')
	}
	b.WriteByte(c)
	l.pos += 2
}

// regex re-reads from t, which is a "/", as a regular expression.
func (l *lexer) regex(t token) token {
	l.bad = ""
	l.pos = t.Start + 1
	var b strings.Builder
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case c == '/':
			l.pos++
			return token{Span: Span{t.Start, l.pos}, kind: tokRegex, text: b.String(), spaced: t.spaced}
		case c == '\\' && l.pos+1 < len(l.src):
			if l.src[l.pos+1] != '/' {
				b.WriteByte(c)
			}
			b.WriteByte(l.src[l.pos+1])
			l.pos += 2
		default:
			b.WriteByte(c)
			l.pos++
		}
	}
	l.bad = "missing closing /"
	return token{Span: Span{t.Start, l.pos}, kind: tokRegex, text: b.String(), spaced: t.spaced}
}

func punctLen(s string) int {
	for _, two := range []string{"!=", "<=", ">=", "=~", "=="} {
		if strings.HasPrefix(s, two) {
			return len(two)
		}
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}
