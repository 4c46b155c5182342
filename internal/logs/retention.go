package logs

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"waybill/internal/logs/engine"
)

// retentionDays are the values that PutRetentionPolicy takes.
var retentionDays = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

// PutRetentionPolicy makes a group's events expire after so many days.
func (s *Service) PutRetentionPolicy(ctx context.Context, sc Scope, groupName string, days int) error {
	if !slices.Contains(retentionDays, days) {
		names := make([]string, len(retentionDays))
		for i, d := range retentionDays {
			names[i] = strconv.Itoa(d)
		}
		return errConstraint(strconv.Itoa(days), "retentionInDays", "Member must satisfy enum value set: ["+strings.Join(names, ", ")+"]")
	}
	return s.setRetention(ctx, sc, groupName, days)
}

// DeleteRetentionPolicy makes a group's events stay for ever.
func (s *Service) DeleteRetentionPolicy(ctx context.Context, sc Scope, groupName string) error {
	return s.setRetention(ctx, sc, groupName, 0)
}

// setRetention changes a group's retention; 0 is for ever. What has expired
// stays so under a longer one: hidden remembers how far that went.
func (s *Service) setRetention(ctx context.Context, sc Scope, groupName string, days int) error {
	var g Group
	var hidden int64
	err := s.db.Write(ctx, func(tx *sql.Tx) (err error) {
		if g, err = group(ctx, tx, sc, groupName); err != nil {
			return err
		}
		hidden = g.cutoff(s.millis())
		_, err = tx.ExecContext(ctx, `UPDATE log_groups SET retention_days = ?, hidden_ms = ? WHERE number = ?`,
			sql.NullInt64{Int64: int64(days), Valid: days > 0}, hidden, g.tenant.Group)
		return err
	})
	if err != nil {
		return err
	}
	if gs := s.streams.groupState(g.tenant.Group); gs != nil {
		gs.retention.Store(int64(days))
		gs.hidden.Store(hidden)
	}
	return nil
}

// reclaimStep is how much a group's cut-off moves before its rows are deleted
// once more: every deletion rewrites what is left of a day.
const reclaimStep = dayMillis / 2

// Reclaim has the engine delete the rows of expired events and of deleted
// groups and streams. Run calls it every hour.
func (s *Service) Reclaim(ctx context.Context) error {
	if err := s.purge(ctx); err != nil {
		return err
	}
	if err := s.reclaimExpired(ctx); err != nil {
		return err
	}
	return s.engine.DropEmpty(ctx, s.millis()-maxAge.Milliseconds()-dayMillis)
}

// askReclaim begins to delete what was just given up; Reclaim sees to it that it ends.
func (s *Service) askReclaim() {
	if err := s.purge(context.Background()); err != nil {
		s.log.Error("deleting log events failed; it will be tried again", "error", err)
	}
}

// purge begins the deletions noted in log_purges, and forgets those that have ended.
func (s *Service) purge(ctx context.Context) error {
	var list []engine.Deletion
	err := s.db.Read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT account_number, group_number, stream_number, before_ms FROM log_purges`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var t engine.Tenant
			d := engine.Deletion{}
			if err := rows.Scan(&t.Account, &t.Group, &d.Stream, &d.Before); err != nil {
				return err
			}
			d.Tenants = []engine.Tenant{t}
			d.Name = fmt.Sprintf("deleted/%d/%d", t.Group, d.Stream)
			list = append(list, d)
		}
		return rows.Err()
	})
	if err != nil {
		return fmt.Errorf("read what is to be deleted: %w", err)
	}
	for _, d := range list {
		if err := s.purgeOne(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) purgeOne(ctx context.Context, d engine.Deletion) error {
	left, err := s.engine.Left(ctx, d)
	if err != nil {
		return err
	}
	if left > 0 {
		return s.engine.Delete(ctx, d)
	}
	return s.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM log_purges WHERE group_number = ? AND stream_number = ?`, d.Tenants[0].Group, d.Stream)
		return err
	})
}

// reclaimExpired deletes what expired since it last did, all groups of one
// cut-off in one go.
func (s *Service) reclaimExpired(ctx context.Context) error {
	byCutoff := map[int64][]engine.Tenant{}
	now := s.millis()
	err := s.db.Read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT g.reclaimed_ms, `+groupColumns)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var reclaimed int64
			g, err := scanGroup(withFirst{rows, &reclaimed})
			if err != nil {
				return err
			}
			if cutoff := g.cutoff(now) / reclaimStep * reclaimStep; cutoff > reclaimed {
				byCutoff[cutoff] = append(byCutoff[cutoff], g.tenant)
			}
		}
		return rows.Err()
	})
	if err != nil {
		return fmt.Errorf("read what has expired: %w", err)
	}
	for cutoff, tenants := range byCutoff {
		if err := s.reclaimGroups(ctx, cutoff, tenants); err != nil {
			return err
		}
	}
	return nil
}

// withFirst scans one more column before those of a group.
type withFirst struct {
	rows  *sql.Rows
	first *int64
}

func (w withFirst) Scan(to ...any) error { return w.rows.Scan(append([]any{w.first}, to...)...) }

// reclaimGroups begins a deletion, which the engine remembers by itself, and
// notes it.
func (s *Service) reclaimGroups(ctx context.Context, cutoff int64, tenants []engine.Tenant) error {
	d := engine.Deletion{Name: fmt.Sprintf("expired/%d/%d", cutoff, tenants[0].Group), Tenants: tenants, Before: cutoff}
	left, err := s.engine.Left(ctx, d)
	if err != nil {
		return err
	}
	if left > 0 {
		if err := s.engine.Delete(ctx, d); err != nil {
			return err
		}
	}
	return s.db.Write(ctx, func(tx *sql.Tx) error {
		for _, t := range tenants {
			if _, err := tx.ExecContext(ctx, `UPDATE log_groups SET reclaimed_ms = ? WHERE number = ? AND reclaimed_ms < ?`,
				cutoff, t.Group, cutoff); err != nil {
				return err
			}
		}
		return nil
	})
}
