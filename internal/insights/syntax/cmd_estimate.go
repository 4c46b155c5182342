package syntax

// Estimate is estimate, the last command of a query: how many bytes the query would
// scan, without running it.
type Estimate struct{ Span }

// EstimateColumn is the column of an estimate's one row. The guide does not name it.
const EstimateColumn = "estimatedBytes"

func (*Estimate) String() string { return "estimate" }

func parseEstimate(p *parser, start int) Command { return &Estimate{p.from(start)} }

// CutEstimate returns the query without an estimate at its end, and whether there was one.
func CutEstimate(q *Query) (*Query, bool) {
	n := len(q.Commands) - 1
	if n < 0 {
		return q, false
	}
	if _, ok := q.Commands[n].(*Estimate); !ok {
		return q, false
	}
	out := *q
	out.Commands = q.Commands[:n:n]
	return &out, true
}

// checkEstimate refuses an estimate that is not the last command of the whole query.
func (q *Query) checkEstimate() error {
	for i, c := range q.Commands {
		if _, ok := c.(*Estimate); ok && i < len(q.Commands)-1 {
			return &Error{Query: q.Text, Span: c.At(), Found: c.String(), Problem: "estimate must be the last command of the query"}
		}
	}
	return nil
}
