package syntax

// Fields is fields x, y as z: more columns, old and new ones.
type Fields struct {
	Span
	Items []Item
}

// Display is display x, y: exactly these columns in the answer.
type Display struct {
	Span
	Items []Item
}

func (f *Fields) String() string  { return "fields " + joinItems(f.Items) }
func (d *Display) String() string { return "display " + joinItems(d.Items) }

func parseFields(p *parser, start int) Command {
	items := p.items()
	return &Fields{p.from(start), items}
}

func parseDisplay(p *parser, start int) Command {
	items := p.items()
	return &Display{p.from(start), items}
}
