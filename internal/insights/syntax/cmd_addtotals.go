package syntax

import (
	"strconv"
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
