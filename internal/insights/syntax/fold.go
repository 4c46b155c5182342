package syntax

import "strings"

// Fold looks for a text in any ASCII case. It goes by the text's rarest letter, in
// both cases, which is what makes it fast.
type Fold struct {
	lower      string
	at         int // where in lower the rarest byte is
	small, big byte
}

// NewFold returns a search for lower, which is ASCII in lower case.
func NewFold(lower string) Fold {
	f := Fold{lower: lower}
	if lower == "" {
		return f
	}
	f.at = rarest(lower)
	f.small = lower[f.at]
	f.big = f.small
	if f.small >= 'a' && f.small <= 'z' {
		f.big -= 'a' - 'A'
	}
	return f
}

// ContainsFold reports whether s holds lower, which is ASCII in lower case,
// whatever the case of s's ASCII letters.
func ContainsFold(s, lower string) bool {
	f := NewFold(lower)
	return f.In(s)
}

// In reports whether s holds the text.
func (f *Fold) In(s string) bool {
	n, at := len(f.lower), f.at
	switch {
	case n == 0:
		return true
	case n > len(s):
		return false
	}
	end := len(s) - n + at + 1 // beyond the last place where the rarest byte could be
	nextSmall, nextBig := -1, -1
	if f.big == f.small {
		nextBig = end
	}
	for from := at; from < end; {
		if nextSmall < from {
			nextSmall = indexFrom(s[:end], f.small, from)
		}
		if nextBig < from {
			nextBig = indexFrom(s[:end], f.big, from)
		}
		i := min(nextSmall, nextBig)
		if i >= end {
			return false
		}
		if equalFold(s[i-at:i-at+n], f.lower) {
			return true
		}
		from = i + 1
	}
	return false
}

func indexFrom(s string, c byte, from int) int {
	i := strings.IndexByte(s[from:], c)
	if i < 0 {
		return len(s)
	}
	return from + i
}

// equalFold compares s, ASCII letters in lower case, with lower.
func equalFold(s, lower string) bool {
	for i := 0; i < len(lower); i++ {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// common are the bytes of mail events, commonest first, counted over the golden
// corpus; what is not there is rarer.
const common = `"ea0tmin:sdrc1o2lp,75943v68fb- ./xugwz{}@_kyj<>[]hq#`

func rarest(s string) int {
	best, at := -1, 0
	for i := 0; i < len(s); i++ {
		r := strings.IndexByte(common, s[i])
		if r < 0 {
			return i
		}
		if r > best {
			best, at = r, i
		}
	}
	return at
}
