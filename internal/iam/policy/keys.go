package policy

import (
	"slices"
	"strings"
)

// ContextKeys returns the condition keys that the document reads, in its
// conditions and as policy variables, each once, in the spelling first used
// for conditions and in lower case for variables, sorted
// (GetContextKeysForCustomPolicy).
func (d *Document) ContextKeys() []string {
	seen := map[string]string{}
	add := func(key, spelling string) {
		if _, ok := seen[key]; !ok {
			seen[key] = spelling
		}
	}
	for i := range d.statements {
		for _, c := range d.statements[i].conditions {
			add(c.key, c.name)
		}
	}
	if d.version == version2012 {
		d.eachValue(func(raw string) {
			for _, p := range cutParts(raw, grammar{variables: true}) {
				if p.kind == varPart {
					add(p.text, p.text)
				}
			}
		})
	}
	var out []string
	for _, spelling := range seen {
		out = append(out, spelling)
	}
	slices.SortFunc(out, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return out
}

// eachValue calls f with every value that may hold variables.
func (d *Document) eachValue(f func(raw string)) {
	for i := range d.statements {
		st := &d.statements[i]
		for j := range st.resources {
			f(st.resources[j].raw)
		}
		for _, c := range st.conditions {
			if strings.HasPrefix(c.operator, "String") || strings.HasPrefix(c.operator, "Arn") {
				for _, v := range c.raw {
					f(v)
				}
			}
		}
	}
}
