package policy

import "strings"

// resource is a value of Resource or NotResource: a pattern for whole ARNs (IAM
// User Guide, "Resource").
//
// A * that ends one of the ARN's first five segments goes on beyond the colon.
// Any other wildcard in them stays in its segment, which head sees to. Variables
// stand in the sixth part, the resource's own; before it, the text is meant.
type resource struct {
	template
	head []segment
}

// segment is one of the first five segments of an ARN with a wildcard that
// must not leave it.
type segment struct {
	index int
	glob  glob
}

func newResource(raw string, variables bool) resource {
	fields := cutARN(raw, grammar{})
	if len(fields) < arnParts {
		return resource{template: newTemplate(raw, grammar{wildcards: true})}
	}
	own := fields[arnParts-1]
	parts := cutParts(strings.TrimSuffix(raw, own), grammar{wildcards: true})
	parts = append(parts, cutParts(own, grammar{wildcards: true, variables: variables})...)
	return resource{template: templateOf(raw, parts), head: headOf(fields[:arnParts-1])}
}

// headOf returns the segments up to the first that ends with a *, from where
// on the pattern is one.
func headOf(fields []string) (head []segment) {
	for i, f := range fields {
		if strings.HasSuffix(f, "*") {
			break
		}
		if open(f) {
			head = append(head, segment{i, newTemplate(f, grammar{wildcards: true}).fixed})
		}
	}
	return head
}

// matches reports whether an ARN fits, and whether every variable has a value.
func (p *resource) matches(s string, ctx Context) (fits, known bool) {
	fits, known = p.template.matches(s, ctx)
	return fits && p.staysInside(s), known
}

// staysInside checks the segments of head one by one.
func (p *resource) staysInside(s string) bool {
	at := 0
	for _, h := range p.head {
		for ; at < h.index; at++ {
			_, s, _ = strings.Cut(s, ":")
		}
		field, _, _ := strings.Cut(s, ":")
		if !h.glob.matches(field) {
			return false
		}
	}
	return true
}

// earlyVariable reports whether raw has a variable where variables have no effect.
func earlyVariable(raw string) bool {
	fields := cutARN(raw, grammar{variables: true})
	if len(fields) == arnParts {
		fields = fields[:arnParts-1]
	}
	for _, p := range cutParts(strings.Join(fields, ":"), grammar{variables: true}) {
		if p.kind == varPart {
			return true
		}
	}
	return false
}
