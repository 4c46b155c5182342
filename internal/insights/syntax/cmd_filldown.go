package syntax

import (
	"strings"
)

// FillDown is filldown a cpu*: missing values become those of the row before.
type FillDown struct {
	Span
	// Names may hold "*"; none means all columns.
	Names []string
}

func (f *FillDown) String() string {
	out := "filldown"
	for _, n := range f.Names {
		parts := strings.Split(n, "*")
		for i, part := range parts {
			if part != "" {
				parts[i] = quoteName(part, false)
			}
		}
		out += " " + strings.Join(parts, "*")
	}
	return out
}

func parseFillDown(p *parser, start int) Command {
	f := &FillDown{}
	for !p.atEnd() {
		f.Names = append(f.Names, p.wildcard())
		p.takePunct(",")
	}
	f.Span = p.from(start)
	return f
}

// wildcard reads a name in which "*" may stand.
func (p *parser) wildcard() string {
	var b strings.Builder
	for first := true; first || !p.tok.spaced && !p.atEnd(); first = false {
		switch {
		case p.takePunct("*"):
			b.WriteByte('*')
		case p.tok.kind == tokWord || p.tok.kind == tokQuoted:
			b.WriteString(p.tok.text)
			p.advance()
		case first:
			p.unexpected("a field, in which * may stand")
		default:
			return b.String()
		}
	}
	return b.String()
}
