package iam

import (
	"context"
	"database/sql"
	"strings"

	"waybill/internal/arn"
	"waybill/internal/iam/policy"
)

// SimulatePrincipalPolicy decides by the policies of a user with its groups, of
// a group or of a role, and by the documents given. A boundary given stands in
// for the entity's own. more says that actions are left after those of the results.
func (s *Service) SimulatePrincipalPolicy(ctx context.Context, account, sourceARN string, q Simulation) (results []Simulated, more bool, err error) {
	sim := simulator{Simulation: &q}
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		e, n, err := s.policySource(ctx, tx, account, sourceARN)
		if err != nil {
			return err
		}
		switch {
		case q.ResourcePolicy != "" && e.Kind == KindRole:
			return invalidInput("Simulation of resource-based policies isn't supported for IAM roles.")
		case q.ResourcePolicy != "" && e.Kind == KindGroup && q.CallerARN == "":
			return invalidInput("CallerArn is required with a ResourcePolicy.")
		}
		sim.set = policy.Set{Identity: simulated(n.policies), Boundary: simulated(n.boundary), HasBoundary: n.hasBoundary}
		if q.CallerARN == "" {
			q.CallerARN = sourceARN
		}
		if err := sim.fill(account); err != nil {
			return err
		}
		return s.describeCaller(ctx, tx, &sim)
	})
	if err != nil {
		return nil, false, err
	}
	// What is stored costs as what is given; its text is not at hand.
	sim.bytes += maxSimulatedText / 4
	return sim.run(ctx)
}

// PrincipalContextKeys returns the condition keys that the policies of a user, a
// group or a role read, with those of documents, sorted (IAM
// GetContextKeysForPrincipalPolicy).
func (s *Service) PrincipalContextKeys(ctx context.Context, account, sourceARN string, documents []string) (names []string, err error) {
	m := simulator{Simulation: &Simulation{}}
	given, err := m.documents("PolicyInputList", policy.Identity, documents)
	if err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		_, n, err := s.policySource(ctx, tx, account, sourceARN)
		if err == nil {
			names = policy.ContextKeysOf(append(simulated(n.policies), given...))
		}
		return err
	})
	return names, err
}

// policySource returns the entity of an ARN with all its policies.
func (s *Service) policySource(ctx context.Context, tx *sql.Tx, account, sourceARN string) (Entity, *identity, error) {
	o, ok := ownerOf(sourceARN)
	if !ok {
		return Entity{}, nil, invalidInput("Invalid Entity Arn: %s", sourceARN)
	}
	o.Account = account
	e, err := o.entity(ctx, tx)
	if err != nil {
		return e, nil, err
	}
	if e.ARN() != sourceARN {
		return e, nil, noSuch("No such entity %s", sourceARN)
	}
	if e.Kind == KindGroup {
		n := &identity{}
		return e, n, s.addPolicies(ctx, tx, n, e.Owner, e.ID)
	}
	n, err := s.identityOf(ctx, tx, e.Kind, e.ID)
	return e, n, err
}

// ownerOf reads an entity's ARN.
func ownerOf(entityARN string) (Owner, bool) {
	a, err := arn.Parse(entityARN)
	if err != nil || a.Service != "iam" || !accountNum.MatchString(a.Account) {
		return Owner{}, false
	}
	kind, path, _ := strings.Cut(a.Resource, "/")
	o := Owner{Kind(kind), a.Account, path[strings.LastIndexByte(path, '/')+1:]}
	_, known := kinds[o.Kind]
	return o, known && o.Name != ""
}

// describeCaller adds what is stored of the caller: its id and its tags.
func (s *Service) describeCaller(ctx context.Context, tx *sql.Tx, m *simulator) error {
	o, ok := ownerOf(m.CallerARN)
	if !ok || o.Kind == KindGroup {
		return nil
	}
	e, err := o.entity(ctx, tx)
	if err != nil || e.ARN() != m.CallerARN {
		return nil // one may simulate callers that are not there
	}
	m.caller.Tags = tagMap(e.Tags)
	if o.Kind == KindUser {
		m.caller.UserID = e.ID
	}
	return nil
}

// simulated names policies as the simulator does: inline ones by their owner.
func simulated(list []policy.Named) []policy.Named {
	out := make([]policy.Named, len(list))
	for i, p := range list {
		if p.Owner != "" {
			p.Name = strings.ReplaceAll(p.Owner, "/", "_") + "_" + p.Name
		}
		out[i] = p
	}
	return out
}
