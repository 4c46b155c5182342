package pattern

import "strings"

// wordSpace separates words.
const wordSpace = " \t\r\n"

// word is a piece of a message between spaces. What stands in double quotes or
// in brackets is one word, without them.
type word struct {
	text  string
	start int // offset in the message, of the quote or bracket if there is one
}

// cutter cuts a message into words in one pass.
type cutter struct {
	message string
	// unclosed remembers, by closing character, that none follows: a message
	// full of opening ones is not searched again and again.
	unclosed [256]bool
}

// cutWords cuts a message into words.
func cutWords(message string) []word {
	c := &cutter{message: message}
	var out []word
	for i := 0; i < len(message); {
		if strings.IndexByte(wordSpace, message[i]) >= 0 {
			i++
			continue
		}
		text, n := c.word(i)
		out = append(out, word{text, i})
		i += n
	}
	return out
}

// word returns the word that begins at i, and its length.
func (c *cutter) word(i int) (string, int) {
	s := c.message[i:]
	switch s[0] {
	case '"':
		if n := c.closing(s, '"'); n > 0 {
			return s[1:n], n + 1
		}
	case '[':
		if n := c.closing(s, ']'); n > 0 {
			return s[1:n], n + 1
		}
	}
	if n := strings.IndexAny(s, wordSpace); n >= 0 {
		return s[:n], n
	}
	return s, len(s)
}

// closing returns where in s the quote or bracket stands that ends a word:
// before a space or at the end. Without one it returns 0.
func (c *cutter) closing(s string, closing byte) int {
	if c.unclosed[closing] {
		return 0
	}
	for i := 1; i < len(s); i++ {
		if s[i] == closing && (i+1 == len(s) || strings.IndexByte(wordSpace, s[i+1]) >= 0) {
			return i
		}
	}
	c.unclosed[closing] = true
	return 0
}
