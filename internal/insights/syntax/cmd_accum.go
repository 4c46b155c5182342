package syntax

// Accum is accum f as g: a running sum.
type Accum struct {
	Span
	Field *Field
	As    string // the field's own name when the text gives none
}

func (a *Accum) String() string { return "accum " + a.Field.String() + " as " + quoteName(a.As, false) }

// Defines returns the name of the sum.
func (a *Accum) Defines() []string { return []string{a.As} }

func parseAccum(p *parser, start int) Command {
	a := &Accum{Field: p.field("a field")}
	a.As = a.Field.Name()
	if p.take("as") {
		a.As = p.name("an alias")
	}
	a.Span = p.from(start)
	return a
}
