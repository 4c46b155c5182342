package syntax

import "strings"

// Source is SOURCE 'group', or SOURCE logGroups(...), logGroupTags([...]) and dataSource([...]).
type Source struct {
	Span
	// Group is the log group of the first form; empty for the second.
	Group string
	// NamePrefixes, Accounts and Classes restrict logGroups(); none means all groups
	// of the caller's account and of the class STANDARD.
	NamePrefixes, Accounts, Classes []string
	// Identifiers are log groups by name or ARN: logGroups(logGroupIdentifier: [...]), as
	// Grafana writes it.
	Identifiers []string
	// DataSources are those of dataSource().
	DataSources []string
	// Tags are the conditions of logGroupTags(); a group must meet all.
	Tags []TagFilter
}

func (s *Source) String() string {
	if s.Group != "" {
		return "SOURCE " + QuoteString(s.Group)
	}
	out := "SOURCE"
	if len(s.DataSources) > 0 {
		out += " dataSource(" + stringList(s.DataSources) + ")"
	}
	var args []string
	add := func(name string, list []string) {
		if len(list) > 0 {
			args = append(args, name+": "+stringList(list))
		}
	}
	add("accountIdentifiers", s.Accounts)
	add("logGroupIdentifier", s.Identifiers)
	add("namePrefix", s.NamePrefixes)
	add("class", s.Classes)
	if len(args) > 0 || len(s.DataSources) == 0 && len(s.Tags) == 0 {
		out += " logGroups(" + strings.Join(args, ", ") + ")"
	}
	if len(s.Tags) > 0 {
		tags := make([]string, len(s.Tags))
		for i := range s.Tags {
			tags[i] = s.Tags[i].String()
		}
		out += " logGroupTags([" + strings.Join(tags, ", ") + "])"
	}
	return out
}

func stringList(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = QuoteString(s)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

func (p *parser) source() *Source {
	s := &Source{}
	start := p.tok.Start
	p.advance()
	if p.tok.kind == tokString || p.tok.kind == tokQuoted || p.tok.kind == tokWord && !p.sourceCall() {
		if s.Group = p.tok.text; s.Group == "" {
			p.fail(p.tok.Span, "empty log group name")
		}
		p.advance()
		s.Span = p.from(start)
		return s
	}
	if !p.sourceCall() {
		p.unexpected("a log group's name in quotes, logGroups(...), logGroupTags([...]) or dataSource([...])")
	}
	for p.sourceCall() {
		switch {
		case p.take("dataSource"):
			p.expectPunct("(")
			s.DataSources = p.strings("data sources", 10)
			p.expectPunct(")")
		case p.take("logGroupTags"):
			s.Tags = p.tagFilters()
		default:
			p.advance()
			p.logGroups(s)
		}
	}
	s.Span = p.from(start)
	if len(s.Identifiers) > 0 && (len(s.NamePrefixes) > 0 || len(s.Accounts) > 0 || len(s.Tags) > 0) {
		p.fail(s.Span, "logGroupIdentifier says which log groups: namePrefix, accountIdentifiers and logGroupTags cannot stand beside it")
	}
	return s
}

// sourceCall reports whether one of SOURCE's functions stands here.
func (p *parser) sourceCall() bool {
	next := p.peek()
	return p.isWord("logGroups", "logGroupTags", "dataSource") && next.kind == tokPunct && next.text == "("
}

func (p *parser) logGroups(s *Source) {
	p.expectPunct("(")
	for first := true; !p.isPunct(")"); first = false {
		if !first {
			p.expectPunct(",")
		}
		list, most := p.sourceList(s)
		p.advance()
		p.expectPunct(":")
		*list = p.strings("values", most)
	}
	p.advance()
}

// sourceList returns the list that the current word names and how long it may be.
func (p *parser) sourceList(s *Source) (list *[]string, most int) {
	switch {
	case p.isWord("logGroupIdentifier", "logGroupIdentifiers"):
		return &s.Identifiers, 50
	case p.isWord("namePrefix", "namePrefixes"):
		return &s.NamePrefixes, 5
	case p.isWord("accountIdentifiers", "accountIdentifier"):
		return &s.Accounts, 20
	case p.isWord("class", "logGroupClass"):
		return &s.Classes, 2
	}
	p.unexpected("namePrefix, accountIdentifiers, class or logGroupIdentifier")
	return nil, 0
}

// strings reads ['a', 'b'].
func (p *parser) strings(what string, most int) []string {
	at := p.tok.Span
	p.expectPunct("[")
	out := []string{p.str("a value in quotes")}
	for p.takePunct(",") {
		out = append(out, p.str("a value in quotes"))
	}
	p.expectPunct("]")
	if len(out) > most {
		p.fail(Span{at.Start, p.last}, "too many "+what)
	}
	return out
}
