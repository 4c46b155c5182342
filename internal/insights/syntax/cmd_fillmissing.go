package syntax

// FillMissing is fillmissing with 0 for c: rows for the empty bins of a stats.
type FillMissing struct {
	Span
	With []FillValue
}

// FillValue is a constant for a column of the new rows.
type FillValue struct {
	Value Expr // a *Num, *Str, *Bool or a *Unary of a *Num
	For   string
}

func (f *FillMissing) String() string {
	out := "fillmissing"
	for i, w := range f.With {
		if i == 0 {
			out += " with "
		} else {
			out += ", "
		}
		out += w.Value.String() + " for " + quoteName(w.For, false)
	}
	return out
}

func parseFillMissing(p *parser, start int) Command {
	f := &FillMissing{}
	if p.take("with") {
		for {
			w := FillValue{Value: p.unary()}
			p.expectWord("for")
			w.For = p.name("a column")
			f.With = append(f.With, w)
			if !p.takePunct(",") {
				break
			}
		}
	}
	f.Span = p.from(start)
	return f
}
