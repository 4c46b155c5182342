package pattern

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind int

const (
	endToken tokenKind = iota
	wordToken
	quotedToken
	regexToken
	selectorToken
	opToken    // = != < <= > >=
	punctToken // ( ) , && || ...
)

// token is one lexical element of a JSON or field pattern.
type token struct {
	kind tokenKind
	text string
	re   *regexp.Regexp
	path path
}

// lexer cuts the inside of { } or [ ] into tokens.
type lexer struct {
	rest  string
	token token // the one not yet consumed
	// regexes counts the regular expressions read so far.
	regexes int
}

// puncts and ops are ordered so that the longer comes first.
var (
	puncts = []string{"...", "&&", "||", "(", ")", ","}
	ops    = []string{"!=", "<=", ">=", "=", "<", ">"}
)

// next reads the next token into l.token.
func (l *lexer) next() error {
	l.rest = strings.TrimLeftFunc(l.rest, unicode.IsSpace)
	l.token = token{}
	if l.rest == "" {
		return nil
	}
	if l.take(punctToken, puncts) || l.take(opToken, ops) {
		return nil
	}
	var err error
	switch l.rest[0] {
	case '"':
		l.token.kind = quotedToken
		l.token.text, l.rest, err = cutQuoted(l.rest)
	case '%':
		l.token.kind = regexToken
		l.token.re, l.rest, err = cutRegex(l.rest)
		if l.regexes++; err == nil && l.regexes > maxRegexes {
			err = errInvalid()
		}
	case '$':
		l.token.kind = selectorToken
		l.token.path, l.rest, err = cutPath(l.rest)
	default:
		err = l.word()
	}
	return err
}

func (l *lexer) take(kind tokenKind, list []string) bool {
	for _, s := range list {
		if rest, ok := strings.CutPrefix(l.rest, s); ok {
			l.token = token{kind: kind, text: s}
			l.rest = rest
			return true
		}
	}
	return false
}

// word reads an unquoted value or name: letters, digits and what stands in
// numbers, addresses, paths and wildcards.
func (l *lexer) word() error {
	end := strings.IndexFunc(l.rest, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_.*-+:/@#", r)
	})
	if end < 0 {
		end = len(l.rest)
	}
	if end == 0 {
		r, _ := utf8.DecodeRuneInString(l.rest)
		return errCharacter(r)
	}
	l.token = token{kind: wordToken, text: l.rest[:end]}
	l.rest = l.rest[end:]
	return nil
}

// is reports whether the current token is that punctuation mark.
func (l *lexer) is(punct string) bool {
	return l.token.kind == punctToken && l.token.text == punct
}

// isWord reports whether the current token is that keyword, in any case.
func (l *lexer) isWord(keyword string) bool {
	return l.token.kind == wordToken && strings.EqualFold(l.token.text, keyword)
}

// parseOr reads conditions joined by || and, binding closer, &&. one reads a
// single condition.
func (l *lexer) parseOr(one func() (expr, error)) (expr, error) {
	return l.parseJoined("||", func() (expr, error) {
		return l.parseJoined("&&", func() (expr, error) { return l.parsePrimary(one) },
			func(list []expr) expr { return and(list) })
	}, func(list []expr) expr { return or(list) })
}

func (l *lexer) parseJoined(op string, part func() (expr, error), join func([]expr) expr) (expr, error) {
	var list []expr
	for {
		e, err := part()
		if err != nil {
			return nil, err
		}
		list = append(list, e)
		if !l.is(op) {
			break
		}
		if err := l.next(); err != nil {
			return nil, err
		}
	}
	if len(list) == 1 {
		return list[0], nil
	}
	return join(list), nil
}

func (l *lexer) parsePrimary(one func() (expr, error)) (expr, error) {
	if !l.is("(") {
		return one()
	}
	if err := l.next(); err != nil {
		return nil, err
	}
	e, err := l.parseOr(one)
	if err != nil {
		return nil, err
	}
	if !l.is(")") {
		return nil, errInvalid()
	}
	return e, l.next()
}

// parseComparison reads OPERATOR VALUE.
func (l *lexer) parseComparison(selector int) (expr, error) {
	if l.token.kind != opToken {
		return nil, errInvalid()
	}
	c := &compare{selector: selector, op: operator(l.token.text)}
	if err := l.next(); err != nil {
		return nil, err
	}
	switch l.token.kind {
	case quotedToken:
		c.want.glob = newGlob(l.token.text)
	case regexToken:
		c.want.re = l.token.re
	case wordToken:
		c.want.glob = newGlob(l.token.text)
		c.want.number, c.want.isNumber = parseNumber(l.token.text)
	default:
		return nil, errInvalid()
	}
	if c.op != "=" && c.op != "!=" && !c.want.isNumber {
		return nil, errInvalid()
	}
	return c, l.next()
}
