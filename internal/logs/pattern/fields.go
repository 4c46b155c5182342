package pattern

import (
	"strconv"
	"strings"
)

// fieldsForm is the form of conditions on the words of a message.
type fieldsForm struct {
	fields []field
	// ellipsis is the index in fields before which any number of words may
	// stand, -1 for none.
	ellipsis int
	re       int
}

// field is one name between commas, with its conditions if it has any.
type field struct {
	name string
	cond expr
}

func parseFields(s string) (form, error) {
	if len(s) < 2 || !strings.HasSuffix(s, "]") {
		return nil, invalid("If a filter pattern starts with '[' it must end with ']'")
	}
	f := &fieldsForm{ellipsis: -1}
	l := &lexer{rest: s[1 : len(s)-1]}
	if err := l.next(); err != nil {
		return nil, err
	}
	if l.token.kind == endToken {
		return nil, errInvalid()
	}
	for {
		if err := f.parseField(l); err != nil {
			return nil, err
		}
		if l.token.kind == endToken {
			break
		}
		if !l.is(",") {
			return nil, errInvalid()
		}
		if err := l.next(); err != nil {
			return nil, err
		}
	}
	f.re = l.regexes
	return f, nil
}

// parseField reads what stands between two commas: nothing, "...", a name, or conditions.
func (f *fieldsForm) parseField(l *lexer) error {
	switch {
	case l.token.kind == endToken || l.is(","):
		f.fields = append(f.fields, field{})
		return nil
	case l.is("..."):
		if f.ellipsis >= 0 {
			return errInvalid()
		}
		f.ellipsis = len(f.fields)
		return l.next()
	}
	fd := field{}
	if l.token.kind == wordToken && isName(l.token.text) {
		// A name alone is no condition; look one token ahead.
		name, ahead := l.token.text, *l
		if err := ahead.next(); err != nil {
			return err
		}
		if ahead.token.kind == endToken || ahead.is(",") {
			*l = ahead
			f.fields = append(f.fields, field{name: name})
			return nil
		}
	}
	var err error
	selector := len(f.fields)
	fd.cond, err = l.parseOr(func() (expr, error) { return fd.condition(l, selector) })
	f.fields = append(f.fields, fd)
	return err
}

// condition reads NAME OPERATOR VALUE. All conditions between two commas name the same field.
func (fd *field) condition(l *lexer, selector int) (expr, error) {
	if l.token.kind != wordToken || !isName(l.token.text) {
		return nil, errInvalid()
	}
	if fd.name == "" {
		fd.name = l.token.text
	} else if !strings.EqualFold(fd.name, l.token.text) {
		return nil, errInvalid()
	}
	if err := l.next(); err != nil {
		return nil, err
	}
	return l.parseComparison(selector)
}

func isName(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !isAlphanumeric(r) && r != '_' && r != '-' }) < 0
}

func (f *fieldsForm) match(message string, extract bool) (map[string]string, bool) {
	words := cutWords(message)
	at, ok := f.assign(message, words)
	if !ok {
		return nil, false
	}
	for i, fd := range f.fields {
		get := func(int) []value { return []value{{fieldValue, at[i].text}} }
		if fd.cond != nil && !fd.cond.holds(get) {
			return nil, false
		}
	}
	if !extract {
		return nil, true
	}
	return f.extract(words, at), true
}

// extract names the words; those that the ellipsis stands for go by their position.
func (f *fieldsForm) extract(words []word, at []assigned) map[string]string {
	out := map[string]string{}
	for i, w := range words {
		if f.ellipsis >= 0 && i >= f.ellipsis && i < len(words)-(len(f.fields)-f.ellipsis) {
			out["$"+strconv.Itoa(i+1)] = w.text
		}
	}
	for i, fd := range f.fields {
		name := fd.name
		if name == "" {
			name = strconv.Itoa(at[i].position)
		}
		out["$"+name] = at[i].text
	}
	return out
}

// assigned is the word that a field stands for.
type assigned struct {
	text     string
	position int // from 1
}

// assign gives each field its word. Without an ellipsis a last field that has
// no condition takes all that is left of the message.
func (f *fieldsForm) assign(message string, words []word) ([]assigned, bool) {
	n, w := len(f.fields), len(words)
	if w < n || n == 0 {
		return nil, w >= n
	}
	takesRest := f.ellipsis < 0 && f.fields[n-1].cond == nil
	if f.ellipsis < 0 && w > n && !takesRest {
		return nil, false
	}
	out := make([]assigned, n)
	for i := range out {
		j := i
		if f.ellipsis >= 0 && i >= f.ellipsis {
			j = w - (n - i)
		}
		out[i] = assigned{words[j].text, j + 1}
	}
	if takesRest && w > n {
		out[n-1].text = strings.TrimRight(message[words[n-1].start:], wordSpace)
	}
	return out, true
}

func (f *fieldsForm) regexes() int { return f.re }

func (f *fieldsForm) needs() clauses {
	var c clauses
	for _, fd := range f.fields {
		if fd.cond != nil {
			c = append(c, fd.cond.needs(f)...)
		}
	}
	return c
}

// textNeeds is simple here: a word is a part of the message as it stands.
func (f *fieldsForm) textNeeds(s string) clauses { return clauses{{s}} }

func (f *fieldsForm) selectorNeeds(int) clauses { return nil }
