package logs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"waybill/internal/arn"
	"waybill/internal/awserr"
	"waybill/internal/iam/policy"
)

// maxResourcePolicies is how many an account has in a Region (CloudWatch Logs quotas).
const maxResourcePolicies = 10

// ResourcePolicy is a policy on all log groups of an account in a Region, or on
// one of them.
type ResourcePolicy struct {
	Name, Document string
	// Group is the log group's name, and Revision what the next change must name;
	// both are empty for a policy of the account.
	Group, Revision string
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

// check reads a document for its errors.
func (c *policyCache) check(document string) error {
	_, err := c.parse(document)
	var e *awserr.Error
	if errors.As(err, &e) {
		return awserr.New(codeParameter, "Invalid policy document: %s", e.Message)
	}
	return err
}

// PutResourcePolicy sets the account's policy of that name.
func (s *Service) PutResourcePolicy(ctx context.Context, sc Scope, name, document string) (ResourcePolicy, error) {
	if err := s.policies.check(document); err != nil {
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

// DescribeResourcePolicies returns the account's policies in the order of their names.
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

func errNoPolicy(name string) error {
	return awserr.New(codeNotFound, "Policy with name [%s] does not exist.", name)
}

// DeleteResourcePolicy deletes the account's policy of that name.
func (s *Service) DeleteResourcePolicy(ctx context.Context, sc Scope, name string) error {
	return s.db.Write(ctx, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `DELETE FROM log_resource_policies WHERE account = ? AND region = ? AND name = ?`, sc.Account, sc.Region, name)
		return affected(r, err, errNoPolicy(name))
	})
}

// guard is what policies can guard: a group, or the account's groups in a
// Region where group is empty.
type guard struct {
	Scope
	group string
}

// maxGuards bounds guardCache. Beyond it the cache starts anew.
const maxGuards = 4096

// guardCache keeps the policies by guard until anything is written to the
// metadata database: every call on a group asks for them.
type guardCache struct {
	mu     sync.Mutex
	writes uint64 // of the database when the entries were read; guarded by mu
	known  map[guard][]policy.Named
}

func (c *guardCache) look(g guard, writes uint64) ([]policy.Named, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	list, ok := c.known[g]
	return list, ok && c.writes == writes
}

// keep remembers what was read since the database had seen so many writes.
func (c *guardCache) keep(g guard, writes uint64, list []policy.Named) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || c.writes != writes || len(c.known) >= maxGuards {
		c.known, c.writes = make(map[guard][]policy.Named), writes
	}
	c.known[g] = list
}

// ResourcePolicies returns the policies that guard a log group or stream, for
// the evaluation of permissions: those of its account and that of the group.
// None for another service's resource.
func (s *Service) ResourcePolicies(ctx context.Context, resourceARN string) ([]policy.Named, error) {
	a, err := arn.Parse(resourceARN)
	if err != nil || a.Service != "logs" {
		return nil, nil
	}
	g := guard{Scope: Scope{a.Account, a.Region}}
	if rest, ok := strings.CutPrefix(a.Resource, "log-group:"); ok {
		g.group, _, _ = strings.Cut(rest, ":")
	}
	writes := s.db.Writes()
	if list, ok := s.guards.look(g, writes); ok {
		return list, nil
	}
	list, err := s.readGuard(ctx, g)
	if err == nil {
		s.guards.keep(g, writes, list)
	}
	return list, err
}

func (s *Service) readGuard(ctx context.Context, g guard) ([]policy.Named, error) {
	list, err := s.DescribeResourcePolicies(ctx, g.Scope)
	if err != nil {
		return nil, err
	}
	if g.group != "" {
		own, err := s.GroupPolicy(ctx, g.Scope, g.group)
		if err != nil && !awserr.HasCode(err, codeNotFound) {
			return nil, err
		}
		if own != nil {
			list = append(list, *own)
		}
	}
	var named []policy.Named
	for _, p := range list {
		d, err := s.policies.parse(p.Document)
		if err != nil {
			return nil, fmt.Errorf("resource policy %s: %w", p.Name, err)
		}
		named = append(named, policy.Named{Name: p.Name, Document: d})
	}
	return slices.Clip(named), nil
}
