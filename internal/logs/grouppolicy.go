package logs

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"waybill/internal/awserr"
)

// GroupPolicy returns the policy of one log group; nil where it has none.
func (s *Service) GroupPolicy(ctx context.Context, sc Scope, groupName string) (*ResourcePolicy, error) {
	var p *ResourcePolicy
	err := s.db.Read(ctx, func(tx *sql.Tx) error {
		g, err := group(ctx, tx, sc, groupName)
		if err != nil {
			return err
		}
		p, err = groupPolicy(ctx, tx, g)
		return err
	})
	return p, err
}

func groupPolicy(ctx context.Context, tx *sql.Tx, g Group) (*ResourcePolicy, error) {
	p := ResourcePolicy{Group: g.Name}
	err := tx.QueryRowContext(ctx, `SELECT name, document, revision, updated_ms FROM log_group_policies WHERE group_number = ?`,
		g.tenant.Group).Scan(&p.Name, &p.Document, &p.Revision, &p.Updated)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the policy of a log group: %w", err)
	}
	return &p, nil
}

// GroupPolicies returns the policies that single log groups have, in the order
// of the groups' names.
func (s *Service) GroupPolicies(ctx context.Context, sc Scope) ([]ResourcePolicy, error) {
	var list []ResourcePolicy
	err := s.db.Read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT g.name, p.name, p.document, p.revision, p.updated_ms FROM log_group_policies p
			JOIN log_groups g ON g.number = p.group_number WHERE g.account = ? AND g.region = ? ORDER BY g.name`, sc.Account, sc.Region)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var p ResourcePolicy
			if err := rows.Scan(&p.Group, &p.Name, &p.Document, &p.Revision, &p.Updated); err != nil {
				return err
			}
			list = append(list, p)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read the policies of log groups: %w", err)
	}
	return list, nil
}

// PutGroupPolicy sets the only policy of a log group. expected is the revision
// that it replaces, empty where there is none; any other is
// OperationAbortedException.
func (s *Service) PutGroupPolicy(ctx context.Context, sc Scope, groupName, name, document, expected string) (ResourcePolicy, error) {
	if err := s.policies.check(document); err != nil {
		return ResourcePolicy{}, err
	}
	p := ResourcePolicy{Group: groupName, Name: name, Document: document, Revision: strings.ToLower(rand.Text()), Updated: s.millis()}
	err := s.db.Write(ctx, func(tx *sql.Tx) error {
		g, err := group(ctx, tx, sc, groupName)
		if err != nil {
			return err
		}
		if err := checkRevision(ctx, tx, g, expected); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO log_group_policies (group_number, name, document, revision, updated_ms) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (group_number) DO UPDATE SET name = excluded.name, document = excluded.document,
			revision = excluded.revision, updated_ms = excluded.updated_ms`, g.tenant.Group, p.Name, p.Document, p.Revision, p.Updated)
		return err
	})
	return p, err
}

// DeleteGroupPolicy deletes the policy of a log group, of that revision.
func (s *Service) DeleteGroupPolicy(ctx context.Context, sc Scope, groupName, expected string) error {
	return s.db.Write(ctx, func(tx *sql.Tx) error {
		g, err := group(ctx, tx, sc, groupName)
		if err != nil {
			return err
		}
		own, err := groupPolicy(ctx, tx, g)
		if err != nil {
			return err
		}
		if own == nil {
			return awserr.New(codeNotFound, "The specified log group has no resource policy.")
		}
		if err := checkRevision(ctx, tx, g, expected); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM log_group_policies WHERE group_number = ?`, g.tenant.Group)
		return err
	})
}

func checkRevision(ctx context.Context, tx *sql.Tx, g Group, expected string) error {
	own, err := groupPolicy(ctx, tx, g)
	if err != nil {
		return err
	}
	revision := ""
	if own != nil {
		revision = own.Revision
	}
	if revision != expected {
		return awserr.New("OperationAbortedException", "The expectedRevisionId is not the revision that the log group's resource policy has.")
	}
	return nil
}
