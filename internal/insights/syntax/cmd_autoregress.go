package syntax

// Autoregress is autoregress f as g p=1-4: the values of rows before.
type Autoregress struct {
	Span
	Field    *Field
	As       string
	From, To int
}

func (a *Autoregress) String() string {
	out := "autoregress " + a.Field.String()
	if a.As != "" {
		out += " as " + quoteName(a.As, false)
	}
	out += " p=" + itoa(a.From)
	if a.To > a.From {
		out += "-" + itoa(a.To)
	}
	return out
}

// Defines returns the names of the copies: the alias for a single one, else the
// alias or the field's name with _p1, _p2, ...
func (a *Autoregress) Defines() []string {
	name := a.As
	if name == "" {
		name = a.Field.Name()
	} else if a.From == a.To {
		return []string{name}
	}
	var out []string
	for n := a.From; n <= a.To; n++ {
		out = append(out, name+"_p"+itoa(n))
	}
	return out
}

// maxLag bounds how far autoregress looks back.
const maxLag = 100

func parseAutoregress(p *parser, start int) Command {
	a := &Autoregress{Field: p.field("a field"), From: 1, To: 1}
	if p.take("as") {
		a.As = p.name("an alias")
	}
	if p.option("p") {
		a.From = int(p.integer("p", 1, maxLag))
		a.To = a.From
		if p.takePunct("-") {
			a.To = int(p.integer("p", int64(a.From), maxLag))
		}
	}
	a.Span = p.from(start)
	return a
}
