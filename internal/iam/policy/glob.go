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
type piece struct {
	atoms []atom
	// chars is the piece character by character, anyChar for ?; nil for a piece without ?.
	chars []rune
}

// atom is a literal, or one arbitrary character where one is set.
type atom struct {
	lit string
	one bool
}

// globOf makes a glob of a template's parts, all of which have their text.
func globOf(parts []part) glob {
	g := glob{{}}
	var lit strings.Builder
	flush := func() {
		if lit.Len() > 0 {
			last := &g[len(g)-1]
			last.atoms = append(last.atoms, atom{lit: lit.String()})
			lit.Reset()
		}
	}
	for _, p := range parts {
		switch p.kind {
		case starPart:
			flush()
			g = append(g, piece{})
		case onePart:
			flush()
			last := &g[len(g)-1]
			last.atoms = append(last.atoms, atom{one: true})
		default:
			lit.WriteString(p.text)
		}
	}
	flush()
	for i := 1; i < len(g)-1; i++ { // only those between stars are searched for
		g[i].spell()
	}
	return g
}

// matches reports whether the whole of s fits. Taking the leftmost place for
// each piece between stars is enough, so nothing is tried twice.
func (g glob) matches(s string) bool { return g.match(s, nil) }

// match is matches; where steps is not nil it adds what the searches took.
func (g glob) match(s string, steps *int) bool {
	rest, ok := g[0].cutPrefix(s)
	if !ok {
		return false
	}
	if len(g) == 1 {
		return rest == ""
	}
	last := len(g) - 1
	for i := 1; i < last; i++ {
		if rest, ok = g[i].cutThrough(rest, steps); !ok {
			return false
		}
	}
	_, ok = g[last].cutSuffix(rest)
	return ok
}

// cutPrefix takes the piece from the beginning of s.
func (p *piece) cutPrefix(s string) (string, bool) {
	for _, a := range p.atoms {
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
func (p *piece) cutSuffix(s string) (string, bool) {
	for i := len(p.atoms) - 1; i >= 0; i-- {
		a := p.atoms[i]
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
func (p *piece) cutThrough(s string, steps *int) (string, bool) {
	switch {
	case len(p.atoms) == 0:
		return s, true
	case p.chars != nil:
		return p.search(s, steps)
	}
	// One literal, which strings.Index finds in linear time.
	lit := p.atoms[0].lit
	end := len(s)
	i := strings.Index(s, lit)
	if i >= 0 {
		end = i + len(lit)
	}
	if steps != nil {
		*steps += end
	}
	return s[end:], i >= 0
}
