package syntax

import "strings"

// Lookup is lookup table key as field OUTPUT column as name: columns of a table for
// the row whose key is the field's value. CIDR is cidrlookup, where the key column
// holds networks and the field an address.
type Lookup struct {
	Span
	CIDR  bool
	Table string
	// TableAt is where the table's name stands.
	TableAt Span
	// Keys are the pairs that must match; cidrlookup has one, whose Column may be
	// empty: the column of the field's name or else the table's first.
	Keys []LookupKey
	// OnlyNew is OUTPUTNEW: only fields that are missing are filled.
	OnlyNew bool
	Output  []LookupOutput
}

// LookupKey is a column of the table and the field that must have its value.
type LookupKey struct {
	Column string
	Field  *Field
}

// LookupOutput is a column of the table and the name it gets.
type LookupOutput struct{ Column, As string }

func (l *Lookup) String() string {
	var b strings.Builder
	b.WriteString("lookup ")
	if l.CIDR {
		b.Reset()
		b.WriteString("cidrlookup ")
	}
	b.WriteString(quoteName(l.Table, false) + " ")
	for i, k := range l.Keys {
		if i > 0 {
			b.WriteString(", ")
		}
		if !l.CIDR {
			b.WriteString(quoteName(k.Column, false) + " as " + k.Field.String())
			continue
		}
		b.WriteString(k.Field.String())
		if k.Column != "" {
			b.WriteString(" as " + quoteName(k.Column, false))
		}
	}
	b.WriteString(" OUTPUT")
	if l.OnlyNew {
		b.WriteString("NEW")
	}
	for i, o := range l.Output {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(" " + quoteName(o.Column, false) + " as " + quoteName(o.As, false))
	}
	return b.String()
}

// Defines returns the names of the fields that the table fills.
func (l *Lookup) Defines() []string {
	var out []string
	for _, o := range l.Output {
		out = append(out, o.As)
	}
	return out
}

func parseLookup(p *parser, start int) Command {
	l := &Lookup{}
	p.tableName(l)
	for {
		at := p.tok.Span
		k := LookupKey{Column: p.name("a column of the table")}
		k.Field = &Field{Span: at, Steps: []Step{{Name: k.Column}}}
		if p.take("as") {
			k.Field = p.field("a field")
		}
		l.Keys = append(l.Keys, k)
		if !p.takePunct(",") {
			break
		}
	}
	return p.lookupOutput(l, start)
}

func parseCIDRLookup(p *parser, start int) Command {
	l := &Lookup{CIDR: true}
	p.tableName(l)
	k := LookupKey{Field: p.field("a field with an IP address")}
	if p.take("as") {
		k.Column = p.name("a column of the table")
	}
	l.Keys = []LookupKey{k}
	return p.lookupOutput(l, start)
}

// tableName reads a name of letters, digits, "_" and "-".
func (p *parser) tableName(l *Lookup) {
	start := p.tok.Start
	p.name("a lookup table's name")
	for !p.tok.spaced && p.isPunct("-") {
		p.advance()
		if p.tok.spaced || p.tok.kind != tokWord {
			p.unexpected("the rest of the table's name")
		}
		p.advance()
	}
	l.TableAt = p.from(start)
	l.Table = strings.Trim(p.lexer.src[start:p.last], "`")
}

func (p *parser) lookupOutput(l *Lookup, start int) Command {
	switch {
	case p.take("outputnew"):
		l.OnlyNew = true
	case !p.take("output"):
		p.unexpected("OUTPUT or OUTPUTNEW")
	}
	for {
		o := LookupOutput{Column: p.name("a column of the table")}
		o.As = o.Column
		if p.take("as") {
			o.As = p.name("an alias")
		}
		l.Output = append(l.Output, o)
		if !p.takePunct(",") {
			break
		}
	}
	l.Span = p.from(start)
	return l
}

// Lookups returns the lookups of a query and of its subqueries.
func Lookups(q *Query) []*Lookup {
	var list []*Lookup
	for _, c := range q.Commands {
		if l, ok := c.(*Lookup); ok {
			list = append(list, l)
		}
	}
	for _, sub := range Subqueries(q) {
		list = append(list, Lookups(sub)...)
	}
	return list
}
