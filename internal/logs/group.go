package logs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"waybill/internal/arn"
	"waybill/internal/awserr"
	"waybill/internal/logs/engine"
)

// Group is a log group.
type Group struct {
	Name    string
	Account string
	Region  string
	// Class is STANDARD, INFREQUENT_ACCESS, ESSENTIALS or DELIVERY; the service treats them alike.
	Class     string
	KMSKey    string
	Protected bool
	// Created is in milliseconds since the Unix epoch.
	Created int64
	// RetentionDays is zero when events never expire.
	RetentionDays int
	MetricFilters int
	// StoredBytes counts the events put and not expired or deleted as a whole, 26
	// bytes of overhead each, as PutLogEvents counts them. It is up to a
	// checkpoint old and does not shrink as single events expire.
	StoredBytes int64

	tenant engine.Tenant
	hidden int64
	// counted are the events whose number is known; see Source.MeanBytes.
	counted stored
}

// ARN returns the group's ARN without ":*".
func (g *Group) ARN() string { return arn.LogGroup(g.Region, g.Account, g.Name) }

// cutoff returns the time in milliseconds before which the group's events are expired.
func (g *Group) cutoff(now int64) int64 {
	if g.RetentionDays == 0 {
		return g.hidden
	}
	return max(g.hidden, now-int64(g.RetentionDays)*dayMillis)
}

const dayMillis = int64(24 * time.Hour / time.Millisecond)

const groupColumns = `g.number, a.number, g.account, g.region, g.name, g.class, g.kms_key, g.is_protected,
	g.created_ms, COALESCE(g.retention_days, 0), g.hidden_ms, g.stored_bytes,
	g.stored_events, g.stored_bytes - g.uncounted_bytes,
	(SELECT COUNT(*) FROM log_metric_filters f WHERE f.group_number = g.number)
	FROM log_groups g JOIN log_accounts a ON a.account = g.account `

type scanner interface{ Scan(...any) error }

func scanGroup(row scanner) (Group, error) {
	var g Group
	err := row.Scan(&g.tenant.Group, &g.tenant.Account, &g.Account, &g.Region, &g.Name, &g.Class, &g.KMSKey, &g.Protected,
		&g.Created, &g.RetentionDays, &g.hidden, &g.StoredBytes,
		&g.counted.events, &g.counted.bytes, &g.MetricFilters)
	return g, err
}

// group finds a group; a missing one is AWS's error.
func group(ctx context.Context, tx *sql.Tx, sc Scope, name string) (Group, error) {
	g, err := scanGroup(tx.QueryRowContext(ctx, `SELECT `+groupColumns+`WHERE g.account = ? AND g.region = ? AND g.name = ?`,
		sc.Account, sc.Region, name))
	if errors.Is(err, sql.ErrNoRows) {
		return Group{}, errNoGroup()
	}
	if err != nil {
		return Group{}, fmt.Errorf("read log group: %w", err)
	}
	return g, nil
}

// Group returns one group.
func (s *Service) Group(ctx context.Context, sc Scope, name string) (Group, error) {
	var g Group
	err := s.db.Read(ctx, func(tx *sql.Tx) (err error) {
		g, err = group(ctx, tx, sc, name)
		return err
	})
	return g, err
}

// GroupExists reports whether the account has the group in the Region.
func (s *Service) GroupExists(ctx context.Context, account, region, name string) (bool, error) {
	_, err := s.Group(ctx, Scope{account, region}, name)
	if awserr.HasCode(err, codeNotFound) {
		return false, nil
	}
	return err == nil, err
}

// NewGroup is what CreateLogGroup takes.
type NewGroup struct {
	Name      string
	Class     string // empty means STANDARD
	KMSKey    string
	Protected bool
	Tags      map[string]string
}

// CreateLogGroup makes an empty group. Errors: ResourceAlreadyExistsException,
// InvalidParameterException for a reserved name.
func (s *Service) CreateLogGroup(ctx context.Context, sc Scope, n NewGroup) error {
	if strings.HasPrefix(strings.ToLower(n.Name), "aws/") {
		return awserr.New(codeParameter, "Log groups starting with AWS/ are reserved for AWS.")
	}
	if n.Class == "" {
		n.Class = "STANDARD"
	}
	return s.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := group(ctx, tx, sc, n.Name)
		if err == nil {
			return awserr.New(codeExists, "The specified log group already exists")
		}
		if !awserr.HasCode(err, codeNotFound) {
			return err
		}
		if err := ensureAccount(ctx, tx, sc.Account); err != nil {
			return err
		}
		number, err := nextNumber(ctx, tx, "group")
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO log_groups (number, account, region, name, class, kms_key, is_protected,
			created_ms, hidden_ms, reclaimed_ms, stored_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0)`,
			number, sc.Account, sc.Region, n.Name, n.Class, n.KMSKey, n.Protected, s.millis())
		if err != nil {
			return err
		}
		return putTags(ctx, tx, number, n.Tags)
	})
}

func ensureAccount(ctx context.Context, tx *sql.Tx, account string) error {
	var n int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM log_accounts WHERE account = ?`, account).Scan(&n)
	if err != nil || n > 0 {
		return err
	}
	number, err := nextNumber(ctx, tx, "account")
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO log_accounts (account, number) VALUES (?, ?)`, account, number)
	return err
}

// DeleteLogGroup deletes a group, its streams and its events. They are gone for
// every query at once; the engine deletes their rows in the background.
func (s *Service) DeleteLogGroup(ctx context.Context, sc Scope, name string) error {
	err := s.deleteLogGroup(ctx, sc, name)
	if err == nil {
		s.askReclaim()
	}
	return err
}

func errProtected() error {
	return awserr.New("ValidationException", "The specified log group has deletion protection enabled.")
}

// SetDeletionProtection decides whether the group, and streams in it, may be deleted.
func (s *Service) SetDeletionProtection(ctx context.Context, sc Scope, name string, on bool) error {
	return s.db.Write(ctx, func(tx *sql.Tx) error {
		g, err := group(ctx, tx, sc, name)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE log_groups SET is_protected = ? WHERE number = ?`, on, g.tenant.Group)
		return err
	})
}

func (s *Service) deleteLogGroup(ctx context.Context, sc Scope, name string) error {
	s.applying.Lock() // no batch of the group is on its way
	defer s.applying.Unlock()
	var g Group
	err := s.db.Write(ctx, func(tx *sql.Tx) (err error) {
		if g, err = group(ctx, tx, sc, name); err != nil {
			return err
		}
		if g.Protected {
			return errProtected()
		}
		if err := addPurge(ctx, tx, g.tenant, 0, s.millis()); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM log_groups WHERE number = ?`, g.tenant.Group)
		return err
	})
	if err == nil {
		s.streams.dropGroup(g.tenant.Group)
		s.tails.dropGroup(g.tenant.Group)
	}
	return err
}

// GroupList asks for groups in the order of their names.
type GroupList struct {
	// Prefix and Pattern (a part of the name) exclude each other; both empty means all.
	Prefix, Pattern string
	Class           string
	// Name and Tags, where set, are further conditions on a group's name and tags.
	Name func(name string) bool
	Tags func(tags map[string]string) bool
	// After is the name after which the page begins.
	After string
	Limit int
}

// wantsClass tells whether groups of the class are asked for: who asks for one of
// the two cheap classes gets both (DescribeLogGroups, logGroupClass).
func (l GroupList) wantsClass(class string) bool {
	cheap := func(c string) bool { return c == "INFREQUENT_ACCESS" || c == "ESSENTIALS" }
	return l.Class == "" || class == l.Class || cheap(class) && cheap(l.Class)
}

// DescribeLogGroups returns a page of groups and whether there are more.
func (s *Service) DescribeLogGroups(ctx context.Context, sc Scope, l GroupList) (groups []Group, more bool, err error) {
	if l.Prefix != "" && l.Pattern != "" {
		return nil, false, awserr.New(codeParameter, "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	}
	query := `SELECT ` + groupColumns + `WHERE g.account = ? AND g.region = ? AND g.name > ?`
	args := []any{sc.Account, sc.Region, l.After}
	if l.Prefix != "" {
		// Names are printable ASCII, so this bounds those that begin with the prefix.
		query += ` AND g.name >= ? AND g.name < ?`
		args = append(args, l.Prefix, l.Prefix+"\x7f")
	}
	err = s.db.Read(ctx, func(tx *sql.Tx) error {
		var tags map[uint32]map[string]string
		if l.Tags != nil {
			if tags, err = allTags(ctx, tx, sc); err != nil {
				return err
			}
		}
		rows, err := tx.QueryContext(ctx, query+` ORDER BY g.name`, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			g, err := scanGroup(rows)
			if err != nil {
				return err
			}
			if !strings.Contains(g.Name, l.Pattern) || !l.wantsClass(g.Class) {
				continue
			}
			if l.Name != nil && !l.Name(g.Name) || l.Tags != nil && !l.Tags(tags[g.tenant.Group]) {
				continue
			}
			if len(groups) == l.Limit {
				more = true
				return nil
			}
			groups = append(groups, g)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, false, fmt.Errorf("describe log groups: %w", err)
	}
	return groups, more, nil
}
