package pattern

import (
	"strconv"
	"strings"
)

// path is a property selector: $.a.b[0], $.a[*], $.*, $.['a.b'].
type path struct {
	raw   string
	steps []step
}

// step goes to a member of an object, an element of an array, or, as a
// wildcard, to all of either.
type step struct {
	name    string
	index   int // -1 for a member
	any     bool
	element bool // of an array
}

// wildcards counts the wildcard steps, of which a path may have one.
func (p path) wildcards() int {
	n := 0
	for _, s := range p.steps {
		if s.any {
			n++
		}
	}
	return n
}

// cutPath reads a selector at the beginning of s.
func cutPath(s string) (path, string, error) {
	p := path{}
	rest := s[1:]
	for {
		var st step
		var err error
		switch {
		case strings.HasPrefix(rest, ".["):
			st, rest, err = cutBracket(rest[1:])
		case strings.HasPrefix(rest, "["):
			st, rest, err = cutBracket(rest)
		case strings.HasPrefix(rest, ".*"):
			st, rest = step{any: true, index: -1}, rest[2:]
		case strings.HasPrefix(rest, "."):
			st, rest, err = cutName(rest[1:])
		default:
			p.raw = s[:len(s)-len(rest)]
			if len(p.steps) == 0 || p.wildcards() > 1 {
				return path{}, "", errInvalid()
			}
			return p, rest, nil
		}
		if err != nil {
			return path{}, "", err
		}
		p.steps = append(p.steps, st)
	}
}

func cutName(s string) (step, string, error) {
	end := strings.IndexFunc(s, func(r rune) bool { return !isAlphanumeric(r) && r != '_' && r != '-' })
	if end < 0 {
		end = len(s)
	}
	if end == 0 {
		return step{}, "", invalid("Invalid character(s) in term '$.'")
	}
	return step{name: s[:end], index: -1}, s[end:], nil
}

// cutBracket reads [0], [*], ['name'] or ["name"].
func cutBracket(s string) (step, string, error) {
	if len(s) > 2 && (s[1] == '\'' || s[1] == '"') {
		i := strings.IndexByte(s[2:], s[1])
		if i <= 0 || !strings.HasPrefix(s[i+3:], "]") {
			return step{}, "", errInvalid()
		}
		return step{name: s[2 : i+2], index: -1}, s[i+4:], nil
	}
	i := strings.IndexByte(s, ']')
	if i < 0 {
		return step{}, "", errInvalid()
	}
	inside, rest := strings.TrimSpace(s[1:i]), s[i+1:]
	if inside == "*" {
		return step{any: true, element: true}, rest, nil
	}
	n, err := strconv.ParseUint(inside, 10, 31)
	if err != nil {
		return step{}, "", errInvalid()
	}
	return step{index: int(n), element: true}, rest, nil
}
