package iam

import (
	"context"
	"database/sql"

	"waybill/internal/iam/policy"
)

// PutPolicy writes an inline policy of an entity (IAM PutUserPolicy,
// PutGroupPolicy, PutRolePolicy).
func (s *Service) PutPolicy(ctx context.Context, o Owner, name, document string) error {
	if err := checkName(name, "policyName", maxPolicyName); err != nil {
		return err
	}
	if err := s.checkDocument(document); err != nil {
		return err
	}
	return s.changeEntity(ctx, o, func(tx *sql.Tx, e *Entity) error {
		return o.facts().inline.put(ctx, tx, e.ID, e.Name, name, document)
	})
}

// checkDocument refuses what is no valid identity policy.
func (s *Service) checkDocument(document string) error {
	var p Problems
	p.Length(document, "policyDocument", 1, maxDocument)
	if err := p.Err(); err != nil {
		return err
	}
	_, err := s.documents.parse(policy.Identity, document)
	return err
}

// Policy returns an inline policy's document as it was written (IAM
// GetUserPolicy, GetGroupPolicy, GetRolePolicy).
func (s *Service) Policy(ctx context.Context, o Owner, name string) (document string, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		e, err := o.entity(ctx, tx)
		if err != nil {
			return err
		}
		document, err = o.facts().inline.get(ctx, tx, e.ID, name)
		return err
	})
	return document, err
}

// Policies returns the names of an entity's inline policies, sorted (IAM
// ListUserPolicies, ListGroupPolicies, ListRolePolicies).
func (s *Service) Policies(ctx context.Context, o Owner) (names []string, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		e, err := o.entity(ctx, tx)
		if err != nil {
			return err
		}
		list, err := o.facts().inline.all(ctx, tx, e.ID)
		for _, d := range list {
			names = append(names, d.name)
		}
		return err
	})
	return names, err
}

// DeletePolicy removes an inline policy (IAM DeleteUserPolicy,
// DeleteGroupPolicy, DeleteRolePolicy).
func (s *Service) DeletePolicy(ctx context.Context, o Owner, name string) error {
	return s.changeEntity(ctx, o, func(tx *sql.Tx, e *Entity) error {
		return o.facts().inline.delete(ctx, tx, e.ID, name)
	})
}

// Attach attaches a managed policy to an entity; doing it twice is fine (IAM
// AttachUserPolicy, AttachGroupPolicy, AttachRolePolicy).
func (s *Service) Attach(ctx context.Context, o Owner, policyARN string) error {
	return s.changeEntity(ctx, o, func(tx *sql.Tx, e *Entity) error {
		if err := s.attachable(ctx, tx, o.Account, policyARN); err != nil {
			return err
		}
		return o.facts().attached.put(ctx, tx, e.ID, policyARN)
	})
}

// Detach detaches a managed policy (IAM DetachUserPolicy, DetachGroupPolicy,
// DetachRolePolicy).
func (s *Service) Detach(ctx context.Context, o Owner, policyARN string) error {
	if err := CheckPolicyARN(policyARN); err != nil {
		return err
	}
	return s.changeEntity(ctx, o, func(tx *sql.Tx, e *Entity) error {
		return o.facts().attached.delete(ctx, tx, e.ID, policyARN)
	})
}

// Attached returns the managed policies attached to an entity whose path begins
// with prefix, by ARN (IAM ListAttachedUserPolicies, ListAttachedGroupPolicies,
// ListAttachedRolePolicies).
func (s *Service) Attached(ctx context.Context, o Owner, prefix string) (list []PolicyRef, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		e, err := o.entity(ctx, tx)
		if err != nil {
			return err
		}
		arns, err := o.facts().attached.all(ctx, tx, e.ID)
		for _, a := range arns {
			if ref := policyRef(a); hasPrefix(ref.Path, prefix) {
				list = append(list, ref)
			}
		}
		return err
	})
	return list, err
}

// SetBoundary sets the permissions boundary of a user or role (IAM
// PutUserPermissionsBoundary, PutRolePermissionsBoundary).
func (s *Service) SetBoundary(ctx context.Context, o Owner, policyARN string) error {
	return s.changeEntity(ctx, o, func(tx *sql.Tx, e *Entity) error {
		if err := s.checkBoundary(ctx, tx, o.Account, policyARN); err != nil {
			return err
		}
		return e.setColumn(ctx, tx, "boundary", policyARN)
	})
}

// DeleteBoundary removes the permissions boundary; having none is fine (IAM
// DeleteUserPermissionsBoundary, DeleteRolePermissionsBoundary).
func (s *Service) DeleteBoundary(ctx context.Context, o Owner) error {
	return s.changeEntity(ctx, o, func(tx *sql.Tx, e *Entity) error {
		return e.setColumn(ctx, tx, "boundary", "")
	})
}

// checkBoundary refuses a boundary that is no managed policy of the account or of AWS.
func (s *Service) checkBoundary(ctx context.Context, tx *sql.Tx, account, policyARN string) error {
	if err := CheckPolicyARN(policyARN); err != nil {
		return err
	}
	_, found, err := s.currentPolicy(ctx, tx, account, policyARN)
	if err == nil && !found {
		err = noSuch("Scope ARN: %s does not exist or is not attachable.", policyARN)
	}
	return err
}
