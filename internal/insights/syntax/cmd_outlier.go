package syntax

import (
	"strconv"
)

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
