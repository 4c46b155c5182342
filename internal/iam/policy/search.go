package policy

import "unicode/utf8"

// anyChar stands for a ? in a piece's characters; noChar for a byte of the text
// that is not UTF-8, which only a ? fits.
const (
	anyChar rune = -1
	noChar  rune = -2
)

// wordBits is the number of places that one step of a search looks at.
const wordBits = 64

// spell writes a piece with a ? out in characters.
func (p *piece) spell() {
	var chars []rune
	wild := false
	for _, a := range p.atoms {
		if a.one {
			chars, wild = append(chars, anyChar), true
			continue
		}
		chars = append(chars, []rune(a.lit)...)
	}
	if wild {
		p.chars = chars
	}
}

// search is cutThrough for a piece with ?: the Shift-And algorithm, which looks
// at every place for the piece at once, a bit each. It takes one step for each
// character of s and each 64 characters of the piece, whatever they are, so that
// "a?a?a?..." costs no more than another pattern of that length.
func (p *piece) search(s string, steps *int) (string, bool) {
	m := len(p.chars)
	if m > len(s) {
		return "", false
	}
	words := (m + wordBits - 1) / wordBits
	masks, wild := p.masks(words)
	state := make([]uint64, words)
	done := uint64(1) << ((m - 1) % wordBits)
	for at := 0; at < len(s); {
		r, n := utf8.DecodeRuneInString(s[at:])
		if r == utf8.RuneError && n == 1 {
			r = noChar
		}
		at += n
		if steps != nil {
			*steps += words
		}
		mask, ok := masks[r]
		if !ok {
			mask = wild
		}
		carry := uint64(1)
		for i, w := range state {
			state[i] = (w<<1 | carry) & mask[i]
			carry = w >> (wordBits - 1)
		}
		if state[words-1]&done != 0 {
			return s[at:], true
		}
	}
	return "", false
}

// masks returns, for each character in the piece, the places that it fits, and
// the places that any other character fits.
func (p *piece) masks(words int) (masks map[rune][]uint64, wild []uint64) {
	wild = make([]uint64, words)
	for i, c := range p.chars {
		if c == anyChar {
			wild[i/wordBits] |= 1 << (i % wordBits)
		}
	}
	masks = map[rune][]uint64{}
	for i, c := range p.chars {
		if c == anyChar {
			continue
		}
		mask, ok := masks[c]
		if !ok {
			mask = append([]uint64(nil), wild...)
			masks[c] = mask
		}
		mask[i/wordBits] |= 1 << (i % wordBits)
	}
	return masks, wild
}
