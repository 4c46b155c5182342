package pattern

import (
	"encoding/json"
	"strings"
	"unsafe"
)

// maxWildcards is the quota of wildcard selectors in one pattern.
const maxWildcards = 3

// jsonForm is the form of conditions on a JSON message. A message that is not
// JSON never matches, NOT EXISTS included.
type jsonForm struct {
	cond  expr
	paths []path
	re    int
}

func parseJSON(s string) (form, error) {
	if !strings.HasSuffix(s, "}") {
		return nil, invalid("If a filter pattern starts with '{' it must end with '}'")
	}
	f := &jsonForm{}
	l := &lexer{rest: s[1 : len(s)-1]}
	if err := l.next(); err != nil {
		return nil, err
	}
	var err error
	f.cond, err = l.parseOr(func() (expr, error) { return f.condition(l) })
	if err != nil {
		return nil, err
	}
	wildcards := 0
	for _, p := range f.paths {
		wildcards += p.wildcards()
	}
	if l.token.kind != endToken || wildcards > maxWildcards {
		return nil, errInvalid()
	}
	f.re = l.regexes
	return f, nil
}

// condition reads SELECTOR OPERATOR VALUE, SELECTOR IS CONSTANT or SELECTOR NOT EXISTS.
func (f *jsonForm) condition(l *lexer) (expr, error) {
	if l.token.kind != selectorToken {
		return nil, errInvalid()
	}
	selector := len(f.paths)
	f.paths = append(f.paths, l.token.path)
	if err := l.next(); err != nil {
		return nil, err
	}
	switch {
	case l.isWord("IS"):
		return f.isCondition(l, selector)
	case l.isWord("NOT"):
		if err := l.next(); err != nil || !l.isWord("EXISTS") {
			return nil, errInvalid()
		}
		return &absent{selector}, l.next()
	}
	return l.parseComparison(selector)
}

func (f *jsonForm) isCondition(l *lexer, selector int) (expr, error) {
	if err := l.next(); err != nil {
		return nil, err
	}
	kind, ok := constants[strings.ToLower(l.token.text)]
	if !ok || l.token.kind != wordToken {
		return nil, errInvalid()
	}
	return &is{selector, kind}, l.next()
}

func (f *jsonForm) match(message string, extract bool) (map[string]string, bool) {
	if !json.Valid(unsafe.Slice(unsafe.StringData(message), len(message))) { // which only reads
		return nil, false
	}
	get := func(i int) []value { return selectValues(message, f.paths[i].steps) }
	if !f.cond.holds(get) {
		return nil, false
	}
	if !extract {
		return nil, true
	}
	out := map[string]string{}
	for i, p := range f.paths {
		for _, v := range get(i) {
			if v.compares() {
				out[p.raw] = v.text
				break
			}
		}
	}
	return out, true
}

func (f *jsonForm) regexes() int   { return f.re }
func (f *jsonForm) needs() clauses { return f.cond.needs(f) }

func (f *jsonForm) textNeeds(s string) clauses { return jsonText(s) }

// selectorNeeds returns the names on the way: a value that is there is below them.
func (f *jsonForm) selectorNeeds(selector int) clauses {
	var c clauses
	for _, s := range f.paths[selector].steps {
		if !s.any && !s.element {
			c = append(c, jsonText(s.name)...)
		}
	}
	return c
}
