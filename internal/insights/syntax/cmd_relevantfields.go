package syntax

// RelevantFields is relevantfields a, b where condition: which fields differ most
// between the events that meet the condition and the others.
type RelevantFields struct {
	Span
	// Fields is empty for all of them.
	Fields []*Field
	Cond   Expr
}

// RelevantColumns are the columns that relevantfields makes.
var RelevantColumns = []string{"@fieldName", "@relevanceScore", "@topRelevanceContributors", "@conditionalMedian", "@baselineMedian"}

func (r *RelevantFields) String() string {
	out := "relevantfields "
	if len(r.Fields) > 0 {
		out += joinFields(r.Fields) + " "
	}
	return out + "where " + r.Cond.String()
}

// Defines returns the columns.
func (r *RelevantFields) Defines() []string { return RelevantColumns }

func parseRelevant(p *parser, start int) Command {
	r := &RelevantFields{}
	if !p.isWord("where") {
		r.Fields = p.fields()
	}
	p.expectWord("where")
	r.Cond = p.expr()
	r.Span = p.from(start)
	return r
}
