package pattern

import (
	"encoding/json"
	"strings"
)

// selectValues returns the values that steps lead to in a JSON text, in its
// order. The text must be valid: the walk looks only for where values end. Of a
// member that stands twice the last counts.
func selectValues(doc string, steps []step) []value {
	doc = strings.TrimLeft(doc, jsonSpace)
	if len(steps) == 0 {
		return []value{toValue(doc[:valueEnd(doc)])}
	}
	s := steps[0]
	switch {
	case doc[0] == '{' && !s.element:
		return selectMember(doc, s, steps[1:])
	case doc[0] == '[' && s.element:
		return selectElement(doc, s, steps[1:])
	}
	return nil
}

const jsonSpace = " \t\r\n"

func selectMember(doc string, s step, rest []step) []value {
	var found []value
	eachMember(doc, func(name, v string) {
		if s.any {
			found = append(found, selectValues(v, rest)...)
		} else if nameIs(name, s.name) {
			found = selectValues(v, rest)
		}
	})
	return found
}

// selectElement does not look where the element ends that an index asks for.
func selectElement(doc string, s step, rest []step) []value {
	var found []value
	doc = strings.TrimLeft(doc[1:], jsonSpace)
	for i := 0; doc[0] != ']'; i++ {
		if !s.any && i == s.index {
			return selectValues(doc, rest)
		}
		end := valueEnd(doc)
		if s.any {
			found = append(found, selectValues(doc[:end], rest)...)
		}
		doc = afterValue(doc[end:])
	}
	return found
}

// eachMember calls f with the quoted name and the text of each member of the
// object that doc begins with.
func eachMember(doc string, f func(name, v string)) {
	doc = strings.TrimLeft(doc[1:], jsonSpace)
	for doc[0] != '}' {
		n := stringEnd(doc)
		name := doc[:n]
		doc = strings.TrimLeft(doc[n:], jsonSpace) // at the colon
		doc = strings.TrimLeft(doc[1:], jsonSpace) // at the value
		end := valueEnd(doc)
		f(name, doc[:end])
		doc = afterValue(doc[end:])
	}
}

// afterValue goes from the end of a member or element to the next, or to the
// closing brace or bracket.
func afterValue(s string) string {
	s = strings.TrimLeft(s, jsonSpace)
	return strings.TrimLeft(strings.TrimPrefix(s, ","), jsonSpace)
}

// valueEnd returns the length of the JSON value that s begins with.
func valueEnd(s string) int {
	switch s[0] {
	case '"':
		return stringEnd(s)
	case '{', '[':
		return containerEnd(s)
	}
	if i := strings.IndexAny(s, ",]}"+jsonSpace); i >= 0 {
		return i
	}
	return len(s)
}

func containerEnd(s string) int {
	depth := 0
	for i := 0; ; {
		switch s[i] {
		case '"':
			i += stringEnd(s[i:])
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		i++
		if depth == 0 {
			return i
		}
	}
}

// stringEnd returns the length of the JSON string, quotes included, that s begins with.
func stringEnd(s string) int {
	for i := 1; ; {
		n := strings.IndexAny(s[i:], `"\`)
		if s[i+n] == '"' {
			return i + n + 1
		}
		i += n + 2
	}
}

func nameIs(quoted, name string) bool {
	inside := quoted[1 : len(quoted)-1]
	return inside == name || strings.Contains(inside, `\`) && unquote(quoted) == name
}

func unquote(quoted string) string {
	if !strings.Contains(quoted, `\`) {
		return quoted[1 : len(quoted)-1]
	}
	var s string
	if err := json.Unmarshal([]byte(quoted), &s); err != nil {
		return "" // not reached: the whole text has been found valid
	}
	return s
}

// toValue reads a JSON value.
func toValue(s string) value {
	switch s[0] {
	case '"':
		return value{stringValue, unquote(s)}
	case '{', '[':
		return value{kind: containerValue}
	}
	if kind, ok := constants[s]; ok {
		return value{kind, s}
	}
	return value{numberValue, s}
}
