package policy

import (
	"slices"
	"strings"
)

// ContextKeys returns the condition keys that the document reads, in its
// conditions and as policy variables, each once, in the spelling first used,
// sorted (GetContextKeysForCustomPolicy).
func (d *Document) ContextKeys() []string {
	keys := keySet{}
	for i := range d.statements {
		keys.addStatement(&d.statements[i], d.version == version2012)
	}
	return keys.sorted()
}

// readResourceTags reports whether a key is a tag of the resource.
func (d *Document) readResourceTags() bool {
	keys := keySet{}
	for i := range d.statements {
		keys.addStatement(&d.statements[i], d.version == version2012)
	}
	for key := range keys {
		if strings.HasPrefix(key, "aws:resourcetag/") || strings.HasPrefix(key, "iam:resourcetag/") {
			return true
		}
	}
	return false
}

// MissingKeys returns the condition keys that the statements for this action
// and resource read and the request does not have, as ContextKeys does
// (SimulatePrincipalPolicy, MissingContextValues). Variables with a default
// value are not missed.
func MissingKeys(r *Request, set *Set) []string {
	keys := keySet{}
	req := &request{Request: r, action: strings.ToLower(r.Action), set: set}
	for _, list := range [][]Named{set.Identity, set.Boundary, set.Session, set.Resource} {
		for i := range list {
			d := list[i].Document
			for j := range d.statements {
				if st := &d.statements[j]; st.mayApply(req) {
					keys.addStatement(st, d.version == version2012)
				}
			}
		}
	}
	for key := range keys {
		if len(r.Context[key]) > 0 {
			delete(keys, key)
		}
	}
	return keys.sorted()
}

// mayApply reports whether a statement is about the action and, as far as its
// variables have values, about the resource.
func (s *statement) mayApply(r *request) bool {
	if anyGlob(s.actions, r.action) == s.notAction {
		return false
	}
	if len(s.resources) == 0 {
		return true
	}
	for i := range s.resources {
		if fits, known := s.resources[i].matches(r.Resource, r.Context); fits || !known {
			return true
		}
	}
	return s.notResource
}

// keySet is condition keys: lower-cased to the spelling first seen.
type keySet map[string]string

func (k keySet) add(key, spelling string) {
	if _, ok := k[key]; !ok {
		k[key] = spelling
	}
}

func (k keySet) addStatement(s *statement, variables bool) {
	for i := range s.conditions {
		c := &s.conditions[i]
		k.add(c.key, c.name)
		if !variables || !takesVariables(c.operator) {
			continue
		}
		for _, v := range c.raw {
			k.addParts(cutParts(v, grammar{variables: true}))
		}
	}
	for i := range s.resources {
		k.addParts(s.resources[i].parts)
	}
}

func (k keySet) addParts(parts []part) {
	for _, p := range parts {
		if p.kind == varPart {
			k.add(p.text, p.name)
		}
	}
}

func (k keySet) sorted() []string {
	var out []string
	for _, spelling := range k {
		out = append(out, spelling)
	}
	slices.SortFunc(out, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return out
}

// takesVariables reports whether an operator's values may hold variables.
func takesVariables(operator string) bool {
	return strings.HasPrefix(operator, "String") || strings.HasPrefix(operator, "Arn") || operator == "Bool"
}

// ContextKeysOf returns the condition keys of several documents, as ContextKeys does.
func ContextKeysOf(list []Named) []string {
	keys := keySet{}
	for i := range list {
		d := list[i].Document
		for j := range d.statements {
			keys.addStatement(&d.statements[j], d.version == version2012)
		}
	}
	return keys.sorted()
}
