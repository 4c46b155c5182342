package plan

import (
	"fmt"
	"strings"
	"time"
)

// Explain tells how the query was, or is, to be run: the way, what the engine is
// asked for, and what each question cost.
func (r *Run) Explain() string {
	var b strings.Builder
	p := r.Plan
	fmt.Fprintf(&b, "way: %s%s\n", p.Way, p.detail())
	fmt.Fprintf(&b, "time: %s to %s\n", stamp(p.Start), stamp(p.End))
	fmt.Fprintf(&b, "fields: %s\n", strings.Join(p.Fields, ", "))
	filter := "none"
	if p.Filter != nil {
		filter = p.Filter.String()
	}
	fmt.Fprintf(&b, "engine filter: %s\n", filter)
	for _, c := range p.conditions {
		fmt.Fprintf(&b, "  %s: %s\n", c.x, c.how())
	}
	for _, s := range r.steps {
		fmt.Fprintf(&b, "step: %s: %d rows looked at, %d found, %.1f ms\n", s.What, s.Rows, s.Found, float64(s.Took.Microseconds())/1000)
	}
	events, bytes := r.Scanned()
	fmt.Fprintf(&b, "scanned: %d events, %d bytes of values\n", events, bytes)
	return b.String()
}

func (p *Plan) detail() string {
	switch {
	case p.Way == Newest && p.Ascending:
		return fmt.Sprintf(", the %d oldest", p.Limit)
	case p.Way == Newest:
		return fmt.Sprintf(", the %d newest", p.Limit)
	case p.Way == Groups && p.Every > 0:
		return fmt.Sprintf(", times in steps of %v", time.Duration(p.Every)*time.Millisecond)
	}
	return ""
}

func (c *condition) how() string {
	switch {
	case c.pushed == nil && c.column == "":
		return "by row"
	case c.pushed != nil && c.pushed.exact:
		return "by the engine"
	case c.column != "":
		return "by values of " + c.field
	}
	return "by the engine in part, then by row"
}

func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }
