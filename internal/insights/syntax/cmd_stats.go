package syntax

// Stats is stats aggregates by keys.
type Stats struct {
	Span
	Items []Item
	By    []Item
}

func (s *Stats) String() string {
	out := "stats " + joinItems(s.Items)
	if len(s.By) > 0 {
		out += " by " + joinItems(s.By)
	}
	return out
}

// Columns returns the names of the columns of the answer: keys, then aggregates.
func (s *Stats) Columns() []string {
	var out []string
	for i := range s.By {
		out = append(out, s.By[i].Column())
	}
	for i := range s.Items {
		out = append(out, s.Items[i].Column())
	}
	return out
}

func parseStats(p *parser, start int) Command {
	s := &Stats{Items: p.items()}
	if p.take("by") {
		s.By = p.items()
	}
	s.Span = p.from(start)
	return s
}
