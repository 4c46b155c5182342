package pattern

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// terms is the form of words and phrases. All that are required must occur and
// none that is excluded; if there are neither, one of the optional ones must.
// Optional terms beside others are ignored, which is documented.
type terms struct {
	required, excluded, optional []term
}

// term is a text that occurs in a message, or a regular expression that fits a
// part of it.
type term struct {
	text string
	re   *regexp.Regexp
	// literals are what every message contains that re matches.
	literals []string
}

func (t term) in(message string) bool {
	for _, l := range t.literals { // an expression is a hundred times as slow
		if !strings.Contains(message, l) {
			return false
		}
	}
	if t.re != nil {
		return t.re.MatchString(message)
	}
	return strings.Contains(message, t.text)
}

// needs returns what a message with the term contains.
func (t term) needs() clauses {
	if t.re == nil {
		return clauses{{t.text}}
	}
	var c clauses
	for _, l := range t.literals {
		c = append(c, []string{l})
	}
	return c
}

// parseTerms reads words, "phrases" and %regular expressions%, each with an
// optional - or ? before it.
func parseTerms(s string) (form, error) {
	f := &terms{}
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimLeftFunc(s, unicode.IsSpace) {
		list := &f.required
		switch s[0] {
		case '-':
			list = &f.excluded
		case '?':
			list = &f.optional
		}
		if list != &f.required {
			s = strings.TrimLeftFunc(s[1:], unicode.IsSpace)
		}
		t, rest, err := cutTerm(s)
		if err != nil {
			return nil, err
		}
		*list = append(*list, t)
		s = rest
	}
	return f, nil
}

func cutTerm(s string) (term, string, error) {
	switch {
	case s == "":
		return term{}, "", errInvalid()
	case s[0] == '"':
		text, rest, err := cutQuoted(s)
		if strings.TrimSpace(text) == "" {
			text = "" // documented: " " matches everything
		}
		return term{text: text}, rest, err
	case s[0] == '%':
		re, rest, err := cutRegex(s)
		if err != nil {
			return term{}, rest, err
		}
		return term{re: re, literals: regexNeeds(re)}, rest, nil
	}
	end := strings.IndexFunc(s, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end < 0 {
		end = len(s)
	}
	if r, _ := utf8.DecodeRuneInString(s[end:]); end < len(s) && !unicode.IsSpace(r) {
		return term{}, "", errCharacter(r)
	}
	return term{text: s[:end]}, s[end:], nil
}

// cutQuoted reads a text in double quotes at the beginning of s. A backslash
// before a quote or a backslash takes it literally, and stands for itself before all else.
func cutQuoted(s string) (text, rest string, err error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], nil
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", errInvalid()
}

func (f *terms) match(message string, _ bool) (map[string]string, bool) {
	for _, t := range f.required {
		if !t.in(message) {
			return nil, false
		}
	}
	for _, t := range f.excluded {
		if t.in(message) {
			return nil, false
		}
	}
	if len(f.required)+len(f.excluded) > 0 || len(f.optional) == 0 {
		return nil, true
	}
	for _, t := range f.optional {
		if t.in(message) {
			return nil, true
		}
	}
	return nil, false
}

func (f *terms) needs() clauses {
	var c clauses
	for _, t := range f.required {
		c = append(c, t.needs()...)
	}
	if len(f.required)+len(f.excluded) > 0 || len(f.optional) == 0 {
		return c
	}
	c = f.optional[0].needs()
	for _, t := range f.optional[1:] {
		c = c.either(t.needs())
	}
	return c
}

func (f *terms) regexes() int {
	n := 0
	for _, list := range [][]term{f.required, f.excluded, f.optional} {
		for _, t := range list {
			if t.re != nil {
				n++
			}
		}
	}
	return n
}
