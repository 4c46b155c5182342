// Package pattern is the filter pattern language of CloudWatch Logs: what
// FilterLogEvents, metric filters, subscription filters and Live Tail select
// log events with (CloudWatch Logs User Guide, "Filter pattern syntax").
//
// There are three forms, told apart by their first character:
//
//	ERROR "out of space" -debug      terms
//	{ $.a.b[0] = "x*" && $.n > 3 }   conditions on a JSON message
//	[ip, user, ..., status=4*]       conditions on the words of a message
//
// Matching is pure and bounded: regular expressions are RE2, wildcards are
// matched without backtracking, and a message is read at most once for each
// selector. A Pattern is immutable and safe for concurrent use.
//
// Where the guide is silent: quotes do not keep * from being a wildcard; != needs
// the property to be there, as = does; a boolean property compares as its text;
// the last field of the third form, if it has no condition, takes all words that
// are left.
package pattern

import (
	"strings"
	"unicode/utf8"
)

// MaxLength is the longest pattern in characters (FilterLogEvents, filterPattern).
const MaxLength = 1024

// Pattern is a parsed filter pattern.
type Pattern struct {
	form form
	// clauses are what every matching message contains; see Clauses.
	clauses [][]string
	// condition is what the members of every matching message fulfil.
	condition *Condition
}

// form is one of the three forms of pattern.
type form interface {
	// match returns, if extract asks for them, the values that it selects from a
	// message that it matches.
	match(message string, extract bool) (map[string]string, bool)
	// needs returns what every matching message contains.
	needs() clauses
	// regexes counts the regular expressions.
	regexes() int
}

// Parse reads a pattern. The empty pattern matches everything. The error is an
// *awserr.Error with code InvalidParameterException.
func Parse(s string) (*Pattern, error) {
	if n := utf8.RuneCountInString(s); n > MaxLength {
		return nil, invalid("1 validation error detected: Value at 'filterPattern' failed to satisfy constraint: "+
			"Member must have length less than or equal to %d", MaxLength)
	}
	if !utf8.ValidString(s) {
		return nil, errInvalid()
	}
	var f form
	var err error
	switch s = strings.TrimSpace(s); {
	case strings.HasPrefix(s, "{"):
		f, err = parseJSON(s)
	case strings.HasPrefix(s, "["):
		f, err = parseFields(s)
	default:
		f, err = parseTerms(s)
	}
	if err != nil {
		return nil, err
	}
	p := &Pattern{form: f, clauses: f.needs().tidy()}
	if j, ok := f.(*jsonForm); ok {
		p.condition = j.members(j.cond)
	}
	return p, nil
}

// Match reports whether the message fits the pattern.
func (p *Pattern) Match(message string) bool {
	if !p.mayMatch(message) {
		return false
	}
	_, ok := p.form.match(message, false)
	return ok
}

// Extract returns the values that the pattern selects from a message that it
// matches (TestMetricFilter, extractedValues), and nil for one that it does not.
// The keys are selectors as written ("$.a.b") for a JSON pattern, and "$name",
// or "$" and the position from 1, for the fields of a message. Terms select nothing.
func (p *Pattern) Extract(message string) map[string]string {
	if !p.mayMatch(message) {
		return nil
	}
	values, ok := p.form.match(message, true)
	if !ok {
		return nil
	}
	if values == nil {
		values = map[string]string{}
	}
	return values
}

// Regexes returns the number of regular expressions, on which there are quotas.
func (p *Pattern) Regexes() int { return p.form.regexes() }

// Literals returns texts that every matching message contains, each of them.
// There may be none: JSON may spell any character of a string as \u and four
// digits, so only Clauses tells what a JSON pattern needs.
func (p *Pattern) Literals() []string {
	var out []string
	for _, c := range p.clauses {
		if len(c) == 1 {
			out = append(out, c[0])
		}
	}
	return out
}

// Clauses returns lists of texts such that every matching message contains at
// least one text of each list. An engine can look for them with an index; what
// it finds must still be matched. The lists must not be changed.
func (p *Pattern) Clauses() [][]string { return p.clauses }

// mayMatch is the cheap test by clauses.
func (p *Pattern) mayMatch(message string) bool {
	for _, c := range p.clauses {
		if !containsAny(message, c) {
			return false
		}
	}
	return true
}

func containsAny(s string, list []string) bool {
	for _, l := range list {
		if strings.Contains(s, l) {
			return true
		}
	}
	return false
}
