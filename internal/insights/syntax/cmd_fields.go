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

// Defines returns the names of the columns.
func (f *Fields) Defines() []string { return columnsOf(f.Items) }

// Defines returns the names of the columns.
func (d *Display) Defines() []string { return columnsOf(d.Items) }

func columnsOf(items []Item) []string {
	var out []string
	for i := range items {
		out = append(out, items[i].Column())
	}
	return out
}
