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
	Tags                            []SourceTag
	// DataSources are those of dataSource().
	DataSources []string
	// Start and End are the times that are looked at; nil is StartQuery's.
	Start, End *SourceTime
}

// SourceTag is {key: 'a', values: ['b', 'c']} of logGroupTags().
type SourceTag struct {
	Key    string
	Values []string
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
			tags[i] = "{key: " + QuoteString(t.Key) + ", values: " + stringList(t.Values) + "}"
		}
		out = append(out, "logGroupTags(["+strings.Join(tags, ", ")+"])")
	}
	add := func(name string, list []string) {
		if len(list) > 0 {
			args = append(args, name+": "+stringList(list))
		}
	}
	add("accountIdentifiers", s.Accounts)
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
	switch {
	case p.tok.kind == tokString:
		s.Groups = []string{p.groupName()}
		for p.takePunct(",") {
			s.Groups = append(s.Groups, p.groupName())
		}
	case p.isWord("logGroups", "logGroupTags", "dataSource"):
		for p.isWord("logGroups", "logGroupTags", "dataSource") {
			p.sourceFunction(s)
		}
	default:
		p.unexpected("a log group's name in quotes, logGroups(...), logGroupTags([...]) or dataSource([...])")
	}
	p.sourceTimes(s)
	s.Span = p.from(start)
	return s
}

func (p *parser) groupName() string {
	at := p.tok.Span
	name := p.str("a log group's name in quotes")
	if name == "" {
		p.fail(at, "empty log group name")
	}
	return name
}

func (p *parser) sourceFunction(s *Source) {
	switch {
	case p.take("dataSource"):
		p.expectPunct("(")
		s.DataSources = p.strings("data sources", 10)
		p.expectPunct(")")
	case p.take("logGroupTags"):
		p.logGroupTags(s)
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
		*list = p.strings("values", most)
	}
	p.advance()
}

// sourceList returns the list that the current word names and how long it may be.
func (p *parser) sourceList(s *Source) (list *[]string, most int) {
	switch {
	case p.isWord("namePrefix", "namePrefixes"):
		return &s.NamePrefixes, 5
	case p.isWord("accountIdentifiers", "accountIdentifier"):
		return &s.Accounts, 20
	case p.isWord("class", "logGroupClass"):
		return &s.Classes, 2
	}
	p.unexpected("namePrefix, accountIdentifiers or class")
	return nil, 0
}

// maxTags bounds the tags of logGroupTags(), and the values of each (TagFilter).
const maxTags = 5

func (p *parser) logGroupTags(s *Source) {
	p.expectPunct("(")
	p.expectPunct("[")
	at := p.tok.Span
	s.Tags = []SourceTag{p.sourceTag()}
	for p.takePunct(",") {
		s.Tags = append(s.Tags, p.sourceTag())
	}
	if len(s.Tags) > maxTags {
		p.fail(Span{at.Start, p.last}, "too many tags")
	}
	p.expectPunct("]")
	p.expectPunct(")")
}

// sourceTag reads {"key": "a", "values": ["b"]}; the names may go without quotes,
// and values may be left out.
func (p *parser) sourceTag() SourceTag {
	p.expectPunct("{")
	p.member("key")
	t := SourceTag{Key: p.str("a tag's key in quotes")}
	if p.takePunct(",") {
		p.member("values")
		t.Values = p.strings("values", maxTags)
	}
	p.expectPunct("}")
	return t
}

// member takes name: or "name":.
func (p *parser) member(name string) {
	if !p.isWord(name) && (p.tok.kind != tokString || !strings.EqualFold(p.tok.text, name)) {
		p.unexpected(name)
	}
	p.advance()
	p.expectPunct(":")
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
