package logs

import (
	"context"
	"database/sql"
	"fmt"

	"waybill/internal/awserr"
	"waybill/internal/logs/pattern"
)

// The quotas on filters of a log group (CloudWatch Logs User Guide, "CloudWatch
// Logs quotas" and "Filter pattern syntax").
const (
	maxMetricFilters       = 100
	maxSubscriptionFilters = 2
	// maxRegexes is how many regular expressions one pattern may have, and
	// maxRegexFilters how many filters of a group may have any.
	maxRegexes      = 2
	maxRegexFilters = 5
)

func errQuota() error { return awserr.New(codeLimit, "Resource limit exceeded.") }

// checkFilterPattern reads the pattern of a metric or subscription filter and
// tells whether it has regular expressions.
func checkFilterPattern(text string) (hasRegex bool, err error) {
	p, err := pattern.Parse(text)
	if err != nil {
		return false, err
	}
	if p.Regexes() > maxRegexes {
		return false, errQuota()
	}
	return p.Regexes() > 0, nil
}

// filterKind is metric or subscription filters: their table and their quota.
type filterKind struct {
	table string
	most  int
	what  string
}

var (
	metricFilters       = filterKind{"log_metric_filters", maxMetricFilters, "metric filter"}
	subscriptionFilters = filterKind{"log_subscription_filters", maxSubscriptionFilters, "subscription filter"}
)

// admit checks the quotas for a filter of that name and pattern, which may be there already.
func (k filterKind) admit(ctx context.Context, tx *sql.Tx, g Group, name, text string) error {
	hasRegex, err := checkFilterPattern(text)
	if err != nil {
		return err
	}
	var others int
	err = tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+k.table+` WHERE group_number = ? AND name <> ?`, g.tenant.Group, name).Scan(&others)
	if err != nil {
		return fmt.Errorf("count %ss: %w", k.what, err)
	}
	if others >= k.most {
		return errQuota()
	}
	if !hasRegex {
		return nil
	}
	regexes := 0
	for _, other := range []filterKind{metricFilters, subscriptionFilters} {
		n, err := other.countRegexes(ctx, tx, g, name, other == k)
		if err != nil {
			return err
		}
		regexes += n
	}
	if regexes >= maxRegexFilters {
		return errQuota()
	}
	return nil
}

// countRegexes counts the group's filters with regular expressions, without the
// named one where it is of this kind.
func (k filterKind) countRegexes(ctx context.Context, tx *sql.Tx, g Group, name string, without bool) (int, error) {
	rows, err := tx.QueryContext(ctx, `SELECT name, pattern FROM `+k.table+` WHERE group_number = ?`, g.tenant.Group)
	if err != nil {
		return 0, fmt.Errorf("read %ss: %w", k.what, err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var other, text string
		if err := rows.Scan(&other, &text); err != nil {
			return 0, fmt.Errorf("read %ss: %w", k.what, err)
		}
		if has, err := checkFilterPattern(text); err == nil && has && !(without && other == name) {
			n++
		}
	}
	return n, rows.Err()
}

// removeFilter deletes a filter.
func (s *Service) removeFilter(ctx context.Context, k filterKind, sc Scope, groupName, name string) error {
	return s.db.Write(ctx, func(tx *sql.Tx) error {
		g, err := group(ctx, tx, sc, groupName)
		if err != nil {
			return err
		}
		r, err := tx.ExecContext(ctx, `DELETE FROM `+k.table+` WHERE group_number = ? AND name = ?`, g.tenant.Group, name)
		return affected(r, err, awserr.New(codeNotFound, "The specified %s does not exist.", k.what))
	})
}

// FilterList asks for filters in the order of their names.
type FilterList struct {
	// Group is the log group's name; empty for all groups (metric filters only),
	// and then filters of one name come in the order of their groups.
	Group  string
	Prefix string // of the filter's name
	// MetricName and Namespace restrict metric filters to one metric.
	MetricName, Namespace string
	// After is the last filter of the page before, and AfterGroup its group.
	After, AfterGroup string
	Limit             int
}

// where returns the conditions on table f joined with log_groups g.
func (l FilterList) where(sc Scope) (string, []any) {
	where := ` WHERE g.account = ? AND g.region = ? AND (f.name > ? OR f.name = ? AND g.name > ?)`
	args := []any{sc.Account, sc.Region, l.After, l.After, l.AfterGroup}
	if l.Group != "" {
		where += ` AND g.name = ?`
		args = append(args, l.Group)
	}
	if l.Prefix != "" {
		where += ` AND f.name >= ? AND f.name < ?`
		args = append(args, l.Prefix, l.Prefix+lastRune)
	}
	if l.MetricName != "" {
		where += ` AND f.metric_name = ? AND f.metric_namespace = ?`
		args = append(args, l.MetricName, l.Namespace)
	}
	return where + fmt.Sprintf(` ORDER BY f.name, g.name LIMIT %d`, l.Limit+1), args
}

// listFilters calls scan for every filter of a page, and for one more if there
// is. scan gets group, name, pattern, settings_json, created_ms and the columns.
func (s *Service) listFilters(ctx context.Context, k filterKind, sc Scope, l FilterList, columns string, scan func(row scanner) error) error {
	where, args := l.where(sc)
	return s.db.Read(ctx, func(tx *sql.Tx) error {
		if l.Group != "" {
			if _, err := group(ctx, tx, sc, l.Group); err != nil {
				return err
			}
		}
		rows, err := tx.QueryContext(ctx, `SELECT g.name, f.name, f.pattern, f.settings_json, f.created_ms, `+columns+
			` FROM `+k.table+` f JOIN log_groups g ON g.number = f.group_number`+where, args...)
		if err != nil {
			return fmt.Errorf("read %ss: %w", k.what, err)
		}
		defer rows.Close()
		for rows.Next() {
			if err := scan(rows); err != nil {
				return fmt.Errorf("read %ss: %w", k.what, err)
			}
		}
		return rows.Err()
	})
}
