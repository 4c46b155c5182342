// Package policy is the IAM policy language: reading documents and deciding
// requests by them. It does no I/O and knows no entities.
//
// Parse reads a document once, checks it for the place where it will stand
// (its Kind) and compiles its patterns. Evaluate decides one request by a Set
// of documents, in the order that AWS documents
// (IAM User Guide, "Policy evaluation logic"):
//
//  1. a Deny that applies, in any policy of the set, decides;
//  2. a resource policy of the caller's own account that names the caller
//     itself decides; one that names the caller's role stands in for the
//     identity policies; one that names the account only delegates to them;
//  3. the identity policies, then the permissions boundary, then the session
//     policies must each allow;
//  4. across accounts both the resource policy and 3. must allow;
//  5. service principals have resource policies only.
//
// Documents are immutable after Parse and safe for concurrent use. Matching is
// done without regular expressions and without trying a wildcard twice: a
// decision costs at most the product of the sizes of documents and request.
package policy

import "strings"

// Kind is the place where a document stands; the grammar differs by it.
type Kind int

// The kinds of policy document.
const (
	// Identity policies are attached to users, groups and roles, or serve as
	// boundary or session policy. They name no principal.
	Identity Kind = iota
	// Trust policies say who may assume a role. They name no resource.
	Trust
	// Resource policies are attached to a resource, such as a log group.
	Resource
)

// String returns the kind as decisions show it.
func (k Kind) String() string {
	switch k {
	case Identity:
		return "identity-based policy"
	case Trust:
		return "trust policy"
	default:
		return "resource-based policy"
	}
}

// Document is a parsed policy document.
type Document struct {
	kind       Kind
	version    string
	id         string
	statements []statement
	// readsTags says that a statement reads tags of the resource.
	readsTags bool
}

// Kind returns the kind that the document was parsed as.
func (d *Document) Kind() Kind { return d.kind }

// Len returns the number of statements.
func (d *Document) Len() int { return len(d.statements) }

// Named is a document with the name that decisions show: with its ARN if it is a
// managed policy, and with the user, group or role that it stands in ("group/dev")
// if it is an inline one.
type Named struct {
	Name       string
	ARN, Owner string
	Document   *Document
}

// Context holds the condition keys of a request. Keys are lower-cased
// ("aws:sourceip"). An absent key and one without values are the same. Binary
// values stand in base64, dates in ISO 8601 or as seconds since 1970.
type Context map[string][]string

// Add appends values to a key, which may be in any case.
func (c Context) Add(key string, values ...string) {
	key = strings.ToLower(key)
	c[key] = append(c[key], values...)
}

// Subject is the caller as policies see it.
type Subject struct {
	// Account is the 12-digit account that the caller belongs to; empty for a
	// service and for an anonymous caller.
	Account string
	// ARNs name the caller: the user's ARN; for a role session its
	// assumed-role ARN and the role's ARN; for the account's root its root ARN.
	ARNs []string
	// Service is the service principal's name ("events.workmail.amazonaws.com").
	Service string
	// Federated is the identity provider's ARN or name, for AssumeRoleWith*.
	Federated string
	// Anonymous is an unsigned caller.
	Anonymous bool
}

// Request is what is to be decided.
type Request struct {
	// Action is "service:Operation", in any case.
	Action string
	// Resource is an ARN, or "*" for actions that name none.
	Resource string
	Subject  Subject
	Context  Context
}

// Set holds every document that applies to a request.
type Set struct {
	// Identity are the policies of the caller: of the user and its groups, or of the role.
	Identity []Named
	// Boundary is the caller's permissions boundary; it counts if HasBoundary.
	Boundary []Named
	// Session are the policies passed when the session was made; they count if HasSession.
	Session []Named
	// Resource are the policies of the resource, or the trust policy of the role to be assumed.
	Resource []Named

	HasBoundary, HasSession bool
	// ResourceRequired says that nothing goes without an Allow in Resource,
	// within the account too: so it is for the trust policy in sts:AssumeRole.
	ResourceRequired bool
	// ResourceAccount is the account that owns the resource. Empty means the caller's.
	ResourceAccount string
	// RootOfAccount says that the caller is its account's root, whose identity side allows all.
	RootOfAccount bool
}

// ReadsResourceTags reports whether a document of the set reads
// aws:ResourceTag/* or iam:ResourceTag/*, which take a look at the resource.
func (s *Set) ReadsResourceTags() bool {
	for _, list := range [][]Named{s.Identity, s.Boundary, s.Session, s.Resource} {
		for i := range list {
			if d := list[i].Document; d != nil && d.readsTags {
				return true
			}
		}
	}
	return false
}
