package policy

import (
	"fmt"
	"slices"
	"strings"
)

// The keys of the confused-deputy guard, lower-cased.
const (
	keySourceARN     = "aws:sourcearn"
	keySourceAccount = "aws:sourceaccount"
)

// Warnings reports what a valid document says that can never be meant, each in
// one sentence:
//
//   - a statement that demands an aws:SourceArn of one account and an
//     aws:SourceAccount that is another. Every request carries the same account
//     in both, so such a statement applies to none;
//   - a variable in a resource's ARN before the resource's own part, where it
//     stands for its own text.
func Warnings(doc *Document) []string {
	var out []string
	for i := range doc.statements {
		st := &doc.statements[i]
		if arns, accounts, ok := st.disagreeingSources(); ok {
			out = append(out, fmt.Sprintf("statement %s never applies: aws:SourceArn demands account %s and aws:SourceAccount demands %s, "+
				"but a request has the same account in both", st.label(i), strings.Join(arns, " or "), strings.Join(accounts, " or ")))
		}
		for j := range st.resources {
			if raw := st.resources[j].raw; doc.version == version2012 && earlyVariable(raw) {
				out = append(out, fmt.Sprintf("statement %s: the variable in %q stands before the resource's own part, where variables have no effect", st.label(i), raw))
			}
		}
	}
	return out
}

// label names a statement by index and Sid.
func (s *statement) label(i int) string {
	if s.sid == "" {
		return fmt.Sprint(i)
	}
	return fmt.Sprintf("%d (%q)", i, s.sid)
}

// disagreeingSources returns the accounts that a pair of conditions demands, if
// no ARN's account can be one of them.
func (s *statement) disagreeingSources() (arns, accounts []string, found bool) {
	for i := range s.conditions {
		a := &s.conditions[i]
		if a.key != keySourceARN || !a.demands("Arn", "String") {
			continue
		}
		for j := range s.conditions {
			b := &s.conditions[j]
			if b.key != keySourceAccount || !b.demands("String", "Numeric") {
				continue
			}
			if arns := arnAccounts(a.raw); len(arns) > 0 && len(b.raw) > 0 && !canAgree(arns, b.raw) {
				return arns, b.raw, true
			}
		}
	}
	return nil, nil, false
}

// demands reports whether the condition asks that the key is there and is like
// one of its values, with an operator of one of the families.
func (c *condition) demands(families ...string) bool {
	if c.negated || c.ifExists || c.qualifier == forAllValues {
		return false
	}
	if strings.HasPrefix(c.operator, "Numeric") && c.operator != "NumericEquals" {
		return false
	}
	return slices.ContainsFunc(families, func(f string) bool { return strings.HasPrefix(c.operator, f) })
}

// arnAccounts returns the account part of each ARN pattern, or nil if one of
// them does not show it.
func arnAccounts(patterns []string) []string {
	var out []string
	for _, p := range patterns {
		f := cutARN(p, grammar{variables: true})
		if len(f) != arnParts || f[4] == "" {
			return nil
		}
		if !slices.Contains(out, f[4]) {
			out = append(out, f[4])
		}
	}
	return out
}

// canAgree reports whether one of the accounts may be one of the others. Where
// both have wildcards, or one a variable, it may.
func canAgree(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if open(x) && open(y) || strings.Contains(x+y, "${") || like(x, y) || like(y, x) {
				return true
			}
		}
	}
	return false
}

func open(s string) bool { return strings.ContainsAny(s, "*?") }

func like(pattern, s string) bool {
	t := newTemplate(pattern, grammar{wildcards: true})
	return t.fixed.matches(s)
}
