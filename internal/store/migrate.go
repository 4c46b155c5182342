package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"time"
)

// ErrNewerSchema is wrapped by Open when the database has a migration that
// this program does not know.
var ErrNewerSchema = errors.New("the database was written by a newer version of Waybill")

// migration is one embedded file. Its name orders it ("0001_iam.sql"); its
// checksum shows that what was applied is what this program carries.
type migration struct {
	name, checksum, sql string
}

var migrationName = regexp.MustCompile(`^\d{4}_[a-z0-9_]+\.sql$`)

// readMigrations returns the files in the order of their numbers.
func readMigrations(files fs.FS) ([]migration, error) {
	entries, err := fs.ReadDir(files, ".") // sorted by name
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	var list []migration
	for _, e := range entries {
		if !migrationName.MatchString(e.Name()) {
			return nil, fmt.Errorf("migration %q: want a name like 0001_iam.sql", e.Name())
		}
		if n := len(list); n > 0 && list[n-1].name[:4] == e.Name()[:4] {
			return nil, fmt.Errorf("migrations %s and %s have the same number", list[n-1].name, e.Name())
		}
		body, err := fs.ReadFile(files, e.Name())
		if err != nil {
			return nil, fmt.Errorf("read migration %s: %w", e.Name(), err)
		}
		sum := sha256.Sum256(body)
		list = append(list, migration{e.Name(), hex.EncodeToString(sum[:]), string(body)})
	}
	return list, nil
}

// migrate brings the schema up to the last of the files, each in a transaction
// of its own together with the row that records it.
func (db *DB) migrate(ctx context.Context, files fs.FS) error {
	list, err := readMigrations(files)
	if err != nil {
		return err
	}
	const table = `CREATE TABLE IF NOT EXISTS migrations (
		name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied BIGINT NOT NULL)`
	if _, err := db.writer.ExecContext(ctx, table); err != nil {
		return fmt.Errorf("create the table of migrations: %w", err)
	}
	recorded, err := db.recorded(ctx)
	if err != nil {
		return err
	}
	pending, err := plan(list, recorded)
	if err != nil {
		return err
	}
	for _, m := range pending {
		if err := db.apply(ctx, m); err != nil {
			return err
		}
		db.logger.Info("metadata database migrated", "path", db.path, "migration", m.name)
	}
	return nil
}

// recorded returns what has been applied: checksum by name.
func (db *DB) recorded(ctx context.Context) (map[string]string, error) {
	rows, err := db.writer.QueryContext(ctx, `SELECT name, checksum FROM migrations`)
	if err != nil {
		return nil, fmt.Errorf("read applied migrations: %w", err)
	}
	defer rows.Close()
	recorded := map[string]string{}
	for rows.Next() {
		var name, checksum string
		if err := rows.Scan(&name, &checksum); err != nil {
			return nil, fmt.Errorf("read applied migrations: %w", err)
		}
		recorded[name] = checksum
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read applied migrations: %w", err)
	}
	return recorded, nil
}

// plan returns what is left to apply. What is recorded must be the beginning
// of the list, unchanged: anything else is a database this program would
// damage.
func plan(list []migration, recorded map[string]string) ([]migration, error) {
	known := map[string]bool{}
	for _, m := range list {
		known[m.name] = true
	}
	for name := range recorded {
		if !known[name] {
			return nil, fmt.Errorf("%w: it has migration %s, which this version does not know", ErrNewerSchema, name)
		}
	}
	for i, m := range list {
		checksum, ok := recorded[m.name]
		switch {
		case !ok && i < len(recorded):
			return nil, fmt.Errorf("migration %s is missing although later ones were applied", m.name)
		case !ok:
			return list[i:], nil
		case checksum != m.checksum:
			return nil, fmt.Errorf("migration %s was applied with other contents (checksum %.12s, this version has %.12s)",
				m.name, checksum, m.checksum)
		}
	}
	return nil, nil
}

func (db *DB) apply(ctx context.Context, m migration) error {
	err := db.transact(ctx, db.writer, "write", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, m.sql); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO migrations (name, checksum, applied) VALUES (?, ?, ?)`,
			m.name, m.checksum, time.Now().UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("apply migration %s: %w", m.name, err)
	}
	return nil
}
