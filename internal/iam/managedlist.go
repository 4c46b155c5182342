package iam

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"
)

// Uses counts the entities of an account that a managed policy is on.
type Uses struct {
	// Attachments are the users, groups and roles it is attached to; Boundaries
	// the users and roles whose permissions boundary it is.
	Attachments, Boundaries int
}

// countUses returns the uses of one policy in an account, or of all if the ARN is empty.
func countUses(ctx context.Context, tx *sql.Tx, account, policyARN string) (map[string]Uses, error) {
	type row struct {
		arn  string
		uses Uses
	}
	one, args := "", []any{}
	for range 3 {
		args = append(args, account)
		if policyARN != "" {
			args = append(args, policyARN)
		}
	}
	args = append(args, args[:len(args)/3*2]...)
	if policyARN != "" {
		one = ` AND policy_arn = ?`
	}
	list, err := readRows(ctx, tx, func(scan func(...any) error) (r row, err error) {
		err = scan(&r.arn, &r.uses.Attachments, &r.uses.Boundaries)
		return r, err
	}, `SELECT policy_arn, sum(attached), sum(bounded) FROM (
			SELECT a.policy_arn AS policy_arn, 1 AS attached, 0 AS bounded FROM user_attachments a JOIN users o ON o.id = a.user_id WHERE o.account = ?`+one+`
			UNION ALL SELECT a.policy_arn, 1, 0 FROM group_attachments a JOIN iam_groups o ON o.id = a.group_id WHERE o.account = ?`+one+`
			UNION ALL SELECT a.policy_arn, 1, 0 FROM role_attachments a JOIN roles o ON o.id = a.role_id WHERE o.account = ?`+one+`
			UNION ALL SELECT boundary, 0, 1 FROM users WHERE account = ?`+strings.Replace(one, "policy_arn", "boundary", 1)+` AND boundary <> ''
			UNION ALL SELECT boundary, 0, 1 FROM roles WHERE account = ?`+strings.Replace(one, "policy_arn", "boundary", 1)+` AND boundary <> ''
		) AS uses GROUP BY policy_arn`, args...)
	if err != nil {
		return nil, wrap(err, "count uses of policies in %s", account)
	}
	uses := make(map[string]Uses, len(list))
	for _, r := range list {
		uses[r.arn] = r.uses
	}
	return uses, nil
}

// ManagedPolicy returns a managed policy as an account sees it, or NoSuchEntity
// (IAM GetPolicy).
func (s *Service) ManagedPolicy(ctx context.Context, account, policyARN string) (p ManagedPolicy, err error) {
	if err := CheckPolicyARN(policyARN); err != nil {
		return p, err
	}
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		if m, ok := s.managed[policyARN]; ok {
			p = m
		} else {
			own, err := customerByARN(ctx, tx, account, policyARN)
			if err != nil {
				return err
			}
			p = own.ManagedPolicy
		}
		uses, err := countUses(ctx, tx, account, policyARN)
		p.Uses = uses[policyARN]
		return err
	})
	return p, err
}

// PolicyFilter chooses managed policies (IAM ListPolicies).
type PolicyFilter struct {
	// Own and AWS include the account's policies and AWS's.
	Own, AWS bool
	Prefix   string // of paths
	// OnlyAttached leaves out what no entity has: as attached policy, or as
	// boundary if Boundaries is set. Attached and Boundaries leave out what is
	// not used as such; neither means both.
	OnlyAttached bool
	// Boundaries asks for uses as a permissions boundary, Permissions for
	// attachments; neither asks for both.
	Boundaries, Permissions bool
}

// ManagedPolicies returns the managed policies that an account sees by name, its
// own before AWS's of the same name.
func (s *Service) ManagedPolicies(ctx context.Context, account string, f PolicyFilter) (list []ManagedPolicy, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		var all []ManagedPolicy
		if f.Own {
			rows, err := readRows(ctx, tx, scanPolicy, `SELECT `+policyColumns+` FROM policies WHERE account = ?`, account)
			if err != nil {
				return wrap(err, "list policies of %s", account)
			}
			for _, r := range rows {
				all = append(all, r.ManagedPolicy)
			}
		}
		if f.AWS {
			for _, m := range s.managed {
				all = append(all, m)
			}
		}
		uses, err := countUses(ctx, tx, account, "")
		for _, p := range all {
			if p.Uses = uses[p.ARN]; f.takes(&p) {
				list = append(list, p)
			}
		}
		return err
	})
	slices.SortFunc(list, func(a, b ManagedPolicy) int { return cmp.Compare(a.sortKey(), b.sortKey()) })
	return list, err
}

func (f *PolicyFilter) takes(p *ManagedPolicy) bool {
	if !strings.HasPrefix(p.Path, f.Prefix) {
		return false
	}
	switch {
	case f.Boundaries && !f.Permissions:
		return p.Uses.Boundaries > 0 || !f.OnlyAttached
	case f.Permissions && !f.Boundaries:
		return p.Uses.Attachments > 0 || !f.OnlyAttached
	}
	return p.Uses != Uses{} || !f.OnlyAttached
}

// sortKey orders policies by name; ARNs tell equal names apart.
func (p *ManagedPolicy) sortKey() string { return fold(p.Name) + " " + p.ARN }

// SortKey is where the policy stands in ManagedPolicies.
func (p *ManagedPolicy) SortKey() string { return p.sortKey() }

// PolicyEntities returns the entities that have a managed policy, as attached
// policy or as boundary (IAM ListEntitiesForPolicy). With boundaries set it is
// the users and roles whose boundary it is, otherwise those it is attached to.
func (s *Service) PolicyEntities(ctx context.Context, account, policyARN string, boundaries bool) (list []Entity, err error) {
	if _, err := s.ManagedPolicy(ctx, account, policyARN); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		for _, kind := range []Kind{KindGroup, KindRole, KindUser} {
			found, err := entitiesWith(ctx, tx, kind, account, policyARN, boundaries)
			if err != nil {
				return err
			}
			list = append(list, found...)
		}
		return nil
	})
	return list, err
}

func entitiesWith(ctx context.Context, tx *sql.Tx, kind Kind, account, policyARN string, boundaries bool) ([]Entity, error) {
	f := kinds[kind]
	query := `SELECT e.id, e.name, e.path FROM ` + f.table + ` e JOIN ` + f.attached.table + ` a ON a.` + f.attached.owner + ` = e.id
		WHERE e.account = ? AND a.policy_arn = ? ORDER BY e.folded`
	if boundaries {
		if kind == KindGroup {
			return nil, nil
		}
		query = `SELECT e.id, e.name, e.path FROM ` + f.table + ` e WHERE e.account = ? AND e.boundary = ? ORDER BY e.folded`
	}
	return readRows(ctx, tx, func(scan func(...any) error) (e Entity, err error) {
		e.Kind, e.Account = kind, account
		err = scan(&e.ID, &e.Name, &e.Path)
		return e, err
	}, query, account, policyARN)
}
