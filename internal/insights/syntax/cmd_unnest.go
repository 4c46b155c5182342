package syntax

// Unnest is unnest list into name: a row for each element of a list.
type Unnest struct {
	Span
	List *Field
	Into string
}

func (u *Unnest) String() string {
	return "unnest " + u.List.String() + " into " + quoteName(u.Into, false)
}

// Defines returns the name of the element.
func (u *Unnest) Defines() []string { return []string{u.Into} }

func parseUnnest(p *parser, start int) Command {
	u := &Unnest{List: p.field("a field")}
	p.expectWord("into")
	u.Into = p.name("a name for the element")
	u.Span = p.from(start)
	return u
}

// Expand is expand field: a row for each element of a JSON array, under the same name.
type Expand struct {
	Span
	Field *Field
}

func (e *Expand) String() string { return "expand " + e.Field.String() }

// Defines returns the field's name.
func (e *Expand) Defines() []string { return []string{e.Field.Name()} }

func parseExpand(p *parser, start int) Command {
	f := p.field("a field")
	return &Expand{p.from(start), f}
}
