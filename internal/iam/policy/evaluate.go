package policy

import (
	"strconv"
	"strings"
)

// request is a Request with what every statement needs of it.
type request struct {
	*Request
	action string // lower-cased
	set    *Set
}

// hit is a statement that applies to the request.
type hit struct {
	policy *Named
	index  int
	grant  grant
	source Source
}

func (h hit) found() bool { return h.policy != nil }

// Evaluate decides a request. It reads set only, and no document of a kind
// that does not belong where it stands has any effect.
func Evaluate(r *Request, set *Set) Decision {
	req := &request{Request: r, action: strings.ToLower(r.Action), set: set}
	resDeny, resAllow := req.scanResource(set.Resource)
	idDeny, idAllow := req.scan(SourceIdentity, set.Identity)
	var bound, session scope
	if set.HasBoundary {
		bound = req.limit(SourceBoundary, set.Boundary)
	}
	if set.HasSession {
		session = req.limit(SourceSession, set.Session)
	}
	switch {
	case idDeny.found():
		return req.denied(idDeny)
	case bound.deny.found():
		return req.denied(bound.deny)
	case session.deny.found():
		return req.denied(session.deny)
	case resDeny.found():
		return req.denied(resDeny)
	}
	return req.decide(resAllow, idAllow, bound, session)
}

// scope is what a boundary or the session policies say.
type scope struct {
	present     bool
	deny, allow hit
}

func (s scope) blocks() bool { return s.present && !s.allow.found() }

func (r *request) limit(source Source, list []Named) scope {
	deny, allow := r.scan(source, list)
	return scope{present: true, deny: deny, allow: allow}
}

// decide is the part after every explicit deny has been ruled out.
func (r *request) decide(resAllow, idAllow hit, bound, session scope) Decision {
	s := &r.Subject
	if s.Account == "" {
		// Services, federated identities and anonymous callers have no policies of their own.
		if resAllow.found() && resAllow.grant == grantDirect {
			return r.allowed(resAllow)
		}
		return r.refused(r.resourceSource(), "")
	}
	sameAccount := !r.crossAccount()
	if sameAccount && resAllow.grant == grantDirect {
		return r.allowed(resAllow)
	}
	switch {
	case !resAllow.found() && r.set.ResourceRequired:
		return r.refused(SourceTrust, "")
	case !resAllow.found() && !sameAccount:
		return r.refused(r.resourceSource(), "the resource is in another account and ")
	}
	deciding := idAllow
	if sameAccount && resAllow.grant == grantRole {
		deciding = resAllow
	}
	switch {
	case !deciding.found() && !r.set.RootOfAccount:
		return r.refused(SourceIdentity, "")
	case bound.blocks():
		return r.refused(SourceBoundary, "")
	case session.blocks():
		return r.refused(SourceSession, "")
	case !deciding.found():
		return Decision{Effect: Allow, Statement: -1, Reason: "the caller is the root of its account"}
	}
	return r.allowed(deciding)
}

// crossAccount reports whether the resource is another account's than the caller's.
func (r *request) crossAccount() bool {
	owner := r.set.ResourceAccount
	return owner != "" && r.Subject.Account != "" && owner != r.Subject.Account
}

// resourceSource is the kind of policy that guards the resource.
func (r *request) resourceSource() Source {
	if r.set.ResourceRequired {
		return SourceTrust
	}
	return SourceResource
}

// scan looks through identity policies, or those that limit them, for the
// first Deny and the first Allow that apply. It stops at a Deny.
func (r *request) scan(source Source, list []Named) (deny, allow hit) {
	for i := range list {
		d := list[i].Document
		if d == nil || d.kind != Identity {
			continue
		}
		for j := range d.statements {
			st := &d.statements[j]
			if !st.deny && allow.found() || !st.applies(r) {
				continue
			}
			if st.deny {
				return hit{policy: &list[i], index: j, source: source}, allow
			}
			allow = hit{policy: &list[i], index: j, source: source}
		}
	}
	return hit{}, allow
}

// scanResource looks through resource policies for the first Deny and for the
// Allow that names the caller most closely.
func (r *request) scanResource(list []Named) (deny, allow hit) {
	for i := range list {
		d := list[i].Document
		if d == nil || d.kind == Identity {
			continue
		}
		for j := range d.statements {
			st := &d.statements[j]
			g := st.grantTo(r)
			if g == grantNone || !st.deny && g <= allow.grant || !st.applies(r) {
				continue
			}
			if st.deny {
				return hit{policy: &list[i], index: j, source: sourceOf(d)}, allow
			}
			allow = hit{policy: &list[i], index: j, grant: g, source: sourceOf(d)}
		}
	}
	return hit{}, allow
}

// grantTo returns how a statement of a resource policy names the caller.
//
// NotPrincipal, which stands with Deny only, covers everyone whom it does not
// list. Naming the account alone spares nobody but its root, and a caller with a
// permissions boundary is never spared; both are documented.
func (s *statement) grantTo(r *request) grant {
	g := s.principal.grantTo(&r.Subject)
	if !s.notPrincipal {
		return g
	}
	spared := (g > grantAccount || g == grantAccount && r.set.RootOfAccount) && !r.set.HasBoundary
	return direct(!spared)
}

// applies reports whether action, resource and conditions of the statement fit.
func (s *statement) applies(r *request) bool {
	if anyGlob(s.actions, r.action) == s.notAction {
		return false
	}
	if len(s.resources) > 0 && !s.fitsResource(r) {
		return false
	}
	for i := range s.conditions {
		if !s.conditions[i].holds(r.Context) {
			return false
		}
	}
	return true
}

func anyGlob(list []glob, s string) bool {
	for _, g := range list {
		if g.matches(s) {
			return true
		}
	}
	return false
}

// fitsResource matches the whole ARN, colons included, so a * crosses them. A
// variable without a value is like nothing; in the NotResource of an Allow that
// would grant what was meant to be left out, so there the statement does not apply.
func (s *statement) fitsResource(r *request) bool {
	for i := range s.resources {
		fits, known := s.resources[i].matches(r.Resource, r.Context)
		if fits {
			return !s.notResource
		}
		if !known && s.notResource && !s.deny {
			return false
		}
	}
	return s.notResource
}

// refused is an implicit deny for want of an Allow in policies of that source.
func (r *request) refused(source Source, preface string) Decision {
	return Decision{Effect: ImplicitDeny, Source: source, Statement: -1, Foreign: r.foreign(source),
		Reason: preface + "no " + source.String() + " allows " + r.what()}
}

func (r *request) denied(h hit) Decision {
	return r.decision(ExplicitDeny, h, "an explicit deny in "+h.source.one()+" forbids "+r.what())
}

func (r *request) allowed(h hit) Decision {
	return r.decision(Allow, h, h.source.String()+" "+strconv.Quote(h.policy.Name)+" allows "+r.what())
}

func (r *request) decision(e Effect, h hit, why string) Decision {
	st := &h.policy.Document.statements[h.index]
	return Decision{Effect: e, Source: h.source, Policy: h.policy.Name, ARN: h.policy.ARN, Owner: h.policy.Owner, Sid: st.sid, Statement: h.index,
		Foreign: r.foreign(h.source), Reason: why}
}

// foreign reports whether policies of that source are another account's than the caller's.
func (r *request) foreign(source Source) bool {
	return (source == SourceResource || source == SourceTrust) && r.crossAccount()
}

func sourceOf(d *Document) Source {
	if d.kind == Trust {
		return SourceTrust
	}
	return SourceResource
}

func (r *request) what() string { return r.Action + " on " + r.Resource }
