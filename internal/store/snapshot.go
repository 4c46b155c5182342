package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
)

// Snapshot is a SQLite file as it was when Pin returned, whatever is written to
// it since. It can be of any of our databases, not of a DB's alone.
type Snapshot struct {
	path string
	db   *sql.DB
	conn *sql.Conn
}

// Pin takes a snapshot of the file at path, which others may have open. It
// costs nothing until CopyTo. While it is held the file's log cannot be folded.
func Pin(ctx context.Context, path string) (_ *Snapshot, err error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{path: path}
	if s.db, err = sql.Open("sqlite", dsn(absolute, readerSettings)); err != nil {
		return nil, fmt.Errorf("pin %s: %w", path, err)
	}
	if s.conn, err = s.db.Conn(ctx); err == nil {
		// A transaction sees one state from its first read on.
		if _, err = s.conn.ExecContext(ctx, "BEGIN"); err == nil {
			var n int
			err = s.conn.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_schema").Scan(&n)
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("pin %s: %w", path, err), s.Close())
	}
	return s, nil
}

// copyPages is how many pages are copied between two looks at the context.
const copyPages = 1024

// CopyTo writes the snapshot to a new file.
func (s *Snapshot) CopyTo(ctx context.Context, path string) error {
	if err := touch(path); err != nil {
		return err
	}
	err := s.conn.Raw(func(c any) error {
		source, ok := c.(interface {
			NewBackup(to string) (*sqlite.Backup, error)
		})
		if !ok {
			return driver.ErrSkip
		}
		b, err := source.NewBackup(path)
		if err != nil {
			return err
		}
		for more := true; more && err == nil; {
			if more, err = b.Step(copyPages); err == nil {
				err = ctx.Err()
			}
		}
		return errors.Join(err, b.Finish())
	})
	if err != nil {
		_ = os.Remove(path)
		return fmt.Errorf("copy %s to %s: %w", s.path, path, err)
	}
	return nil
}

// Close lets the snapshot go.
func (s *Snapshot) Close() error {
	if s.conn == nil {
		return s.db.Close()
	}
	return errors.Join(s.conn.Close(), s.db.Close())
}
