package pattern

import "strings"

// glob is a value in which * at the beginning or the end stands for any text;
// elsewhere it is itself (User Guide: "Ev*ent" matches only the actual string).
// It is the pieces between the stars that stand for something: "a" has one
// piece, "*a" an empty one before, "a*" an empty one after, "*" two empty ones.
type glob []string

func newGlob(s string) glob {
	text := strings.TrimLeft(s, "*")
	before := len(text) < len(s)
	trimmed := strings.TrimRight(text, "*")
	after := len(trimmed) < len(text)
	switch {
	case before && trimmed == "":
		return glob{"", ""}
	case before && after:
		return glob{"", trimmed, ""}
	case before:
		return glob{"", trimmed}
	case after:
		return glob{trimmed, ""}
	}
	return glob{s}
}

// matches reports whether the whole of s fits.
func (g glob) matches(s string) bool {
	switch len(g) {
	case 1:
		return s == g[0]
	case 2:
		return strings.HasPrefix(s, g[0]) && strings.HasSuffix(s, g[1]) // one of them is empty
	default:
		return strings.Contains(s, g[1])
	}
}
