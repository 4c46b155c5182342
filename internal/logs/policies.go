package logs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"waybill/internal/arn"
	"waybill/internal/awserr"
	"waybill/internal/iam/policy"
)

// maxResourcePolicies is how many an account has in a Region (CloudWatch Logs quotas).
const maxResourcePolicies = 10

// ResourcePolicy is a policy on all log groups of an account in a Region.
type ResourcePolicy struct {
	Name, Document string
	// Updated is in milliseconds since the Unix epoch.
	Updated int64
}

// policyCache keeps parsed documents by text.
type policyCache struct {
	mu     sync.Mutex
	parsed map[string]*policy.Document
}

func (c *policyCache) parse(document string) (*policy.Document, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d := c.parsed[document]; d != nil {
		return d, nil
	}
	d, err := policy.Parse(policy.Resource, []byte(document))
	if err != nil {
		return nil, err
	}
	if c.parsed == nil || len(c.parsed) > 1000 {
		c.parsed = map[string]*policy.Document{}
	}
	c.parsed[document] = d
	return d, nil
}

// PutResourcePolicy sets the policy of that name.
func (s *Service) PutResourcePolicy(ctx context.Context, sc Scope, name, document string) (ResourcePolicy, error) {
	if _, err := s.policies.parse(document); err != nil {
		var e *awserr.Error
		if errors.As(err, &e) {
			return ResourcePolicy{}, awserr.New(codeParameter, "Invalid policy document: %s", e.Message)
		}
		return ResourcePolicy{}, err
	}
	p := ResourcePolicy{Name: name, Document: document, Updated: s.millis()}
	err := s.db.Write(ctx, func(tx *sql.Tx) error {
		var others int
		err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM log_resource_policies WHERE account = ? AND region = ? AND name <> ?`,
			sc.Account, sc.Region, name).Scan(&others)
		if err != nil {
			return err
		}
		if others >= maxResourcePolicies {
			return awserr.New(codeLimit, "Resource limit exceeded.")
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO log_resource_policies (account, region, name, document, updated_ms) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (account, region, name) DO UPDATE SET document = excluded.document, updated_ms = excluded.updated_ms`,
			sc.Account, sc.Region, name, document, p.Updated)
		return err
	})
	return p, err
}

// DescribeResourcePolicies returns the policies in the order of their names.
func (s *Service) DescribeResourcePolicies(ctx context.Context, sc Scope) ([]ResourcePolicy, error) {
	var list []ResourcePolicy
	err := s.db.Read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT name, document, updated_ms FROM log_resource_policies
			WHERE account = ? AND region = ? ORDER BY name`, sc.Account, sc.Region)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var p ResourcePolicy
			if err := rows.Scan(&p.Name, &p.Document, &p.Updated); err != nil {
				return err
			}
			list = append(list, p)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read resource policies: %w", err)
	}
	return list, nil
}

// DeleteResourcePolicy deletes the policy of that name.
func (s *Service) DeleteResourcePolicy(ctx context.Context, sc Scope, name string) error {
	return s.db.Write(ctx, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `DELETE FROM log_resource_policies WHERE account = ? AND region = ? AND name = ?`, sc.Account, sc.Region, name)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return awserr.New(codeNotFound, "Policy with name [%s] does not exist.", name)
	})
}

// ResourcePolicies returns the policies that guard a log group or stream, for
// the evaluation of permissions. None for another service's resource.
func (s *Service) ResourcePolicies(ctx context.Context, resourceARN string) ([]policy.Named, error) {
	a, err := arn.Parse(resourceARN)
	if err != nil || a.Service != "logs" {
		return nil, nil
	}
	list, err := s.DescribeResourcePolicies(ctx, Scope{a.Account, a.Region})
	if err != nil {
		return nil, err
	}
	var named []policy.Named
	for _, p := range list {
		d, err := s.policies.parse(p.Document)
		if err != nil {
			return nil, fmt.Errorf("resource policy %s: %w", p.Name, err)
		}
		named = append(named, policy.Named{Name: p.Name, Document: d})
	}
	return named, nil
}
