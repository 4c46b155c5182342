package policy

import "strings"

// Match is a statement that applies to a request.
type Match struct {
	Source Source
	// Policy is the document that the statement stands in, and Statement its index there.
	Policy    *Named
	Statement int
	Deny      bool
}

// Matches returns every statement of the set that applies to the request: what
// Evaluate chooses from, in the order of the set.
func Matches(r *Request, set *Set) []Match {
	req := &request{Request: r, action: strings.ToLower(r.Action), set: set}
	var out []Match
	out = append(out, req.matches(SourceIdentity, set.Identity)...)
	if set.HasBoundary {
		out = append(out, req.matches(SourceBoundary, set.Boundary)...)
	}
	if set.HasSession {
		out = append(out, req.matches(SourceSession, set.Session)...)
	}
	return append(out, req.matches(SourceResource, set.Resource)...)
}

func (r *request) matches(source Source, list []Named) []Match {
	var out []Match
	for i := range list {
		d := list[i].Document
		guards := source == SourceResource
		if d == nil || (d.kind == Identity) == guards {
			continue
		}
		from := source
		if guards {
			from = sourceOf(d)
		}
		for j := range d.statements {
			st := &d.statements[j]
			if guards && st.grantTo(r) == grantNone || !st.applies(r) {
				continue
			}
			out = append(out, Match{from, &list[i], j, st.deny})
		}
	}
	return out
}
