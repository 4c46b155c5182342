package syntax

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// ContainsFold reports whether s holds lower, which is ASCII in lower case,
// whatever the case of s's ASCII letters.
func ContainsFold(s, lower string) bool { return containsFold(s, lower, rarest(lower)) }

// containsFold looks for the letter of lower that stands at a place, the rarest
// one, in both cases: that is what makes it fast.
func containsFold(s, lower string, at int) bool {
	n := len(lower)
	switch {
	case n == 0:
		return true
	case n > len(s):
		return false
	}
	small := lower[at]
	big := small
	if small >= 'a' && small <= 'z' {
		big -= 'a' - 'A'
	}
	last := len(s) - n // the last place where lower could begin
	nextSmall, nextBig := -1, -1
	if big == small {
		nextBig = len(s)
	}
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

// isASCII reports whether s has no byte beyond ASCII; eight at a time, since
// nearly every text is looked through to its end.
func isASCII(s string) bool {
	const high = 0x8080808080808080
	b := []byte(s) // not copied: it stays here
	for ; len(b) >= 8; b = b[8:] {
		if binary.NativeEndian.Uint64(b)&high != 0 {
			return false
		}
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// common are the bytes of mail events, commonest first, as counted over the golden
// corpus; "@" and "." go further up, because an address, which is what is looked for
// most, has them always. What is not there is rarer.
const common = `"ea0tmin:sdrc1o2l@.p,75943v68fb- /xugwz{}_kyj<>[]hq#`

// rarest returns the place of the byte of s to look for. One that is no letter has
// no other case to look for as well, so it is taken even if a letter is rarer, but
// not one that every address has.
func rarest(s string) int {
	var place, rank [2]int // of letters and of others
	rank[0], rank[1] = -1, strings.IndexByte(common, '.')
	for i := 0; i < len(s); i++ {
		kind := 1
		if s[i] >= 'a' && s[i] <= 'z' {
			kind = 0
		}
		r := strings.IndexByte(common, s[i])
		if r < 0 {
			r = len(common)
		}
		if r > rank[kind] {
			place[kind], rank[kind] = i, r
		}
	}
	if rank[1] > strings.IndexByte(common, '.') || rank[0] < 0 {
		return place[1]
	}
	return place[0]
}
