package syntax

import (
	"strconv"
)

// boolean takes true or false.
func (p *parser) boolean() bool {
	b := p.isWord("true")
	if !b && !p.isWord("false") {
		p.unexpected("true or false")
	}
	p.advance()
	return b
}

func itoa(n int) string { return strconv.Itoa(n) }
