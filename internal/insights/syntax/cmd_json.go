package syntax

// JSON is json field=f "a.b" as x: a member of the JSON text or map in f.
type JSON struct {
	Span
	Field *Field
	Path  string
	As    string
}

func (j *JSON) String() string {
	return "json field=" + j.Field.String() + " " + QuoteString(j.Path) + " as " + quoteName(j.As, false)
}

// Defines returns the alias.
func (j *JSON) Defines() []string { return []string{j.As} }

func parseJSON(p *parser, start int) Command {
	if !p.option("field") {
		p.unexpected(`"field="`)
	}
	j := &JSON{Field: p.field("a field")}
	at := p.tok.Span
	if j.Path = p.str("a path in quotes"); j.Path == "" {
		p.fail(at, "empty path")
	}
	p.expectWord("as")
	j.As = p.name("an alias")
	j.Span = p.from(start)
	return j
}
