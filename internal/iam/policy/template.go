package policy

import "strings"

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
	// text is the literal, or the variable's key in lower case.
	text string
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
func newTemplate(raw string, g grammar) template {
	t := template{raw: raw, parts: cutParts(raw, g)}
	for _, p := range t.parts {
		if p.kind == varPart {
			t.hasVar = true
			return t
		}
	}
	t.fixed = compileParts(t.parts)
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
		return part{kind: varPart, text: strings.ToLower(key)}, i + 1
	}
	value, n := cutQuoted(s[i+1:])
	if n == 0 || key == "" {
		return part{}, 0
	}
	return part{kind: varPart, text: strings.ToLower(key), fallback: value, hasFallback: true}, i + 1 + n
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

func compileParts(parts []part) glob {
	g := glob{nil}
	for _, p := range parts {
		last := len(g) - 1
		switch p.kind {
		case starPart:
			g = append(g, nil)
		case onePart:
			g[last] = append(g[last], atom{one: true})
		default:
			if n := len(g[last]); n > 0 && !g[last][n-1].one {
				g[last][n-1].lit += p.text
			} else if p.text != "" {
				g[last] = append(g[last], atom{lit: p.text})
			}
		}
	}
	return g
}

// pattern returns the template as a pattern for this request, or false if a
// variable in it has no single value: such a value is like nothing at all.
func (t *template) pattern(ctx Context) (glob, bool) {
	if !t.hasVar {
		return t.fixed, true
	}
	parts, ok := resolve(t.parts, ctx)
	if !ok {
		return nil, false
	}
	return compileParts(parts), true
}

// matches reports whether s fits the template.
func (t *template) matches(s string, ctx Context) bool {
	g, ok := t.pattern(ctx)
	return ok && g.matches(s)
}

// literal returns the value with its variables replaced, for templates without wildcards.
func (t *template) literal(ctx Context) (string, bool) {
	parts, ok := resolve(t.parts, ctx)
	if !ok {
		return "", false
	}
	if len(parts) == 1 {
		return parts[0].text, true
	}
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.text)
	}
	return b.String(), true
}

func resolve(parts []part, ctx Context) ([]part, bool) {
	var out []part
	for i, p := range parts {
		if p.kind != varPart {
			continue
		}
		if out == nil {
			out = append([]part(nil), parts...)
		}
		v := ctx[p.text]
		switch {
		case len(v) == 1:
			out[i] = part{kind: literalPart, text: v[0]}
		case p.hasFallback:
			out[i] = part{kind: literalPart, text: p.fallback}
		default:
			return nil, false
		}
	}
	if out == nil {
		return parts, true
	}
	return out, true
}
