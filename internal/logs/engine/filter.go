package engine

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Op says what a Filter asks of a row.
type Op int

// The operations of a Filter. Texts are compared byte for byte, and a column
// that a row does not have is empty.
const (
	// And and Or join the filters in Of; Not denies the one there.
	And Op = iota + 1
	Or
	Not
	// Equal rows have one of Texts in Column, Contains rows one of them within it,
	// Prefix rows one of them at its beginning.
	Equal
	Contains
	Prefix
	// ContainsFold is Contains but for case, by Unicode's simple folding as in a
	// regular expression under (?i).
	ContainsFold
	// Exists rows have a text in Column that is not empty.
	Exists
)

// Filter is a condition that the engine decides by itself, exactly. Its
// restrictions are Searchable's.
type Filter struct {
	Op     Op
	Column string
	Texts  []string
	Of     []Filter
}

// SearchableColumn reports whether a Filter or a ScanQuery may name the column:
// the library takes a name that ends in "*" for many, and has none longer than
// maxColumnName.
func SearchableColumn(column string) bool {
	return column != "" && !strings.HasSuffix(column, "*") && len(column) <= maxColumnName && utf8.ValidString(column)
}

// Searchable reports whether Contains, ContainsFold and Prefix find the text.
// They do not find every text that may be part of a number: the library keeps
// numbers as such and compares them cleverly. Nor what its index has split at
// broken UTF-8.
func Searchable(text string) bool {
	return !unsearchable(text) && strings.Trim(text, "0123456789+-.eEinfaINFAtyTY:Z") != ""
}

// query writes f in the library's language.
func (f *Filter) query(b *strings.Builder) {
	switch f.Op {
	case And, Or:
		f.join(b)
	case Not:
		b.WriteString("!(")
		f.Of[0].query(b)
		b.WriteByte(')')
	case Exists:
		b.WriteString(quote(f.Column) + ":*")
	case Equal:
		f.equal(b)
	case Contains:
		f.each(b, func(text string) string { return ":*" + quote(text) + "*" })
	case Prefix:
		f.each(b, func(text string) string { return ":=" + quote(text) + "*" })
	case ContainsFold:
		f.fold(b)
	}
}

func (f *Filter) join(b *strings.Builder) {
	if len(f.Of) == 0 { // all of nothing, or one of nothing
		b.WriteString(map[Op]string{And: "*", Or: "!*"}[f.Op])
		return
	}
	b.WriteByte('(')
	for i := range f.Of {
		if i > 0 {
			b.WriteString(map[Op]string{And: " ", Or: " or "}[f.Op])
		}
		f.Of[i].query(b)
	}
	b.WriteByte(')')
}

func (f *Filter) equal(b *strings.Builder) {
	if len(f.Texts) == 1 {
		b.WriteString(quote(f.Column) + ":=" + quote(f.Texts[0]))
		return
	}
	quoted := make([]string, len(f.Texts))
	for i, t := range f.Texts {
		quoted[i] = quote(t)
	}
	b.WriteString(quote(f.Column) + ":in(" + strings.Join(quoted, ",") + ")")
}

func (f *Filter) each(b *strings.Builder, condition func(text string) string) {
	b.WriteByte('(')
	for i, t := range f.Texts {
		if i > 0 {
			b.WriteString(" or ")
		}
		b.WriteString(quote(f.Column) + condition(t))
	}
	b.WriteByte(')')
}

func (f *Filter) fold(b *strings.Builder) {
	f.each(b, func(text string) string { return ":~" + quote("(?i)"+regexp.QuoteMeta(text)) })
}

// String returns f in the library's language, cut where it is long.
func (f *Filter) String() string {
	const most = 1000
	var b strings.Builder
	f.query(&b)
	if b.Len() > most {
		return strings.ToValidUTF8(b.String()[:most], "") + "..."
	}
	return b.String()
}
