package syntax

// Filter is filter condition; where is the same.
type Filter struct {
	Span
	Cond Expr
}

func (f *Filter) String() string { return "filter " + f.Cond.String() }

func parseFilter(p *parser, start int) Command {
	x := p.expr()
	return &Filter{p.from(start), x}
}

// parseSearch reads search "text", which looks for the text in @message, and
// search condition, which is filter.
func parseSearch(p *parser, start int) Command {
	if p.tok.kind != tokString {
		return parseFilter(p, start)
	}
	s := &Str{p.tok.Span, p.tok.text}
	p.advance()
	message := &Field{s.Span, []Step{{Name: "@message"}}}
	return &Filter{p.from(start), &Like{Span: s.Span, X: message, Pattern: s}}
}
