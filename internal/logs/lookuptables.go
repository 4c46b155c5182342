package logs

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
)

// LookupTable returns a table without its body. Errors: ResourceNotFoundException.
func (s *Service) LookupTable(ctx context.Context, sc Scope, name string) (LookupTable, error) {
	var t LookupTable
	err := s.db.Read(ctx, func(tx *sql.Tx) (err error) {
		t, err = lookupTable(ctx, tx, sc, name)
		return err
	})
	return t, err
}

// LookupTableBody returns a table with its body, CSV as it was given. Errors:
// ResourceNotFoundException.
func (s *Service) LookupTableBody(ctx context.Context, sc Scope, name string) (t LookupTable, body string, err error) {
	err = s.db.Read(ctx, func(tx *sql.Tx) (err error) {
		t, err = oneLookupTable(tx.QueryRowContext(ctx, `SELECT `+lookupColumns+`, body FROM log_lookup_tables
			WHERE account = ? AND region = ? AND name = ?`, sc.Account, sc.Region, name), &body)
		return err
	})
	return t, body, err
}

// LookupTableList asks for tables in the order of their names.
type LookupTableList struct {
	Prefix string
	// After is the last name of the page before.
	After string
	Limit int
}

// DescribeLookupTables returns a page of tables and whether there are more.
func (s *Service) DescribeLookupTables(ctx context.Context, sc Scope, l LookupTableList) (list []LookupTable, more bool, err error) {
	err = s.db.Read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT `+lookupColumns+` FROM log_lookup_tables
			WHERE account = ? AND region = ? AND name > ? AND name >= ? AND name < ? ORDER BY name LIMIT ?`,
			sc.Account, sc.Region, l.After, l.Prefix, l.Prefix+lastRune, l.Limit+1)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			t, err := scanLookupTable(rows)
			if err != nil {
				return err
			}
			list = append(list, t)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, false, fmt.Errorf("read lookup tables: %w", err)
	}
	list, more = cutPage(list, l.Limit)
	return list, more, nil
}

// DeleteLookupTable deletes a table. Errors: ResourceNotFoundException.
func (s *Service) DeleteLookupTable(ctx context.Context, sc Scope, name string) error {
	return s.db.Write(ctx, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `DELETE FROM log_lookup_tables WHERE account = ? AND region = ? AND name = ?`, sc.Account, sc.Region, name)
		return affected(r, err, errNoTable())
	})
}

// LookupTableTags returns a table's tags.
func (s *Service) LookupTableTags(ctx context.Context, sc Scope, name string) (map[string]string, error) {
	t, err := s.LookupTable(ctx, sc, name)
	if t.tags == nil {
		t.tags = map[string]string{}
	}
	return t.tags, err
}

// TagLookupTable adds tags to a table and replaces those of the same keys.
func (s *Service) TagLookupTable(ctx context.Context, sc Scope, name string, tags map[string]string) error {
	return s.changeLookupTags(ctx, sc, name, func(t *LookupTable) error {
		maps.Copy(t.tags, tags)
		return checkTags(tags, len(t.tags))
	})
}

// UntagLookupTable removes tags; those that are not there are no error.
func (s *Service) UntagLookupTable(ctx context.Context, sc Scope, name string, keys []string) error {
	return s.changeLookupTags(ctx, sc, name, func(t *LookupTable) error {
		for _, k := range keys {
			delete(t.tags, k)
		}
		return nil
	})
}

func (s *Service) changeLookupTags(ctx context.Context, sc Scope, name string, change func(t *LookupTable) error) error {
	return s.db.Write(ctx, func(tx *sql.Tx) error {
		t, err := lookupTable(ctx, tx, sc, name)
		if err != nil {
			return err
		}
		if t.tags == nil {
			t.tags = map[string]string{}
		}
		if err := change(&t); err != nil {
			return err
		}
		encoded, err := json.Marshal(t.tags)
		if err != nil {
			return fmt.Errorf("encode the tags of lookup table %s: %w", name, err)
		}
		_, err = tx.ExecContext(ctx, `UPDATE log_lookup_tables SET tags_json = ? WHERE account = ? AND region = ? AND name = ?`,
			string(encoded), sc.Account, sc.Region, name)
		return err
	})
}
