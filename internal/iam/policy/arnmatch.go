package policy

import "strings"

// arnParts is the number of colon-delimited parts of an ARN; the last keeps
// every further colon.
const arnParts = 6

// arnPattern is the value of an Arn operator: each part of the ARN is matched
// by itself, so that a wildcard never crosses one of the first five colons.
type arnPattern struct {
	// any is the pattern "*", which every ARN fits.
	any bool
	// parts has six templates, or none for a value that is no ARN and fits nothing.
	parts []template
}

// newARNPattern compiles raw. It cuts at the colons of the text, not at those
// inside a variable.
func newARNPattern(raw string, g grammar) arnPattern {
	if raw == "*" {
		return arnPattern{any: true}
	}
	fields := cutARN(raw, g)
	if len(fields) != arnParts {
		return arnPattern{}
	}
	p := arnPattern{parts: make([]template, arnParts)}
	for i, f := range fields {
		p.parts[i] = newTemplate(f, g)
	}
	return p
}

// cutARN cuts s at its first five colons that stand outside variables.
func cutARN(s string, g grammar) []string {
	var fields []string
	begin := 0
	for i := 0; i < len(s) && len(fields) < arnParts-1; {
		if g.variables && strings.HasPrefix(s[i:], "${") {
			if _, n := cutVariable(s[i:]); n > 0 {
				i += n
				continue
			}
		}
		if s[i] == ':' {
			fields = append(fields, s[begin:i])
			begin = i + 1
		}
		i++
	}
	return append(fields, s[begin:])
}

func (p *arnPattern) matches(s string, ctx Context) bool {
	if strings.Count(s, ":") < arnParts-1 || !strings.HasPrefix(s, "arn:") {
		return false
	}
	if p.any {
		return true
	}
	if p.parts == nil {
		return false
	}
	for i := range p.parts {
		field, rest := s, ""
		if i < arnParts-1 {
			field, rest, _ = strings.Cut(s, ":")
		}
		if fits, _ := p.parts[i].matches(field, ctx); !fits {
			return false
		}
		s = rest
	}
	return true
}
