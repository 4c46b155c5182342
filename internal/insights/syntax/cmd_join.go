package syntax

// Join is join type=left left=a right=b where a.x=b.y (SOURCE 'group' | ...).
type Join struct {
	Span
	// Outer keeps rows that nothing matches: type=left. The other type is inner.
	Outer       bool
	Left, Right string
	// LeftKey and RightKey are the names of the fields, without Left and Right.
	LeftKey, RightKey string
	Sub               *Query
}

func (j *Join) String() string {
	kind := "inner"
	if j.Outer {
		kind = "left"
	}
	return "join type=" + kind + " left=" + quoteName(j.Left, false) + " right=" + quoteName(j.Right, false) +
		" where " + sideKey(j.Left, j.LeftKey) + "=" + sideKey(j.Right, j.RightKey) + " (" + j.Sub.String() + ")"
}

func sideKey(side, key string) string {
	return quoteName(side, false) + "." + quoteName(key, true)
}

func parseJoin(p *parser, start int) Command {
	j := &Join{}
	if p.option("type") {
		switch {
		case p.take("left"):
			j.Outer = true
		case !p.take("inner"):
			p.unexpected("inner or left")
		}
	}
	j.Left = p.side("left")
	j.Right = p.side("right")
	if j.Left == j.Right {
		p.fail(p.from(start), "the sides of a join need different names")
	}
	p.expectWord("where")
	a := p.field("a field of the left side")
	p.expectPunct("=")
	b := p.field("a field of the right side")
	p.joinKeys(j, a, b)
	j.Sub = p.subquery()
	j.Span = p.from(start)
	return j
}

func (p *parser) side(name string) string {
	if !p.option(name) {
		p.unexpected(`"` + name + `="`)
	}
	return p.name("a name for the side")
}

// joinKeys takes the sides' names off the key fields, which may stand either way round.
func (p *parser) joinKeys(j *Join, a, b *Field) {
	if len(a.Steps) > 1 && a.Steps[0].Name == j.Right {
		a, b = b, a
	}
	for _, k := range []struct {
		f    *Field
		side string
		to   *string
	}{{a, j.Left, &j.LeftKey}, {b, j.Right, &j.RightKey}} {
		if len(k.f.Steps) < 2 || k.f.Steps[0].Name != k.side {
			p.fail(k.f.Span, "a field of the side "+k.side+" is expected")
		}
		*k.to = (&Field{Steps: k.f.Steps[1:]}).Name()
	}
}

// Defines returns the sides' names, under which fields are found.
func (j *Join) Defines() []string { return []string{j.Left, j.Right} }
