package policy

import "fmt"

// Effect is the outcome of an evaluation.
type Effect int

// The outcomes. ImplicitDeny is the absence of an Allow.
const (
	ImplicitDeny Effect = iota
	Allow
	ExplicitDeny
)

// String returns the outcome as SimulatePrincipalPolicy spells it.
func (e Effect) String() string {
	switch e {
	case Allow:
		return "allowed"
	case ExplicitDeny:
		return "explicitDeny"
	}
	return "implicitDeny"
}

// Source is the part that a policy has in a request: what it is to the caller
// or to the resource.
type Source int

// The sources of a decision. SourceNone is that of an account's root, whom no
// policy need allow anything, and of what is decided before any policy is read.
const (
	SourceNone Source = iota
	SourceIdentity
	SourceBoundary
	SourceSession
	SourceResource
	SourceTrust
)

// String returns the source as AWS's refusals name it (IAM User Guide,
// "Troubleshoot access denied error messages").
func (s Source) String() string {
	switch s {
	case SourceIdentity:
		return "identity-based policy"
	case SourceBoundary:
		return "permissions boundary"
	case SourceSession:
		return "session policy"
	case SourceResource:
		return "resource-based policy"
	case SourceTrust:
		return "role trust policy"
	}
	return "no policy"
}

// one is the source with its article.
func (s Source) one() string {
	switch s {
	case SourceIdentity:
		return "an " + s.String()
	case SourceTrust:
		return "the " + s.String()
	}
	return "a " + s.String()
}

// Decision is the outcome with the statement that decided.
type Decision struct {
	Effect Effect
	// Source is the kind of policy that decided; for an implicit deny the kind
	// that would have had to allow and does not.
	Source Source
	// Policy, ARN, Sid and Statement name the deciding statement: for an
	// explicit deny the Deny, for an allow the Allow of the policy that granted.
	// An implicit deny, and the allow of an account's root, have none. ARN is
	// empty for policies that have none of their own; Owner is the user, group or
	// role that an inline policy stands in ("group/dev").
	Policy string
	ARN    string
	Owner  string
	Sid    string
	// Statement is the index in the document, -1 for none.
	Statement int
	// Foreign says that the deciding policy belongs to another account than the
	// caller, who must not learn what stands in it.
	Foreign bool
	// Reason is a sentence part for people: "no identity-based policy allows
	// logs:PutLogEvents on arn:...".
	Reason string
}

// Allowed reports whether the request may go on.
func (d Decision) Allowed() bool { return d.Effect == Allow }

// Named reports whether the decision names a statement.
func (d Decision) Named() bool { return d.Statement >= 0 }

// ForCaller is the decision as the caller may see it: nothing of another
// account's policies but what follows from the outcome.
func (d Decision) ForCaller() Decision {
	if !d.Foreign || d.Effect == ImplicitDeny {
		return d
	}
	reason := "an explicit deny in the account that owns the resource forbids the request"
	if d.Allowed() {
		reason = "the account that owns the resource allows the request"
	}
	return Decision{Effect: d.Effect, Statement: -1, Foreign: true, Reason: reason}
}

// Clause is what AWS's refusals say of the policy that decided, with a space
// before it: " with an explicit deny in an identity-based policy", " because no
// session policy allows the logs:PutLogEvents action". It is empty for an
// allow and where no policy decided.
func (d Decision) Clause(action string) string {
	switch {
	case d.Foreign && d.Effect == ExplicitDeny:
		return " with an explicit deny"
	case d.Source == SourceNone, d.Effect == Allow:
		return ""
	case d.Effect == ExplicitDeny:
		return " with an explicit deny in " + d.Source.one()
	}
	return fmt.Sprintf(" because no %s allows the %s action", d.Source, action)
}
