package syntax

// TagFilter is one condition of logGroupTags([{"key":"team", "values":["a", "b*"]}]):
// a log group has a tag Key, and one of Values fits its value; no values mean any.
// A value may have "*" for any text, and "!" before it for values that it does not fit.
type TagFilter struct {
	Key    string
	Values []string
}

// The limits of the guide.
const (
	maxTagFilters = 5
	maxTagValues  = 5
)

func (f *TagFilter) String() string {
	out := `{"key":` + QuoteString(f.Key)
	if len(f.Values) > 0 {
		out += `, "values":` + stringList(f.Values)
	}
	return out + "}"
}

// tagFilters reads ([{...}, ...]).
func (p *parser) tagFilters() []TagFilter {
	at := p.tok.Span
	p.expectPunct("(")
	p.expectPunct("[")
	out := []TagFilter{p.tagFilter()}
	for p.takePunct(",") {
		out = append(out, p.tagFilter())
	}
	p.expectPunct("]")
	p.expectPunct(")")
	if len(out) > maxTagFilters {
		p.fail(Span{at.Start, p.last}, "too many tag filters")
	}
	return out
}

// tagFilter reads {"key":"k", "values":["v"]}.
func (p *parser) tagFilter() TagFilter {
	f := TagFilter{}
	start := p.tok.Start
	p.expectPunct("{")
	for {
		switch name := p.member(); name {
		case "key":
			f.Key = p.str("a tag's key in quotes")
		default:
			f.Values = p.strings("tag values", maxTagValues)
		}
		if !p.takePunct(",") {
			break
		}
	}
	p.expectPunct("}")
	if f.Key == "" {
		p.fail(p.from(start), "a tag filter needs a key")
	}
	return f
}

// member takes "key": or "values":, in quotes or without.
func (p *parser) member() string {
	name := p.tok.text
	if p.tok.kind != tokString && p.tok.kind != tokWord || name != "key" && name != "values" {
		p.unexpected(`"key" or "values"`)
	}
	p.advance()
	p.expectPunct(":")
	return name
}
