package policy

import (
	"bytes"
	"unicode/utf8"
)

// Position is a place in the text of a document: line and column count from
// one, columns in characters.
type Position struct{ Line, Column int }

// span is where a statement stands in its document's text.
type span struct{ begin, end Position }

// positions turns byte offsets into positions. It reads the text once, so the
// offsets must not go back.
type positions struct {
	text   []byte
	offset int
	at     Position
}

func newPositions(text []byte) *positions {
	return &positions{text: text, at: Position{Line: 1, Column: 1}}
}

func (p *positions) of(offset int) Position {
	for p.offset < offset {
		r, n := utf8.DecodeRune(p.text[p.offset:])
		p.offset += n
		p.at.Column++
		if r == '\n' {
			p.at = Position{Line: p.at.Line + 1, Column: 1}
		}
	}
	return p.at
}

// afterColon returns the offset after the next colon, which in front of a
// member's value stands between white space only.
func (p *positions) afterColon(offset int) int {
	return offset + bytes.IndexByte(p.text[offset:], ':') + 1
}

// Span returns where a statement stands in the text that was parsed. As
// SimulatePrincipalPolicy has it, it begins right after the token before the
// statement and ends right after its closing brace.
func (d *Document) Span(statement int) (begin, end Position) {
	s := d.statements[statement].span
	return s.begin, s.end
}
