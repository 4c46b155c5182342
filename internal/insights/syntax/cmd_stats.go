package syntax

// Stats is stats aggregates by keys.
type Stats struct {
	Span
	Items []Item
	By    []Item
	// Offset, when set, is added to the times of the keys: by bin(5m) offset 1h.
	Offset *Period
}

func (s *Stats) String() string {
	out := "stats " + joinItems(s.Items)
	if len(s.By) > 0 {
		out += " by " + joinItems(s.By)
		if s.Offset != nil {
			out += " offset " + s.Offset.String()
		}
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
		if p.take("offset") {
			s.Offset = p.period()
		}
	}
	s.Span = p.from(start)
	return s
}

// Defines returns the names of the columns.
func (s *Stats) Defines() []string { return s.Columns() }
