package iam

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"waybill/internal/arn"
	"waybill/internal/iam/policy"
)

// probeSession names the session that EvaluateRole imagines.
const probeSession = "evaluation"

// Authorize decides whether p may do action on resource (an ARN, or "*").
// condition holds the request's condition keys; those that come from the
// principal are added here, and none of them is taken from condition.
//
// sts:AssumeRole and its kin need the role's trust policy in any case. A
// service principal acting for another account's resource needs a policy that
// lets exactly that source in: one that would let in any source does not
// count. (In AWS the service itself keeps such callers out, because
// nobody can pass a role of another account.)
func (s *Service) Authorize(ctx context.Context, p Principal, action, resource string, condition policy.Context) (policy.Decision, error) {
	request := &policy.Request{Action: action, Resource: resource, Subject: p.subject(), Context: contextOf(&p, condition)}
	set := &policy.Set{Session: p.SessionPolicies, HasSession: len(p.SessionPolicies) > 0, RootOfAccount: p.Type == TypeAccount}
	// Policies that AWS manages belong to whoever asks.
	if a, err := arn.Parse(resource); err == nil && a.Account != "aws" {
		set.ResourceAccount = a.Account
	}
	known, err := s.gather(ctx, &p, request, set)
	if err != nil {
		return policy.Decision{}, err
	}
	if !known {
		return denied("the caller does not exist any more"), nil
	}
	if set.ReadsResourceTags() {
		if err := s.addResourceTags(ctx, request); err != nil {
			return policy.Decision{}, err
		}
	}
	return s.decide(&p, request, set), nil
}

func denied(reason string) policy.Decision {
	return policy.Decision{Effect: policy.ImplicitDeny, Statement: -1, Reason: reason}
}

// gather puts the policies that apply into set. known is false if the user or
// role behind the principal is gone.
func (s *Service) gather(ctx context.Context, p *Principal, request *policy.Request, set *policy.Set) (known bool, err error) {
	if known, err = s.gatherIdentity(ctx, p, set); err != nil || !known {
		return known, err
	}
	if assumes(request) {
		set.ResourceRequired = true
		set.Resource, err = s.trustFor(ctx, request.Resource)
		return true, err
	}
	if s.ResourcePolicies == nil || request.Resource == "*" {
		return true, nil
	}
	set.Resource, err = s.ResourcePolicies(ctx, request.Resource)
	return true, wrap(err, "read the resource policies of %s", request.Resource)
}

// assumes reports whether a request is one that a role's trust policy decides.
func assumes(r *policy.Request) bool {
	return strings.HasPrefix(strings.ToLower(r.Action), "sts:") && strings.HasPrefix(r.Resource, "arn:aws:iam::")
}

// identityKey and trustKey are of what the memo holds for decisions.
type (
	identityKey struct{ id string }
	trustKey    struct{ roleARN string }
)

func (s *Service) gatherIdentity(ctx context.Context, p *Principal, set *policy.Set) (known bool, err error) {
	kind := KindUser
	switch p.Type {
	case TypeUser:
	case TypeAssumedRole:
		kind = KindRole
	default:
		return true, nil
	}
	id := p.entityID()
	n, err := recall(ctx, s, identityKey{id}, func(tx *sql.Tx) (*identity, error) { return s.identityOf(ctx, tx, kind, id) })
	if err != nil || n == nil {
		return false, err
	}
	// Clipped, so that whoever appends to the set writes to a copy.
	set.Identity, set.Boundary, set.HasBoundary = slices.Clip(n.policies), n.boundary, n.hasBoundary
	return true, nil
}

// trustFor returns the trust policy of a role; none if there is no such role.
func (s *Service) trustFor(ctx context.Context, roleARN string) ([]policy.Named, error) {
	return recall(ctx, s, trustKey{roleARN}, func(tx *sql.Tx) ([]policy.Named, error) {
		r, found, err := roleByARN(ctx, tx, roleARN)
		if err != nil || !found {
			return nil, err
		}
		trust, err := s.trustOf(&r)
		return []policy.Named{trust}, err
	})
}

// decide evaluates; for a service that acts across accounts twice.
func (s *Service) decide(p *Principal, request *policy.Request, set *policy.Set) policy.Decision {
	if p.Type == TypeService && p.SourceARN != "" {
		if a, err := arn.Parse(p.SourceARN); err != nil || a.Account != p.SourceAccount {
			return denied("the service names a source and an account that do not belong together: " + p.SourceARN + " and " + p.SourceAccount)
		}
	}
	d := policy.Evaluate(request, set)
	if p.Type != TypeService || set.ResourceAccount == "" || set.ResourceAccount == p.SourceAccount {
		return d
	}
	d.Foreign = true
	if !d.Allowed() {
		return d
	}
	refused := policy.Decision{Effect: policy.ImplicitDeny, Source: d.Source, Statement: -1, Foreign: true}
	what := request.Action + " on " + request.Resource
	if p.SourceAccount == "" {
		refused.Reason = "the service does not say for which account it acts, so no " + d.Source.String() + " allows " + what
		return refused
	}
	// Some source that nobody means: if it gets in, the policy did not mean ours.
	stranger := *p
	stranger.SourceAccount = "000000000000"
	stranger.SourceARN = arn.Organization("us-east-1", stranger.SourceAccount, "m-"+strings.Repeat("0", 32))
	other := *request
	other.Context = contextOf(&stranger, request.Context)
	if policy.Evaluate(&other, set).Allowed() {
		refused.Reason = "no " + d.Source.String() + " names the source " + p.SourceARN + " of another account, so none allows " + what
		return refused
	}
	return d
}

// ownKeys are the condition keys that only Authorize sets. A key ending in "/" is a prefix.
var ownKeys = []string{
	"aws:principalarn", "aws:principalaccount", "aws:principaltype", "aws:userid", "aws:username",
	"aws:sourcearn", "aws:sourceaccount", "aws:principalisawsservice", "aws:principalservicename",
	"aws:principalservicenameslist", "aws:tokenissuetime", "aws:principaltag/",
	"aws:sourceidentity", "aws:federatedprovider", "aws:multifactorauthpresent", "aws:multifactorauthage",
}

func isOwnKey(lower string) bool {
	return slices.ContainsFunc(ownKeys, func(k string) bool {
		return k == lower || strings.HasSuffix(k, "/") && strings.HasPrefix(lower, k)
	})
}

// contextOf returns the request's keys with those of the principal (IAM User
// Guide, "AWS global condition context keys", properties of the principal).
func contextOf(p *Principal, condition policy.Context) policy.Context {
	c := make(policy.Context, len(condition)+8)
	for key, values := range condition {
		if lower := strings.ToLower(key); !isOwnKey(lower) {
			c[lower] = values
		}
	}
	set := func(key, value string) {
		if value != "" {
			c[key] = []string{value}
		}
	}
	if p.Type == TypeService {
		set("aws:principalisawsservice", "true")
		set("aws:principalservicename", p.Name)
		set("aws:principalservicenameslist", p.Name)
		set("aws:sourcearn", p.SourceARN)
		set("aws:sourceaccount", p.SourceAccount)
		return c
	}
	set("aws:principalisawsservice", "false")
	set("aws:federatedprovider", p.FederatedProvider)
	if p.Type == TypeWebIdentity {
		for key, values := range p.WebIdentity.Keys {
			c[strings.ToLower(p.providerURL()+":"+key)] = values
		}
		return c
	}
	set("aws:principalaccount", p.Account)
	set("aws:principaltype", string(p.Type))
	set("aws:userid", p.UserID)
	set("aws:principalarn", p.ARN)
	switch p.Type {
	case TypeUser:
		set("aws:username", p.Name)
	case TypeAssumedRole:
		set("aws:principalarn", p.RoleARN)
		set("aws:sourceidentity", p.SourceIdentity)
	}
	if !p.TokenIssued.IsZero() {
		set("aws:tokenissuetime", p.TokenIssued.UTC().Format("2006-01-02T15:04:05Z"))
		set("aws:multifactorauthpresent", "false") // long-term credentials do not have the key
	}
	for key, value := range p.Tags {
		c["aws:principaltag/"+strings.ToLower(key)] = []string{value}
	}
	return c
}

// EvaluateRole decides what a session of a role could do: whether the role
// allows action on resource. A role that does not exist allows nothing.
func (s *Service) EvaluateRole(ctx context.Context, roleARN, action, resource string, condition policy.Context) (policy.Decision, error) {
	r, found, err := s.findRole(ctx, roleARN)
	if err != nil {
		return policy.Decision{}, err
	}
	if !found {
		return denied("the role " + roleARN + " does not exist"), nil
	}
	return s.Authorize(ctx, r.session(probeSession, "", s.now()), action, resource, condition)
}

// EvaluateTrust decides whether p may assume a role: for a service principal,
// whether the trust policy lets it in for its SourceARN and SourceAccount. The
// reason of a refusal adds what is odd about the policy, if it is p's account's.
func (s *Service) EvaluateTrust(ctx context.Context, roleARN string, p Principal) (policy.Decision, error) {
	r, found, err := s.findRole(ctx, roleARN)
	if err != nil {
		return policy.Decision{}, err
	}
	if !found {
		return denied("the role " + roleARN + " does not exist"), nil
	}
	d, err := s.Authorize(ctx, p, "sts:AssumeRole", roleARN, nil)
	if err != nil || d.Allowed() || d.Foreign {
		return d, err
	}
	trust, err := s.trustOf(&r)
	if err != nil {
		return d, err
	}
	for _, warning := range policy.Warnings(trust.Document) {
		d.Reason += "; " + warning
	}
	return d, nil
}

func (s *Service) findRole(ctx context.Context, roleARN string) (r Role, found bool, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		r, found, err = roleByARN(ctx, tx, roleARN)
		return err
	})
	return r, found, err
}
