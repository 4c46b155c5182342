package policy

import (
	"strings"
	"unicode/utf8"
)

// glob is a compiled pattern in which * stands for any text and ? for one
// character. It is the list of what stands between the stars: the first piece
// must begin the text, the last must end it, those between occur in order.
type glob []piece

// piece is a run of literals and ? without a star.
type piece []atom

// atom is a literal, or one arbitrary character where one is set.
type atom struct {
	lit string
	one bool
}

// matches reports whether the whole of s fits. Taking the leftmost place for
// each piece between stars is enough, so nothing is tried twice.
func (g glob) matches(s string) bool {
	rest, ok := g[0].cutPrefix(s)
	if !ok {
		return false
	}
	if len(g) == 1 {
		return rest == ""
	}
	last := len(g) - 1
	for _, p := range g[1:last] {
		if rest, ok = p.cutThrough(rest); !ok {
			return false
		}
	}
	_, ok = g[last].cutSuffix(rest)
	return ok
}

// cutPrefix takes the piece from the beginning of s.
func (p piece) cutPrefix(s string) (string, bool) {
	for _, a := range p {
		if a.one {
			if s == "" {
				return "", false
			}
			_, n := utf8.DecodeRuneInString(s)
			s = s[n:]
			continue
		}
		if !strings.HasPrefix(s, a.lit) {
			return "", false
		}
		s = s[len(a.lit):]
	}
	return s, true
}

// cutSuffix takes the piece from the end of s.
func (p piece) cutSuffix(s string) (string, bool) {
	for i := len(p) - 1; i >= 0; i-- {
		a := p[i]
		if a.one {
			if s == "" {
				return "", false
			}
			_, n := utf8.DecodeLastRuneInString(s)
			s = s[:len(s)-n]
			continue
		}
		if !strings.HasSuffix(s, a.lit) {
			return "", false
		}
		s = s[:len(s)-len(a.lit)]
	}
	return s, true
}

// cutThrough finds the leftmost place of the piece in s and returns what follows it.
func (p piece) cutThrough(s string) (string, bool) {
	if len(p) == 0 {
		return s, true
	}
	for {
		if !p[0].one {
			i := strings.Index(s, p[0].lit)
			if i < 0 {
				return "", false
			}
			s = s[i:]
		}
		if rest, ok := p.cutPrefix(s); ok {
			return rest, true
		}
		if len(s) <= len(p) { // every atom takes a byte at least
			return "", false
		}
		_, n := utf8.DecodeRuneInString(s)
		s = s[n:]
	}
}
