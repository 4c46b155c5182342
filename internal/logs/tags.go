package logs

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"waybill/internal/arn"
	"waybill/internal/awserr"
)

// maxTags is how many a resource has (AWS tagging rules).
const maxTags = 50

// TagLogGroup adds tags to a group and replaces those of the same keys.
func (s *Service) TagLogGroup(ctx context.Context, sc Scope, name string, tags map[string]string) error {
	return s.db.Write(ctx, func(tx *sql.Tx) error {
		g, err := group(ctx, tx, sc, name)
		if err != nil {
			return err
		}
		return putTags(ctx, tx, int64(g.tenant.Group), tags)
	})
}

func putTags(ctx context.Context, tx *sql.Tx, group int64, tags map[string]string) error {
	for k, v := range tags {
		_, err := tx.ExecContext(ctx, `INSERT INTO log_group_tags (group_number, name, value) VALUES (?, ?, ?)
			ON CONFLICT (group_number, name) DO UPDATE SET value = excluded.value`, group, k, v)
		if err != nil {
			return err
		}
	}
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM log_group_tags WHERE group_number = ?`, group).Scan(&n); err != nil {
		return err
	}
	return checkTags(tags, n)
}

// checkTags checks the keys of tags that are added, and how many the resource then has.
func checkTags(added map[string]string, n int) error {
	for k := range added {
		if strings.HasPrefix(strings.ToLower(k), "aws:") {
			return awserr.New(codeParameter, "Tag keys starting with aws: are reserved for AWS.")
		}
	}
	if n > maxTags {
		return awserr.New("TooManyTagsException", "A resource can have no more than %d tags.", maxTags)
	}
	return nil
}

// UntagLogGroup removes tags; those that are not there are no error.
func (s *Service) UntagLogGroup(ctx context.Context, sc Scope, name string, keys []string) error {
	return s.db.Write(ctx, func(tx *sql.Tx) error {
		g, err := group(ctx, tx, sc, name)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if _, err := tx.ExecContext(ctx, `DELETE FROM log_group_tags WHERE group_number = ? AND name = ?`, g.tenant.Group, k); err != nil {
				return err
			}
		}
		return nil
	})
}

// LogGroupTags returns a group's tags.
func (s *Service) LogGroupTags(ctx context.Context, sc Scope, name string) (map[string]string, error) {
	var tags map[string]string
	err := s.db.Read(ctx, func(tx *sql.Tx) error {
		g, err := group(ctx, tx, sc, name)
		if err != nil {
			return err
		}
		tags, err = readTags(ctx, tx, &g)
		return err
	})
	return tags, err
}

func readTags(ctx context.Context, tx *sql.Tx, g *Group) (map[string]string, error) {
	rows, err := tx.QueryContext(ctx, `SELECT name, value FROM log_group_tags WHERE group_number = ?`, g.tenant.Group)
	if err != nil {
		return nil, fmt.Errorf("read tags: %w", err)
	}
	defer rows.Close()
	tags := map[string]string{}
	for rows.Next() {
		var k, v string
		if err := rows.Scan(&k, &v); err != nil {
			return nil, fmt.Errorf("read tags: %w", err)
		}
		tags[k] = v
	}
	return tags, rows.Err()
}

// allTags returns the tags of all groups of a scope by the groups' numbers.
func allTags(ctx context.Context, tx *sql.Tx, sc Scope) (map[uint32]map[string]string, error) {
	rows, err := tx.QueryContext(ctx, `SELECT t.group_number, t.name, t.value FROM log_group_tags t
		JOIN log_groups g ON g.number = t.group_number WHERE g.account = ? AND g.region = ?`, sc.Account, sc.Region)
	if err != nil {
		return nil, fmt.Errorf("read tags: %w", err)
	}
	defer rows.Close()
	all := map[uint32]map[string]string{}
	for rows.Next() {
		var group uint32
		var k, v string
		if err := rows.Scan(&group, &k, &v); err != nil {
			return nil, fmt.Errorf("read tags: %w", err)
		}
		if all[group] == nil {
			all[group] = map[string]string{}
		}
		all[group][k] = v
	}
	return all, rows.Err()
}

// ResourceTags returns the tags of the log group or the lookup table that an ARN
// names, of a stream those of its group, for the evaluation of permissions. found
// is false if there is no such resource.
func (s *Service) ResourceTags(ctx context.Context, resourceARN string) (tags map[string]string, found bool, err error) {
	a, err := arn.Parse(resourceARN)
	if err != nil || a.Service != "logs" {
		return nil, false, nil
	}
	sc := Scope{Account: a.Account, Region: a.Region}
	kind, name, _ := strings.Cut(a.Resource, ":")
	switch kind {
	case "log-group":
		name, _, _ = strings.Cut(name, ":")
		tags, err = s.LogGroupTags(ctx, sc, name)
	case "lookup-table":
		tags, err = s.LookupTableTags(ctx, sc, name)
	default:
		return nil, false, nil
	}
	if awserr.HasCode(err, codeNotFound) {
		return nil, false, nil
	}
	return tags, err == nil, err
}
