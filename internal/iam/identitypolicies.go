package iam

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"waybill/internal/arn"
	"waybill/internal/awserr"
	"waybill/internal/iam/policy"
)

// PolicyRef names a managed policy.
type PolicyRef struct{ ARN, Path, Name string }

// policyRef reads a managed policy's ARN.
func policyRef(policyARN string) PolicyRef {
	a, _ := arn.Parse(policyARN)
	whole := strings.TrimPrefix(a.Resource, "policy")
	i := strings.LastIndexByte(whole, '/') + 1
	return PolicyRef{policyARN, whole[:i], whole[i:]}
}

// hasPrefix tells whether a path lies below a prefix; no prefix is every path.
func hasPrefix(path, prefix string) bool { return strings.HasPrefix(path, prefix) }

// attachable refuses a managed policy that may not be attached to an entity of
// the account.
func (s *Service) attachable(ctx context.Context, tx *sql.Tx, account, policyARN string) error {
	if err := CheckPolicyARN(policyARN); err != nil {
		return err
	}
	if m, ok := s.managed[policyARN]; ok && m.ServiceRole {
		return awserr.WithStatus(http.StatusBadRequest, CodeNotAttachable, "Cannot attach a Service Role Policy to a Customer Role.")
	}
	_, found, err := s.currentPolicy(ctx, tx, account, policyARN)
	if err == nil && !found {
		err = notAttachable(policyARN)
	}
	return err
}

func notAttachable(policyARN string) error {
	return noSuch("Policy %s does not exist or is not attachable.", policyARN)
}

// currentPolicy returns the default version of a managed policy that an account
// may use: its own, or one of AWS.
func (s *Service) currentPolicy(ctx context.Context, tx *sql.Tx, account, policyARN string) (p policy.Named, found bool, err error) {
	if m, ok := s.managed[policyARN]; ok {
		return policy.Named{Name: m.Name, ARN: policyARN, Document: m.parsed}, true, nil
	}
	p.ARN = policyARN
	var text string
	row := tx.QueryRowContext(ctx, `SELECT p.name, v.document FROM policies p
		JOIN policy_versions v ON v.policy_id = p.id AND v.version = p.default_version
		WHERE p.arn = ? AND p.account = ?`, policyARN, account)
	err = row.Scan(&p.Name, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return p, false, nil
	}
	if err != nil {
		return p, false, fmt.Errorf("read policy %s: %w", policyARN, err)
	}
	p.Document, err = s.stored(text, policyARN)
	return p, true, err
}

// stored parses a document that was valid when it was written.
func (s *Service) stored(text, what string) (*policy.Document, error) {
	doc, err := s.documents.parse(policy.Identity, text)
	if err != nil {
		return nil, fmt.Errorf("stored policy %s: %w", what, hide(err))
	}
	return doc, nil
}

// identity is what a user or role brings to every decision.
type identity struct {
	policies    []policy.Named
	boundary    []policy.Named
	hasBoundary bool
}

// identityOf reads the identity of a user or role by id; nil if it is gone.
func (s *Service) identityOf(ctx context.Context, tx *sql.Tx, kind Kind, id string) (*identity, error) {
	f := kinds[kind]
	e := Entity{Owner: Owner{Kind: kind}}
	row := tx.QueryRowContext(ctx, `SELECT account, name, path, boundary FROM `+f.table+` WHERE id = ?`, id)
	err := row.Scan(&e.Account, &e.Name, &e.Path, &e.Boundary)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for %s: %w", id, err)
	}
	n := &identity{}
	if err := s.addPolicies(ctx, tx, n, e.Owner, id); err != nil {
		return nil, err
	}
	if kind == KindUser {
		if err := s.addShared(ctx, tx, n, &e, id); err != nil {
			return nil, err
		}
	}
	if e.Boundary == "" {
		return n, nil
	}
	n.hasBoundary = true
	b, found, err := s.currentPolicy(ctx, tx, e.Account, e.Boundary)
	if err == nil && !found {
		err = fmt.Errorf("boundary %s of %s is not known here", e.Boundary, id)
	}
	n.boundary = []policy.Named{b}
	return n, err
}

// addShared adds what a user has by the groups and by the account's password policy.
func (s *Service) addShared(ctx context.Context, tx *sql.Tx, n *identity, user *Entity, id string) error {
	groups, err := groupsOf(ctx, tx, id)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if err := s.addPolicies(ctx, tx, n, Owner{KindGroup, user.Account, g.Name}, g.ID); err != nil {
			return err
		}
	}
	rules, err := passwordPolicy(ctx, tx, user.Account)
	if err != nil {
		return err
	}
	doc, err := rules.grant(user.ARN())
	if err == nil && doc != nil {
		n.policies = append(n.policies, policy.Named{Name: "account password policy", Document: doc})
	}
	return err
}

// addPolicies adds the inline and attached policies of one entity.
func (s *Service) addPolicies(ctx context.Context, tx *sql.Tx, n *identity, o Owner, id string) error {
	texts, err := o.facts().inline.all(ctx, tx, id)
	if err != nil {
		return err
	}
	for _, t := range texts {
		doc, err := s.stored(t.text, t.name+" of "+id)
		if err != nil {
			return err
		}
		n.policies = append(n.policies, policy.Named{Name: t.name, Owner: string(o.Kind) + "/" + o.Name, Document: doc})
	}
	arns, err := o.facts().attached.all(ctx, tx, id)
	if err != nil {
		return err
	}
	for _, a := range arns {
		p, found, err := s.currentPolicy(ctx, tx, o.Account, a)
		if err == nil && !found {
			// An older Waybill cannot know what it would have denied.
			err = fmt.Errorf("policy %s is attached to %s but not known here", a, id)
		}
		if err != nil {
			return err
		}
		n.policies = append(n.policies, p)
	}
	return nil
}
