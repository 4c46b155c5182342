package policy

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// template is a policy value that may hold wildcards and policy variables
// (IAM User Guide, "Variables and tags"). What a variable stands for is taken
// literally: a * in it is no wildcard.
type template struct {
	raw string
	// parts holds the value cut at stars, ?s and variables.
	parts []part
	// fixed is the compiled pattern where there is no variable.
	fixed glob
	// hasVar says that the template must be resolved before each use.
	hasVar bool
}

type partKind int

const (
	literalPart partKind = iota
	starPart
	onePart
	varPart
)

type part struct {
	kind partKind
	// text is the literal, or the variable's key in lower case; name is the key as written.
	text string
	name string
	// fallback is the variable's default value.
	fallback    string
	hasFallback bool
}

// grammar says what a value may hold.
type grammar struct {
	wildcards bool
	variables bool
}

// newTemplate compiles raw. A "${" that begins no variable stands for itself.
func newTemplate(raw string, g grammar) template { return templateOf(raw, cutParts(raw, g)) }

func templateOf(raw string, parts []part) template {
	t := template{raw: raw, parts: parts}
	for _, p := range t.parts {
		if p.kind == varPart {
			t.hasVar = true
			return t
		}
	}
	t.fixed = globOf(t.parts)
	return t
}

func cutParts(s string, g grammar) []part {
	var parts []part
	begin := 0
	flush := func(end int) {
		if end > begin {
			parts = append(parts, part{kind: literalPart, text: s[begin:end]})
		}
	}
	for i := 0; i < len(s); {
		p, n := part{}, 0
		switch {
		case g.wildcards && s[i] == '*':
			p, n = part{kind: starPart}, 1
		case g.wildcards && s[i] == '?':
			p, n = part{kind: onePart}, 1
		case g.variables && strings.HasPrefix(s[i:], "${"):
			p, n = cutVariable(s[i:])
		}
		if n == 0 {
			i++
			continue
		}
		flush(i)
		parts = append(parts, p)
		i += n
		begin = i
	}
	flush(len(s))
	return parts
}

// cutVariable reads ${key}, ${key, 'default'}, ${*}, ${?} or ${$} at the
// beginning of s and returns its length, or 0 if there is none. A quote in the
// default is written twice.
func cutVariable(s string) (part, int) {
	i := strings.IndexAny(s, ",}")
	if i < 0 {
		return part{}, 0
	}
	key := strings.TrimSpace(s[2:i])
	if s[i] == '}' {
		switch key {
		case "":
			return part{}, 0
		case "*", "?", "$":
			return part{kind: literalPart, text: key}, i + 1
		}
		return part{kind: varPart, text: strings.ToLower(key), name: key}, i + 1
	}
	value, n := cutQuoted(s[i+1:])
	if n == 0 || key == "" {
		return part{}, 0
	}
	return part{kind: varPart, text: strings.ToLower(key), name: key, fallback: value, hasFallback: true}, i + 1 + n
}

// cutQuoted reads spaces, 'text', spaces and the closing brace.
func cutQuoted(s string) (string, int) {
	i := len(s) - len(strings.TrimLeft(s, " "))
	if i >= len(s) || s[i] != '\'' {
		return "", 0
	}
	var b strings.Builder
	for i++; i < len(s); i++ {
		if s[i] != '\'' {
			b.WriteByte(s[i])
			continue
		}
		if strings.HasPrefix(s[i+1:], "'") {
			b.WriteByte('\'')
			i++
			continue
		}
		rest := strings.TrimLeft(s[i+1:], " ")
		if !strings.HasPrefix(rest, "}") {
			return "", 0
		}
		return b.String(), len(s) - len(rest) + 1
	}
	return "", 0
}

// matches reports whether s fits the template, and whether every variable in it
// has a value. A template with one that has none is like nothing at all.
func (t *template) matches(s string, ctx Context) (fits, known bool) {
	if !t.hasVar {
		return t.fixed.matches(s), true
	}
	parts, size, known := resolve(t.parts, ctx)
	if !known || size > len(s) {
		return false, known
	}
	return globOf(parts).matches(s), true
}

// equals compares s with a template without wildcards.
func (t *template) equals(s string, ctx Context, equal func(a, b string) bool) bool {
	if !t.hasVar {
		// Compiled without wildcards, the pattern is one literal or nothing.
		if len(t.fixed[0].atoms) == 0 {
			return s == ""
		}
		return equal(t.fixed[0].atoms[0].lit, s)
	}
	parts, size, known := resolve(t.parts, ctx)
	// Text that differs in case only may differ in length, by less than utf8.UTFMax.
	if !known || size > utf8.UTFMax*len(s) {
		return false
	}
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.text)
	}
	return equal(b.String(), s)
}

// resolve replaces variables and returns the length of all literals, which the
// caller checks before it builds anything: a short document may ask for a long
// value many times.
func resolve(parts []part, ctx Context) (out []part, size int, known bool) {
	out = slices.Clone(parts)
	for i := range out {
		if p := &out[i]; p.kind == varPart {
			v := ctx[p.text]
			switch {
			case len(v) == 1:
				p.text = v[0]
			case p.hasFallback:
				p.text = p.fallback
			default:
				return nil, 0, false
			}
			p.kind = literalPart
		}
		size += len(out[i].text)
	}
	return out, size, true
}
