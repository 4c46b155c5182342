// Package authres reads Authentication-Results fields (RFC 8601). It keeps
// comments, because that is where filters write a DMARC policy.
package authres

import (
	"errors"
	"strings"
)

// Field is one Authentication-Results field.
type Field struct {
	// ServID is the authserv-id: the host whose filter wrote the field.
	ServID  string
	Results []Result
}

// Result is one method's result.
type Result struct {
	// Method and Value are in lower case: "dmarc", "fail".
	Method, Value string
	Reason        string
	// Properties are by "ptype.property", in lower case.
	Properties map[string]string
	// Comments are those of the result, in order, without parentheses.
	Comments []string
}

// Comment returns the value of "key=value" in any of the result's comments,
// such as p in "(p=reject dis=none)".
func (r Result) Comment(key string) string {
	for _, c := range r.Comments {
		for _, word := range strings.FieldsFunc(c, func(c rune) bool { return c == ' ' || c == ',' || c == ';' || c == '\t' }) {
			if k, v, ok := strings.Cut(word, "="); ok && strings.EqualFold(k, key) {
				return strings.ToLower(v)
			}
		}
	}
	return ""
}

// Parse reads the field's value, folded or not. Results that do not have the
// form method=value are left out.
func Parse(value string) (Field, error) {
	s := scanner{s: value}
	var f Field
	id, _ := s.words()
	f.ServID, _, _ = strings.Cut(id, " ") // a version may follow
	if f.ServID == "" || strings.Contains(f.ServID, "=") {
		return Field{}, errors.New("Authentication-Results without an authserv-id")
	}
	for s.more() {
		if r, ok := s.result(); ok {
			f.Results = append(f.Results, r)
		}
	}
	return f, nil
}

type scanner struct {
	s string
	i int
}

func (s *scanner) more() bool { return s.i < len(s.s) }

// result reads up to the next semicolon: method=value, then reason=, properties
// and comments in any order.
func (s *scanner) result() (Result, bool) {
	text, comments := s.words()
	r := Result{Comments: comments}
	name, rest, ok := strings.Cut(text, "=")
	if !ok {
		return r, false // "none", or a version without a result
	}
	method, _, _ := strings.Cut(name, "/") // a version may follow
	r.Method = strings.ToLower(strings.TrimSpace(method))
	pairs := split("=" + rest)
	r.Value = strings.ToLower(pairs[0].value)
	for _, p := range pairs[1:] {
		switch key := strings.ToLower(p.key); {
		case key == "":
		case key == "reason":
			r.Reason = p.value
		default:
			if r.Properties == nil {
				r.Properties = map[string]string{}
			}
			if _, ok := r.Properties[key]; !ok {
				r.Properties[key] = p.value
			}
		}
	}
	return r, r.Method != ""
}

// words reads up to a semicolon outside of quotes and comments. Comments are
// handed back apart; white space becomes one blank; quoted strings stay quoted.
func (s *scanner) words() (text string, comments []string) {
	var b strings.Builder
	for ; s.i < len(s.s); s.i++ {
		switch c := s.s[s.i]; c {
		case ';':
			s.i++
			return strings.TrimSpace(b.String()), comments
		case '(':
			comments = append(comments, s.comment())
			b.WriteByte(' ')
		case '"':
			b.WriteString(s.quoted())
		case '\t', '\r', '\n', ' ':
			b.WriteByte(' ')
		default:
			b.WriteByte(c)
		}
	}
	return strings.TrimSpace(b.String()), comments
}

// comment reads from "(" to its ")", nested ones included, and leaves the
// scanner on the last byte. A comment that does not end goes to the end.
func (s *scanner) comment() string {
	start, depth := s.i+1, 0
	for ; s.i < len(s.s); s.i++ {
		switch s.s[s.i] {
		case '\\':
			s.i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return strings.TrimSpace(s.s[start:s.i])
			}
		}
	}
	s.i = len(s.s)
	return strings.TrimSpace(s.s[min(start, len(s.s)):])
}

// quoted reads a quoted string with its quotes, leaving the scanner on the last one.
func (s *scanner) quoted() string {
	start := s.i
	for s.i++; s.i < len(s.s); s.i++ {
		switch s.s[s.i] {
		case '\\':
			s.i++
		case '"':
			return s.s[start : s.i+1]
		}
	}
	s.i = len(s.s)
	return s.s[start:] + `"`
}

type pair struct{ key, value string }

// split cuts "a=b c = "d e" f" at blanks outside of quotes; a word without "="
// has no key.
func split(text string) []pair {
	text = tighten(text)
	var list []pair
	for _, w := range fields(text) {
		key, value, ok := strings.Cut(w, "=")
		if !ok {
			key, value = "", w
		}
		list = append(list, pair{key, unquote(value)})
	}
	return list
}

// tighten takes the blanks around "=" away.
func tighten(s string) string {
	var b strings.Builder
	in := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '\\' && in && i+1 < len(s) {
			b.WriteByte(c)
			i++
			b.WriteByte(s[i])
			continue
		}
		if c == '"' {
			in = !in
		}
		if c == ' ' && !in && (strings.HasPrefix(strings.TrimLeft(s[i:], " "), "=") || strings.HasSuffix(b.String(), "=")) {
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

func fields(s string) []string {
	var list []string
	start, in := -1, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && in:
			i++
		case c == '"':
			in = !in
			if start < 0 {
				start = i
			}
		case c == ' ' && !in:
			if start >= 0 {
				list = append(list, s[start:i])
			}
			start = -1
		case start < 0:
			start = i
		}
	}
	if start >= 0 {
		list = append(list, s[start:])
	}
	return list
}

func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' {
		return s
	}
	s = strings.TrimSuffix(s[1:], `"`)
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
