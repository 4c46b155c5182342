package iam

import (
	"context"
	"database/sql"

	"waybill/internal/iam/policy"
)

// PutRolePolicy writes an inline policy of a role (IAM PutRolePolicy).
func (s *Service) PutRolePolicy(ctx context.Context, account, role, name, document string) error {
	if err := checkName(name, "policyName", maxPolicyName); err != nil {
		return err
	}
	var p Problems
	p.Length(document, "policyDocument", 1, maxDocument)
	if err := p.Err(); err != nil {
		return err
	}
	if _, err := s.documents.parse(policy.Identity, document); err != nil {
		return err
	}
	return s.changeRole(ctx, account, role, func(tx *sql.Tx, r Role) error {
		return roleInline.put(ctx, tx, r.ID, r.Name, name, document)
	})
}

// RolePolicy returns an inline policy's document as it was written (IAM GetRolePolicy).
func (s *Service) RolePolicy(ctx context.Context, account, role, name string) (document string, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		r, err := roleByName(ctx, tx, account, role)
		if err != nil {
			return err
		}
		document, err = roleInline.get(ctx, tx, r.ID, name)
		return err
	})
	return document, err
}

// RolePolicies returns the names of a role's inline policies, sorted (IAM ListRolePolicies).
func (s *Service) RolePolicies(ctx context.Context, account, role string) (names []string, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		r, err := roleByName(ctx, tx, account, role)
		if err != nil {
			return err
		}
		list, err := roleInline.all(ctx, tx, r.ID)
		for _, d := range list {
			names = append(names, d.name)
		}
		return err
	})
	return names, err
}

// DeleteRolePolicy removes an inline policy (IAM DeleteRolePolicy).
func (s *Service) DeleteRolePolicy(ctx context.Context, account, role, name string) error {
	return s.changeRole(ctx, account, role, func(tx *sql.Tx, r Role) error {
		return roleInline.delete(ctx, tx, r.ID, name)
	})
}

// AttachRolePolicy attaches a managed policy; doing it twice is fine (IAM AttachRolePolicy).
func (s *Service) AttachRolePolicy(ctx context.Context, account, role, policyARN string) error {
	_, notAttachable := s.attachable(policyARN)
	return s.changeRole(ctx, account, role, func(tx *sql.Tx, r Role) error {
		if notAttachable != nil {
			return notAttachable
		}
		return roleAttached.put(ctx, tx, r.ID, policyARN)
	})
}

// DetachRolePolicy detaches a managed policy (IAM DetachRolePolicy).
func (s *Service) DetachRolePolicy(ctx context.Context, account, role, policyARN string) error {
	if err := CheckPolicyARN(policyARN); err != nil {
		return err
	}
	return s.changeRole(ctx, account, role, func(tx *sql.Tx, r Role) error {
		return roleAttached.delete(ctx, tx, r.ID, policyARN)
	})
}

// AttachedRolePolicies returns the managed policies attached to a role, by ARN
// (IAM ListAttachedRolePolicies).
func (s *Service) AttachedRolePolicies(ctx context.Context, account, role string) (list []ManagedPolicy, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		r, err := roleByName(ctx, tx, account, role)
		if err != nil {
			return err
		}
		arns, err := roleAttached.all(ctx, tx, r.ID)
		for _, a := range arns {
			list = append(list, s.managed[a])
		}
		return err
	})
	return list, err
}
