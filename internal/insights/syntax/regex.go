package syntax

import (
	"fmt"
	"regexp"
	rs "regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckRegex reports why a regular expression cannot be used. The language's are
// Go's (RE2): look-around and back-references are not there, and none takes more
// than linear time in the text.
func CheckRegex(pattern string) error {
	parsed, err := rs.Parse(pattern, rs.Perl)
	if err == nil && regexSize(parsed) > maxRegexSize {
		return fmt.Errorf("the regular expression cannot be used: its repeats make it longer than %d steps", maxRegexSize)
	}
	if err == nil {
		_, err = regexp.Compile(pattern)
	}
	if err != nil {
		return fmt.Errorf("the regular expression cannot be used: %s",
			strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return nil
}

// maxRegexSize bounds the program that a regular expression is compiled to: a longer
// one takes seconds to compile, whatever text it is for.
const maxRegexSize = 50_000

// regexSize is about how many steps re is compiled to.
func regexSize(re *rs.Regexp) int {
	n := 1 + len(re.Rune)
	if re.Op == rs.OpCharClass {
		n = 1
	}
	for _, sub := range re.Sub {
		n += regexSize(sub)
	}
	if re.Op == rs.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return min(n, maxRegexSize+1)
}

// Literal is a text that must be in a text for a pattern to match it. With Fold
// it may be there in any case; Text is then in lower case and all ASCII.
type Literal struct {
	Text string
	Fold bool
	// rarest is the place of a letter in Text that few texts have.
	rarest int
	// hasS and hasK tell whether the long s and the Kelvin sign could fold to a
	// letter of Text.
	hasS, hasK bool
}

// Required returns what a text must hold for the regular expression to match it:
// one literal, at least, of each list. No list means that nothing is known.
// Exact is set when the expression is one literal and matches whatever holds it.
func Required(pattern string) (need [][]Literal, exact bool) {
	re, err := rs.Parse(pattern, rs.Perl)
	if err != nil {
		return nil, false
	}
	return required(re.Simplify())
}

func required(re *rs.Regexp) (need [][]Literal, exact bool) {
	switch re.Op {
	case rs.OpLiteral:
		if l, ok := literal(re); ok {
			return [][]Literal{{l}}, true
		}
	case rs.OpCapture:
		return required(re.Sub[0])
	case rs.OpPlus:
		need, _ = required(re.Sub[0])
	case rs.OpRepeat:
		if re.Min > 0 {
			need, _ = required(re.Sub[0])
		}
	case rs.OpConcat:
		for _, sub := range re.Sub {
			n, _ := required(sub)
			need = append(need, n...)
		}
	case rs.OpAlternate:
		return alternatives(re)
	}
	return need, false
}

// alternatives is one list of a literal of each alternative; exact when each
// alternative is.
func alternatives(re *rs.Regexp) ([][]Literal, bool) {
	var list []Literal
	all := true
	for _, sub := range re.Sub {
		need, exact := required(sub)
		if len(need) == 0 {
			return nil, false
		}
		best := need[0]
		for _, n := range need[1:] {
			if shortest(n) > shortest(best) {
				best = n
			}
		}
		list = append(list, best...)
		all = all && exact
	}
	if len(list) > 32 {
		return nil, false
	}
	return [][]Literal{list}, all
}

func shortest(list []Literal) int {
	n := len(list[0].Text)
	for _, l := range list {
		n = min(n, len(l.Text))
	}
	return n
}

// literal returns a literal node's text; not when it is to be folded and has
// letters beyond ASCII.
func literal(re *rs.Regexp) (Literal, bool) {
	fold := re.Flags&rs.FoldCase != 0
	s := string(re.Rune)
	if strings.ContainsRune(s, utf8.RuneError) {
		return Literal{}, false
	}
	if !fold {
		return Literal{Text: s}, true
	}
	letters := false
	for _, r := range re.Rune {
		if r >= utf8.RuneSelf {
			return Literal{}, false
		}
		letters = letters || unicode.IsLetter(r)
	}
	lower := strings.ToLower(s)
	return Literal{Text: lower, Fold: letters, rarest: rarest(lower),
		hasS: strings.Contains(lower, "s"), hasK: strings.Contains(lower, "k")}, true
}

// In reports whether s holds the literal. folds is true when s also might match
// by a letter beyond ASCII that folds to an ASCII one (the long s and the Kelvin
// sign); then only the regular expression can tell.
func (l *Literal) In(s string) (found, folds bool) {
	if !l.Fold {
		return strings.Contains(s, l.Text), false
	}
	if containsFold(s, l.Text, l.rarest) {
		return true, false
	}
	if !l.hasS && !l.hasK || isASCII(s) {
		return false, false
	}
	return false, l.hasS && strings.IndexByte(s, longS) >= 0 || l.hasK && strings.IndexByte(s, kelvin) >= 0
}

// The first bytes of the long s and of the Kelvin sign in UTF-8.
const longS, kelvin = 0xc5, 0xe2

// Matcher is a compiled regular expression that looks for its required literals
// first and runs the expression only on texts that have them.
type Matcher struct {
	re    *regexp.Regexp
	need  [][]Literal
	exact bool
}

// NewMatcher compiles a pattern that CheckRegex accepts.
func NewMatcher(pattern string) *Matcher {
	m := &Matcher{re: regexp.MustCompile(pattern)}
	m.need, m.exact = Required(pattern)
	return m
}

// Match reports whether the expression matches somewhere in s.
func (m *Matcher) Match(s string) bool {
	if m.exact {
		if found, folds := anyIn(m.need[0], s); found || !folds {
			return found
		}
	}
	return m.MayMatch(s) && m.re.MatchString(s)
}

// MayMatch reports whether s has the expression's required literals.
func (m *Matcher) MayMatch(s string) bool {
	for _, list := range m.need {
		if found, folds := anyIn(list, s); !found && !folds {
			return false
		}
	}
	return true
}

func anyIn(list []Literal, s string) (found, folds bool) {
	for i := range list { // not copied: this is asked of each row
		f, g := list[i].In(s)
		if f {
			return true, false
		}
		folds = folds || g
	}
	return false, folds
}

// Regexp returns the compiled expression.
func (m *Matcher) Regexp() *regexp.Regexp { return m.re }
