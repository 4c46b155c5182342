package syntax

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Span is the part of a query's text that a node was read from, in bytes. Nodes
// that Prepare made have the span of what they were made from.
type Span struct{ Start, End int }

// At returns s, so that nodes that embed a Span have it.
func (s Span) At() Span { return s }

// Error is a mistake in a query: what CloudWatch Logs answers as
// MalformedQueryException with a queryCompileError.
type Error struct {
	// Query is the whole text, Span where the mistake is in it.
	Query string
	Span  Span
	// Found is the text that is wrong there; "end of query" when something is missing.
	Found string
	// Expected says what could stand there instead; may be empty.
	Expected string
	// Problem replaces the "unexpected symbol" sentence where the symbol is well
	// formed but wrong for another reason.
	Problem string
}

// OneOf lists names for Expected, in order; of many only some.
func OneOf[V any](names map[string]V) string {
	const most = 20
	list := slices.Sorted(maps.Keys(names))
	if len(list) > most {
		list = append(list[:most], "...")
	}
	return "one of " + strings.Join(list, ", ")
}

// Error returns the sentence that the caller is shown.
func (e *Error) Error() string {
	line, column := e.Position()
	text := e.Problem
	if text == "" {
		text = "unexpected symbol found " + shown(e.Found)
	}
	text += fmt.Sprintf(" at line %d and position %d", line, column)
	if e.Expected != "" {
		text += ", expected " + e.Expected
	}
	return text
}

// shown is a symbol as a sentence shows it: a long one shortened, one that cannot be
// seen in quotes.
func shown(symbol string) string {
	const most = 60
	if utf8.RuneCountInString(symbol) > most {
		symbol = string([]rune(symbol)[:most]) + "..."
	}
	if strings.ContainsFunc(symbol, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) {
		return strconv.Quote(symbol)
	}
	return symbol
}

// Position returns the line, from 1, and the character in it, from 0, where the
// mistake begins.
func (e *Error) Position() (line, column int) {
	before := e.Query[:min(e.Span.Start, len(e.Query))]
	line = 1 + strings.Count(before, "\n")
	return line, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
}

// Offsets returns where the mistake begins and ends, in characters from the
// query's beginning: startCharOffset and endCharOffset of a QueryCompileError.
func (e *Error) Offsets() (start, end int) {
	s := min(e.Span.Start, len(e.Query))
	t := min(max(e.Span.End, s), len(e.Query))
	start = utf8.RuneCountInString(e.Query[:s])
	return start, start + utf8.RuneCountInString(e.Query[s:t])
}
