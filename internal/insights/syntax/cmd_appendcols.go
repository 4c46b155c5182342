package syntax

// AppendCols is appendcols ( subquery ): the subquery's rows beside these, one by one.
type AppendCols struct {
	Span
	Override bool
	Max      int
	Sub      *Query
}

func (a *AppendCols) String() string {
	out := "appendcols "
	if a.Override {
		out += "override=true "
	}
	if a.Max != defaultAppend {
		out += "max=" + itoa(a.Max) + " "
	}
	return out + "(" + a.Sub.String() + ")"
}

const defaultAppend = 10_000

func parseAppendCols(p *parser, start int) Command {
	a := &AppendCols{Max: defaultAppend}
	for {
		switch {
		case p.option("override"):
			a.Override = p.boolean()
			continue
		case p.option("max"):
			a.Max = int(p.integer("max", 1, MaxLimit))
			continue
		}
		break
	}
	a.Sub = p.subquery()
	a.Span = p.from(start)
	return a
}

// Defines returns the names that the subquery makes.
func (a *AppendCols) Defines() []string {
	var out []string
	for _, c := range a.Sub.Commands {
		if d, ok := c.(interface{ Defines() []string }); ok {
			out = append(out, d.Defines()...)
		}
	}
	return out
}
