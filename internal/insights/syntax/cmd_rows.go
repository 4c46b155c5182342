package syntax

import (
	"strconv"
	"strings"
)

// AddTotals is addtotals col=true a, b: sums over the row, and over the column.
type AddTotals struct {
	Span
	// Name is the column of the row's sum.
	Name     string
	Row, Col bool
	// Fields is empty for all numeric ones.
	Fields []*Field
}

func (a *AddTotals) String() string {
	out := "addtotals fieldname=" + quoteName(a.Name, false)
	out += " row=" + strconv.FormatBool(a.Row) + " col=" + strconv.FormatBool(a.Col)
	if len(a.Fields) > 0 {
		out += " " + joinFields(a.Fields)
	}
	return out
}

// Defines returns the name of the sum.
func (a *AddTotals) Defines() []string { return []string{a.Name} }

func parseAddTotals(p *parser, start int) Command {
	a := &AddTotals{Name: "Total", Row: true}
	for {
		switch {
		case p.option("fieldname"):
			a.Name = p.name("a name for the total")
			continue
		case p.option("row"):
			a.Row = p.boolean()
			continue
		case p.option("col"):
			a.Col = p.boolean()
			continue
		}
		break
	}
	if !p.atEnd() {
		a.Fields = p.fields()
	}
	a.Span = p.from(start)
	return a
}

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

// FillDown is filldown a cpu*: missing values become those of the row before.
type FillDown struct {
	Span
	// Names may hold "*"; none means all columns.
	Names []string
}

func (f *FillDown) String() string {
	out := "filldown"
	for _, n := range f.Names {
		parts := strings.Split(n, "*")
		for i, part := range parts {
			if part != "" {
				parts[i] = quoteName(part, false)
			}
		}
		out += " " + strings.Join(parts, "*")
	}
	return out
}

func parseFillDown(p *parser, start int) Command {
	f := &FillDown{}
	for !p.atEnd() {
		f.Names = append(f.Names, p.wildcard())
		p.takePunct(",")
	}
	f.Span = p.from(start)
	return f
}

// wildcard reads a name in which "*" may stand.
func (p *parser) wildcard() string {
	var b strings.Builder
	for first := true; first || !p.tok.spaced && !p.atEnd(); first = false {
		switch {
		case p.takePunct("*"):
			b.WriteByte('*')
		case p.tok.kind == tokWord || p.tok.kind == tokQuoted:
			b.WriteString(p.tok.text)
			p.advance()
		case first:
			p.unexpected("a field, in which * may stand")
		default:
			return b.String()
		}
	}
	return b.String()
}

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

// Outlier is outlier action=remove a b: rows whose numbers lie far outside the middle half.
type Outlier struct {
	Span
	Remove bool
	Param  Num
	Lower  bool
	Mark   bool
	Fields []*Field
}

func (o *Outlier) String() string {
	out := "outlier action=transform"
	if o.Remove {
		out = "outlier action=remove"
	}
	out += " param=" + o.Param.String()
	out += " uselower=" + strconv.FormatBool(o.Lower) + " mark=" + strconv.FormatBool(o.Mark)
	for _, f := range o.Fields {
		out += " " + f.String()
	}
	return out
}

// Defines returns the names of the fields that tell outliers, if they are asked for.
func (o *Outlier) Defines() []string {
	if !o.Mark {
		return nil
	}
	var out []string
	for _, f := range o.Fields {
		out = append(out, f.Name()+"_outlier")
	}
	return out
}

func parseOutlier(p *parser, start int) Command {
	o := &Outlier{Param: Num{Text: "2.5", Value: 2.5}}
	for p.outlierOption(o) {
	}
	for first := true; first || !p.atEnd(); first = false {
		o.Fields = append(o.Fields, p.field("a field"))
		p.takePunct(",")
	}
	o.Span = p.from(start)
	return o
}

func (p *parser) outlierOption(o *Outlier) bool {
	switch {
	case p.option("action"):
		if o.Remove = p.take("remove"); !o.Remove {
			p.expectWord("transform")
		}
	case p.option("param"):
		n, ok := p.unary().(*Num)
		if !ok {
			p.unexpected("a number")
		}
		o.Param = *n
	case p.option("uselower"):
		o.Lower = p.boolean()
	case p.option("mark"):
		o.Mark = p.boolean()
	default:
		return false
	}
	return true
}

// Sessionize is sessionize a, b maxspan 30m as s: an id for events of the same
// fields with no longer gap between.
type Sessionize struct {
	Span
	Fields []*Field
	Gap    *Period
	As     string
}

func (s *Sessionize) String() string {
	return "sessionize " + joinFields(s.Fields) + " maxspan " + s.Gap.String() + " as " + quoteName(s.As, false)
}

// Defines returns the name of the id.
func (s *Sessionize) Defines() []string { return []string{s.As} }

func parseSessionize(p *parser, start int) Command {
	s := &Sessionize{Fields: p.fields(), Gap: &Period{N: 30, Unit: Minute}, As: "session_id"}
	if p.take("maxspan") {
		s.Gap = p.period()
	}
	if p.take("as") {
		s.As = p.name("an alias")
	}
	s.Span = p.from(start)
	return s
}

// boolean takes true or false.
func (p *parser) boolean() bool {
	b := p.isWord("true")
	if !b && !p.isWord("false") {
		p.unexpected("true or false")
	}
	p.advance()
	return b
}

func itoa(n int) string { return strconv.Itoa(n) }
