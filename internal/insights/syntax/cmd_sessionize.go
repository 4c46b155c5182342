package syntax

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
