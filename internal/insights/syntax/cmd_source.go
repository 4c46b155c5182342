package syntax

import "strings"

// Source is SOURCE 'group', 'group', or SOURCE with logGroups(...),
// logGroupTags([...]) and dataSource([...]); then perhaps START= and END=.
type Source struct {
	Span
	// Groups are the log groups of the first form; empty for the second.
	Groups []string
	// NamePrefixes, Accounts and Classes restrict logGroups(); none means all groups
	// of the caller's account and of the class STANDARD. Tags are tags that each
	// group must have.
	NamePrefixes, Accounts, Classes []string
	Tags                            []TagFilter
	// Identifiers are log groups by name or ARN: logGroups(logGroupIdentifier: [...]), as
	// Grafana writes it.
	Identifiers []string
	// DataSources are those of dataSource().
	DataSources []string
	// Start and End are the times that are looked at; nil is StartQuery's.
	Start, End *SourceTime
}

func (s *Source) String() string {
	out := "SOURCE " + strings.Join(s.parts(), " ")
	if s.Start != nil {
		out += " START=" + s.Start.Text
	}
	if s.End != nil {
		out += " END=" + s.End.Text
	}
	return out
}

// parts are what says which groups.
func (s *Source) parts() []string {
	if len(s.Groups) > 0 {
		list := stringList(s.Groups)
		return []string{list[1 : len(list)-1]}
	}
	var out, args []string
	if len(s.DataSources) > 0 {
		out = append(out, "dataSource("+stringList(s.DataSources)+")")
	}
	if len(s.Tags) > 0 {
		tags := make([]string, len(s.Tags))
		for i, t := range s.Tags {
			tags[i] = t.String()
		}
		out = append(out, "logGroupTags(["+strings.Join(tags, ", ")+"])")
	}
	add := func(name string, list []string) {
		if len(list) > 0 {
			args = append(args, name+": "+stringList(list))
		}
	}
	add("accountIdentifiers", s.Accounts)
	add("logGroupIdentifier", s.Identifiers)
	add("namePrefix", s.NamePrefixes)
	add("class", s.Classes)
	if len(args) > 0 || len(out) == 0 {
		out = append(out, "logGroups("+strings.Join(args, ", ")+")")
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
	if p.sourceCall() {
		for p.sourceCall() {
			p.sourceFunction(s)
		}
	} else {
		s.Groups = []string{p.groupName("a log group's name in quotes, logGroups(...), logGroupTags([...]) or dataSource([...])")}
		for p.takePunct(",") {
			s.Groups = append(s.Groups, p.groupName("a log group's name in quotes"))
		}
	}
	p.sourceTimes(s)
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

// groupName takes a name in quotes, in backticks or, if it is a word, without.
func (p *parser) groupName(expected string) string {
	name := p.tok.text
	switch {
	case p.tok.kind != tokString && p.tok.kind != tokQuoted && p.tok.kind != tokWord:
		p.unexpected(expected)
	case name == "":
		p.fail(p.tok.Span, "empty log group name")
	}
	p.advance()
	return name
}

func (p *parser) sourceFunction(s *Source) {
	switch {
	case p.take("dataSource"):
		p.expectPunct("(")
		s.DataSources = p.strings("data sources", 10)
		p.some(s.DataSources)
		p.expectPunct(")")
	case p.take("logGroupTags"):
		s.Tags = p.tagFilters()
	default:
		p.advance()
		p.logGroups(s)
	}
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
		if *list = p.strings("values", most); list == &s.Identifiers {
			p.some(*list)
		}
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

// some refuses an empty list where that would mean everything.
func (p *parser) some(list []string) {
	if len(list) == 0 {
		p.fail(Span{p.last - 1, p.last}, "an empty list")
	}
}

// strings reads ['a', 'b'], or 'a' for a list of one.
func (p *parser) strings(what string, most int) []string {
	if p.tok.kind == tokString {
		return []string{p.str("a value in quotes")}
	}
	at := p.tok.Span
	p.expectPunct("[")
	var out []string
	for !p.takePunct("]") {
		if len(out) > 0 {
			p.expectPunct(",")
		}
		out = append(out, p.str("a value in quotes"))
	}
	if len(out) > most {
		p.fail(Span{at.Start, p.last}, "too many "+what)
	}
	return out
}
