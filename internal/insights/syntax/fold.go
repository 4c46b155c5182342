package syntax

import "strings"

// ContainsFold reports whether s holds lower, which is ASCII in lower case,
// whatever the case of s's ASCII letters. It looks for lower's rarest letter in
// both cases, which is what makes it fast.
func ContainsFold(s, lower string) bool {
	n := len(lower)
	switch {
	case n == 0:
		return true
	case n > len(s):
		return false
	}
	at := rarest(lower)
	small := lower[at]
	big := small
	if small >= 'a' && small <= 'z' {
		big -= 'a' - 'A'
	}
	last := len(s) - n // the last place where lower could begin
	nextSmall, nextBig := -1, -1
	for from := at; from <= last+at; {
		if nextSmall < from {
			nextSmall = indexFrom(s, small, from)
		}
		if nextBig < from {
			nextBig = indexFrom(s, big, from)
		}
		i := min(nextSmall, nextBig)
		if i > last+at {
			return false
		}
		if equalFold(s[i-at:i-at+n], lower) {
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

// common are the bytes of mail events and text, commonest first.
const common = "e\"taonirsldhmcu,:.-_pgfybvw 0123456789@kjxqz"

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
