package syntax

// Dedup is dedup x, y: of rows with the same values the first in sort order stays.
type Dedup struct {
	Span
	Fields []*Field
}

func (d *Dedup) String() string { return "dedup " + joinFields(d.Fields) }

func parseDedup(p *parser, start int) Command {
	fields := p.fields()
	return &Dedup{p.from(start), fields}
}
