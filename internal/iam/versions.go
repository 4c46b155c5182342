package iam

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
)

// versionsOf returns the versions of a customer-managed policy, newest first.
func versionsOf(ctx context.Context, tx *sql.Tx, p *customerPolicy) ([]PolicyVersion, error) {
	return readRows(ctx, tx, func(scan func(...any) error) (v PolicyVersion, err error) {
		var n, created int64
		err = scan(&n, &v.Document, &created)
		v.ID, v.Created, v.IsDefault = versionID(n), fromMillis(created), n == p.defaultN
		return v, err
	}, `SELECT version, document, created FROM policy_versions WHERE policy_id = ? ORDER BY version DESC`, p.ID)
}

// PolicyVersions returns the versions of a managed policy, newest first (IAM
// ListPolicyVersions). Of AWS's policies only the default version is known here.
func (s *Service) PolicyVersions(ctx context.Context, account, policyARN string) (list []PolicyVersion, err error) {
	if err := CheckPolicyARN(policyARN); err != nil {
		return nil, err
	}
	if m, ok := s.managed[policyARN]; ok {
		return []PolicyVersion{{ID: m.Version, Document: m.Document, IsDefault: true, Created: m.Updated}}, nil
	}
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		p, err := customerByARN(ctx, tx, account, policyARN)
		if err != nil {
			return err
		}
		list, err = versionsOf(ctx, tx, &p)
		return err
	})
	return list, err
}

// PolicyVersion returns one version (IAM GetPolicyVersion).
func (s *Service) PolicyVersion(ctx context.Context, account, policyARN, id string) (PolicyVersion, error) {
	if _, err := versionNumber(id); err != nil {
		return PolicyVersion{}, err
	}
	list, err := s.PolicyVersions(ctx, account, policyARN)
	if err != nil {
		return PolicyVersion{}, err
	}
	if i := slices.IndexFunc(list, func(v PolicyVersion) bool { return v.ID == id }); i >= 0 {
		return list[i], nil
	}
	return PolicyVersion{}, noSuchVersion(policyARN, id)
}

func noSuchVersion(policyARN, id string) error {
	return noSuch("Policy %s version %s does not exist or is not attachable.", policyARN, id)
}

// CreatePolicyVersion adds a version, of which there may be five (IAM
// CreatePolicyVersion).
func (s *Service) CreatePolicyVersion(ctx context.Context, account, policyARN, document string, setDefault bool) (v PolicyVersion, err error) {
	if err := s.checkManagedDocument(document); err != nil {
		return v, err
	}
	err = s.changePolicy(ctx, account, policyARN, func(tx *sql.Tx, p *customerPolicy) error {
		versions, err := versionsOf(ctx, tx, p)
		if err != nil {
			return err
		}
		if len(versions) >= maxVersions {
			return limitExceeded("A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", maxVersions)
		}
		p.lastVer++
		v = PolicyVersion{ID: versionID(p.lastVer), Document: document, IsDefault: setDefault, Created: s.now()}
		if err := insertVersion(ctx, tx, p.ID, p.lastVer, document, v.Created); err != nil {
			return err
		}
		if setDefault {
			p.defaultN = p.lastVer
		}
		return s.writeVersions(ctx, tx, p)
	})
	return v, err
}

func (s *Service) writeVersions(ctx context.Context, tx *sql.Tx, p *customerPolicy) error {
	_, err := tx.ExecContext(ctx, `UPDATE policies SET default_version = ?, last_version = ?, updated = ? WHERE id = ?`,
		p.defaultN, p.lastVer, millis(s.now()), p.ID)
	return wrap(err, "write versions of policy %s", p.ARN)
}

// SetDefaultPolicyVersion makes another version the one that counts (IAM
// SetDefaultPolicyVersion).
func (s *Service) SetDefaultPolicyVersion(ctx context.Context, account, policyARN, id string) error {
	return s.changeVersion(ctx, account, policyARN, id, func(tx *sql.Tx, p *customerPolicy, n int64) error {
		p.defaultN = n
		return s.writeVersions(ctx, tx, p)
	})
}

// DeletePolicyVersion removes a version that is not the default (IAM DeletePolicyVersion).
func (s *Service) DeletePolicyVersion(ctx context.Context, account, policyARN, id string) error {
	return s.changeVersion(ctx, account, policyARN, id, func(tx *sql.Tx, p *customerPolicy, n int64) error {
		if n == p.defaultN {
			return deleteConflict("Cannot delete the default version of a policy.")
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM policy_versions WHERE policy_id = ? AND version = ?`, p.ID, n)
		return wrap(err, "delete version %s of policy %s", id, policyARN)
	})
}

func (s *Service) changeVersion(ctx context.Context, account, policyARN, id string, change func(tx *sql.Tx, p *customerPolicy, n int64) error) error {
	n, err := versionNumber(id)
	if err != nil {
		return err
	}
	return s.changePolicy(ctx, account, policyARN, func(tx *sql.Tx, p *customerPolicy) error {
		var found int
		row := tx.QueryRowContext(ctx, `SELECT count(*) FROM policy_versions WHERE policy_id = ? AND version = ?`, p.ID, n)
		if err := row.Scan(&found); err != nil {
			return fmt.Errorf("look for version %s of policy %s: %w", id, policyARN, err)
		}
		if found == 0 || versionID(n) != id {
			return noSuchVersion(policyARN, id)
		}
		return change(tx, p, n)
	})
}
