package pattern

import (
	"slices"
	"strings"
)

// clauses is a conjunction of lists of texts: a message that matches contains a
// text of each list. No list at all says nothing of the message.
type clauses [][]string

// maxClause bounds the number of texts in a list; a longer one costs more than it saves.
const maxClause = 10

// tidy drops empty texts, which say nothing, and repeated lists.
func (c clauses) tidy() clauses {
	var out clauses
	for _, list := range c {
		list = slices.Clone(list)
		slices.Sort(list)
		list = slices.Compact(list)
		if len(list) == 0 || list[0] == "" || len(list) > maxClause {
			continue
		}
		if !slices.ContainsFunc(out, func(o []string) bool { return slices.Equal(o, list) }) {
			out = append(out, list)
		}
	}
	return out
}

// either returns what a message needs that fits one of two patterns: the union
// of the most telling list of each.
func (c clauses) either(d clauses) clauses {
	a, b := c.best(), d.best()
	if a == nil || b == nil {
		return nil
	}
	return clauses{append(slices.Clone(a), b...)}.tidy()
}

// best returns the list whose shortest text is longest, the escape aside.
func (c clauses) best() []string {
	var best []string
	for _, list := range c.tidy() {
		if best == nil || telling(list) > telling(best) {
			best = list
		}
	}
	return best
}

func telling(list []string) int {
	n := 1 << 30
	for _, s := range list {
		if s != escape {
			n = min(n, len(s))
		}
	}
	return n
}

// escape begins the JSON escape that can stand for any character.
const escape = `\u`

// jsonText returns what a JSON message needs in order to hold s in a string or
// a name: each run of characters that have no short escape, or the long escape.
func jsonText(s string) clauses {
	var out clauses
	for _, run := range strings.FieldsFunc(s, hasShortEscape) {
		out = append(out, []string{run, escape})
	}
	return out
}

// hasShortEscape reports whether a character may or must be written with a
// backslash (RFC 8259 section 7). U+FFFD may stand for bytes that are not UTF-8.
func hasShortEscape(r rune) bool {
	return r < ' ' || r == '"' || r == '\\' || r == '/' || r == '\uFFFD'
}
