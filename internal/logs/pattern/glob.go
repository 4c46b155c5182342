package pattern

import "strings"

// glob is a value in which * stands for any text: the pieces between the stars.
type glob []string

func newGlob(s string) glob { return strings.Split(s, "*") }

// matches reports whether the whole of s fits. The leftmost place for each
// piece is enough, so nothing is tried twice.
func (g glob) matches(s string) bool {
	if len(g) == 1 {
		return s == g[0]
	}
	rest, ok := strings.CutPrefix(s, g[0])
	if !ok {
		return false
	}
	last := len(g) - 1
	for _, piece := range g[1:last] {
		i := strings.Index(rest, piece)
		if i < 0 {
			return false
		}
		rest = rest[i+len(piece):]
	}
	return strings.HasSuffix(rest, g[last])
}
