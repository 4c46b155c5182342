package exec

import (
	"cmp"
	"math"
	"strings"

	"waybill/internal/insights/syntax"
)

// sortValue readies v for compare: a text that is a number becomes one and keeps
// its text, so that "01" and "1" stay apart.
func sortValue(v value) value {
	if v.kind == kindText {
		if n, ok := syntax.ParseNumber(v.s); ok {
			return value{kind: kindNumber, n: n, s: v.s}
		}
	}
	return v
}

// compare orders two values that sortValue made, as sort does: missing ones first,
// then what is no number in natural order, then numbers.
func compare(a, b value) int {
	if c := cmp.Compare(rank(a), rank(b)); c != 0 {
		return c
	}
	switch rank(a) {
	case 1:
		return natural(a.display(), b.display())
	case 2:
		return cmp.Or(cmp.Compare(a.n, b.n), strings.Compare(a.s, b.s))
	}
	return 0
}

func rank(v value) int {
	switch v.kind {
	case kindNull:
		return 0
	case kindText, kindTree:
		return 1
	}
	return 2
}

// natural compares texts chunk by chunk: digits by how many they are and then by
// what they are, anything else by code points.
func natural(a, b string) int {
	for a != "" && b != "" {
		if !isDigit(a[0]) || !isDigit(b[0]) {
			if a[0] != b[0] {
				return cmp.Compare(a[0], b[0]) // UTF-8 keeps the order of code points
			}
			a, b = a[1:], b[1:]
			continue
		}
		na, nb := digits(a), digits(b)
		if c := cmp.Or(cmp.Compare(na, nb), strings.Compare(a[:na], b[:nb])); c != 0 {
			return c
		}
		a, b = a[na:], b[nb:]
	}
	return cmp.Compare(len(a), len(b))
}

// beginning returns a number such that of two values, ready for compare, the one
// with the smaller number comes first; equal numbers tell nothing.
func beginning(v value) uint64 {
	switch rank(v) {
	case 0:
		return 0
	case 2:
		return math.MaxUint64
	}
	var n uint64
	s := v.display()
	for i := range 8 {
		n <<= 8
		if i >= len(s) {
			continue
		}
		if isDigit(s[i]) { // from here on digits are counted first
			return (n | '0') << (8 * (7 - i))
		}
		n |= uint64(s[i])
	}
	return n
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func digits(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

// equal is the language's "=". With a number, a boolean or a time on one side the
// other is read as a number; two texts are equal when they are the same text.
func equal(a, b value) truth {
	switch {
	case a.kind == kindNull || b.kind == kindNull:
		return unknown
	case a.kind == kindTree || b.kind == kindTree:
		return no
	case a.kind == kindText && b.kind == kindText:
		return truthOf(a.s == b.s)
	case a.kind == kindBool || b.kind == kindBool:
		return truthOf(a.truth() == b.truth())
	}
	x, okX := a.num()
	y, okY := b.num()
	return truthOf(okX && okY && x == y)
}

// order compares for "<" and its like; ok is false when the two cannot be
// compared: a number with a text that is none.
func order(a, b value) (c int, ok bool) {
	x, okX := a.num()
	y, okY := b.num()
	switch {
	case okX && okY:
		return cmp.Compare(x, y), true
	case a.kind == kindText && b.kind == kindText:
		return strings.Compare(a.s, b.s), true
	}
	return 0, false
}
