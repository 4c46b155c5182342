package syntax

import (
	"sort"
	"strings"
)

// Query is a whole query, or a subquery.
type Query struct {
	Span
	// Text is the whole text that the spans are places in.
	Text string
	// Sources are the SOURCE commands, which stand first; usually none.
	Sources  []*Source
	Commands []Command
}

// Command is one command: one of the pointer types of this package's files
// cmd_*.go.
type Command interface {
	At() Span
	String() string
}

// Item is an expression with an optional alias, as fields, display and stats take them.
type Item struct {
	Span
	X  Expr
	As string
	// Text is X as it was written, for the name of a column without an alias.
	Text string
}

// Column returns the name of the item's column in the answer: the alias, the
// field's name or the expression as it was written.
func (i *Item) Column() string {
	if i.As != "" {
		return i.As
	}
	if f, ok := i.X.(*Field); ok {
		return f.Name()
	}
	return i.text()
}

func (i *Item) text() string {
	if i.Text != "" {
		return i.Text
	}
	return i.X.String()
}

func (i *Item) String() string {
	if i.As == "" {
		return i.text()
	}
	return i.text() + " as " + quoteName(i.As, false)
}

func (q *Query) String() string {
	var out []string
	for _, s := range q.Sources {
		out = append(out, s.String())
	}
	for _, c := range q.Commands {
		out = append(out, c.String())
	}
	return strings.Join(out, " | ")
}

func commandTable() map[string]func(p *parser, start int) Command {
	return map[string]func(p *parser, start int) Command{
		"fields":  parseFields,
		"display": parseDisplay,
		"filter":  parseFilter,
		"where":   parseFilter,
		"search":  parseSearch,
		"stats":   parseStats,
		"sort":    parseSort,
		"order":   parseSort,
		"limit":   parseLimit,
		"head":    parseLimit,
		"tail":    parseTail,
		"parse":   parseParse,
		"dedup":   parseDedup,
		"unnest":  parseUnnest, "expand": parseExpand, "json": parseJSON,
		"pattern": parsePattern, "diff": parseDiff, "logcompare": parseLogCompare, "anomaly": parseAnomaly,
		"join": parseJoin, "appendcols": parseAppendCols, "lookup": parseLookup, "cidrlookup": parseCIDRLookup,
		"relevantfields": parseRelevant, "countfrequent": parseCountFrequent, "count_frequent": parseCountFrequent,
		"addtotals": parseAddTotals, "autoregress": parseAutoregress, "accum": parseAccum, "filldown": parseFillDown,
		"fillmissing": parseFillMissing, "outlier": parseOutlier, "sessionize": parseSessionize,
		"unmask": parseUnmask, "filterindex": parseFilterIndex, "estimate": parseEstimate,
	}
}

func isCommand(word string) bool {
	word = strings.ToLower(word)
	_, ok := commandTable()[word]
	return ok || word == "source"
}

// commandNames lists the keywords for an error.
func commandNames() string {
	names := []string{}
	for name := range commandTable() {
		switch name {
		case "count_frequent":
			continue
		case "countfrequent":
			name = "countFrequent"
		case "filterindex":
			name = "filterIndex"
		}
		names = append(names, name)
	}
	sort.Strings(names)
	return "one of " + strings.Join(names, ", ")
}

func (p *parser) query() *Query {
	q := &Query{Text: p.lexer.src}
	start := p.tok.Start
	for p.isWord("source") {
		q.Sources = append(q.Sources, p.source())
		if !p.takePunct("|") {
			q.Span = p.from(start)
			return q
		}
	}
	for {
		q.Commands = append(q.Commands, p.command())
		if len(q.Commands) > maxCommands {
			p.fail(p.tok.Span, "too many commands")
		}
		if !p.takePunct("|") {
			break
		}
	}
	q.Span = p.from(start)
	return q
}

func (p *parser) command() Command {
	if p.tok.kind != tokWord {
		p.unexpected(commandNames())
	}
	parse, ok := commandTable()[strings.ToLower(p.tok.text)]
	if !ok {
		p.unexpected(commandNames())
	}
	start := p.tok.Start
	p.advance()
	return parse(p, start)
}

// items reads item, item, ...
func (p *parser) items() []Item {
	out := []Item{p.item()}
	for p.takePunct(",") {
		out = append(out, p.item())
	}
	return out
}

func (p *parser) item() Item {
	start := p.tok.Start
	i := Item{X: p.expr()}
	i.Text = p.written(i.X, start)
	if p.take("as") {
		i.As = p.name("an alias")
	}
	i.Span = p.from(start)
	return i
}

// written returns the text of x from start to the last token, unless x is a field
// or the text cannot stand in one line.
func (p *parser) written(x Expr, start int) string {
	text := p.lexer.src[start:p.last]
	if _, ok := x.(*Field); ok || strings.ContainsAny(text, "#\n\r") || text == x.String() {
		return ""
	}
	return text
}

func joinItems(items []Item) string {
	out := make([]string, len(items))
	for i := range items {
		out[i] = items[i].String()
	}
	return strings.Join(out, ", ")
}

func joinFields(fields []*Field) string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.String()
	}
	return strings.Join(out, ", ")
}

func joinNames(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = quoteName(n, false)
	}
	return strings.Join(out, ", ")
}
