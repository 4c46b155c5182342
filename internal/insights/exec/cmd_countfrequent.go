package exec

import (
	"waybill/internal/insights/syntax"
)

// countFrequent is a stats count(*) by the fields, commonest first. It is exact.
func (c *compiler) countFrequent(f *syntax.CountFrequent) {
	s := &syntax.Stats{Span: f.Span, Items: []syntax.Item{{
		Span: f.Span, As: syntax.CountFrequentColumn, X: &syntax.Call{Span: f.Span, Name: "count", Args: []syntax.Expr{&syntax.Star{Span: f.Span}}},
	}}}
	for _, field := range f.Fields {
		s.By = append(s.By, syntax.Item{Span: field.Span, X: field})
	}
	c.collect(c.statsPlan(s).gather)
	slot := c.names[syntax.CountFrequentColumn]
	c.sort([]sortKey{{of: func(r *row) value { return r.slots[slot] }, desc: true}}, 0, "countFrequent")
}
