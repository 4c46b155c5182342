package syntax

// Unmask is unmask a, b: the fields as they are behind a data protection policy.
type Unmask struct {
	Span
	Fields []*Field
}

func (u *Unmask) String() string { return "unmask " + joinFields(u.Fields) }

func parseUnmask(p *parser, start int) Command {
	fields := p.fields()
	return &Unmask{p.from(start), fields}
}

// FilterIndex is filterIndex field = "value", or in [..]: filter by an indexed field.
type FilterIndex struct {
	Span
	Cond Expr
}

func (f *FilterIndex) String() string { return "filterIndex " + f.Cond.String() }

func parseFilterIndex(p *parser, start int) Command {
	x := p.expr()
	for _, part := range conjuncts(x) {
		p.checkIndexed(part)
	}
	return &FilterIndex{p.from(start), x}
}

func (p *parser) checkIndexed(x Expr) {
	switch x := x.(type) {
	case *Binary:
		if _, ok := x.X.(*Field); ok && x.Op == OpEq {
			return
		}
	case *In:
		if _, ok := x.X.(*Field); ok && !x.Not && x.Sub == nil {
			return
		}
	}
	p.fail(x.At(), "filterIndex takes only field = value and field in [values], joined by and")
}
