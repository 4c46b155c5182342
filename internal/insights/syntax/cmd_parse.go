package syntax

import (
	"regexp"
	"strconv"
	"strings"
)

// ParseMode says how a parse command reads a text.
type ParseMode string

// The modes of Parse.
const (
	ParseGlob   ParseMode = "glob"
	ParseRegex  ParseMode = "regex"
	ParseLogfmt ParseMode = "logfmt"
	ParseCSV    ParseMode = "csv"
)

// ParseCommand is parse field "a * b" as x and its other modes.
type ParseCommand struct {
	Span
	// Field is @message when the text names none.
	Field *Field
	Mode  ParseMode
	// Pattern is the glob, or the regular expression.
	Pattern string
	// As are the aliases: one for each "*", each column, or the one name of a logfmt
	// map. For a regular expression they name its groups in order and may be empty
	// when the groups have names.
	As []string
	// Multi makes a row of each match of the regular expression.
	Multi bool
}

func (c *ParseCommand) String() string {
	out := "parse " + c.Field.String() + " "
	switch c.Mode {
	case ParseGlob:
		out += QuoteString(c.Pattern)
	case ParseRegex:
		out += (&Regex{Pattern: c.Pattern}).String()
	default:
		out += string(c.Mode)
	}
	if len(c.As) > 0 {
		out += " as " + joinNames(c.As)
	}
	if c.Multi {
		out += " multi"
	}
	return out
}

func parseParse(p *parser, start int) Command {
	c := &ParseCommand{Field: &Field{Steps: []Step{{Name: "@message"}}}}
	if !p.parseMode(c) {
		c.Field = p.field("a field, a pattern in quotes, a regular expression, logfmt or csv")
		if !p.parseMode(c) {
			p.unexpected("a pattern in quotes, a regular expression, logfmt or csv")
		}
	}
	p.parseAliases(c)
	c.Span = p.from(start)
	p.checkAliases(c)
	return c
}

func (p *parser) parseMode(c *ParseCommand) bool {
	switch {
	case p.tok.kind == tokString:
		c.Mode, c.Pattern = ParseGlob, p.tok.text
	case p.isPunct("/"):
		c.Mode, c.Pattern = ParseRegex, p.regex().Pattern
		return true
	case p.isWord("logfmt", "csv") && p.wordFollows("as"):
		c.Mode = ParseMode(strings.ToLower(p.tok.text))
	default:
		return false
	}
	p.advance()
	return true
}

func (p *parser) wordFollows(word string) bool {
	next := p.peek()
	return next.kind == tokWord && strings.EqualFold(next.text, word)
}

func (p *parser) parseAliases(c *ParseCommand) {
	c.Multi = c.Mode == ParseRegex && p.take("multi")
	if p.take("as") {
		c.As = p.names("an alias")
	} else if c.Mode != ParseRegex {
		p.unexpected(`"as"`)
	}
	if c.Mode == ParseRegex && !c.Multi {
		c.Multi = p.take("multi")
	}
}

func (p *parser) checkAliases(c *ParseCommand) {
	want := len(c.As)
	switch c.Mode {
	case ParseGlob:
		want = strings.Count(c.Pattern, "*")
		if want == 0 {
			p.fail(c.Span, "the pattern has no *")
		}
	case ParseLogfmt:
		want = 1
	case ParseRegex:
		want = p.groups(c)
	}
	if want != len(c.As) {
		p.fail(c.Span, "the pattern has "+strconv.Itoa(want)+" places and there are "+strconv.Itoa(len(c.As))+" aliases")
	}
	seen := map[string]bool{}
	for _, a := range c.As {
		if seen[a] {
			p.fail(c.Span, "the alias "+a+" stands twice")
		}
		seen[a] = true
	}
}

// groups returns how many aliases a regular expression needs and gives c the
// groups' own names when there are no aliases.
func (p *parser) groups(c *ParseCommand) int {
	re, err := regexp.Compile(c.Pattern)
	if err != nil {
		p.fail(c.Span, err.Error())
	}
	if len(c.As) > 0 {
		return re.NumSubexp()
	}
	for _, name := range re.SubexpNames() {
		if name != "" {
			return 0
		}
	}
	p.fail(c.Span, "the regular expression has no named group (?<name>...) and there is no alias")
	return 0
}

// Defines returns the names of the fields that the pattern makes.
func (c *ParseCommand) Defines() []string {
	if len(c.As) > 0 || c.Mode != ParseRegex {
		return c.As
	}
	re, err := regexp.Compile(c.Pattern)
	if err != nil {
		return nil
	}
	var out []string
	for _, name := range re.SubexpNames() {
		if name != "" {
			out = append(out, name)
		}
	}
	return out
}
