// Package store is Waybill's metadata database: one SQLite file for accounts,
// identities, log groups, organizations and settings. It owns the connections,
// the transactions and the schema's migrations, and knows none of the tables:
// each owner writes its own SQL in its own package.
//
// The file is in write-ahead-log mode with synchronous=FULL, so a transaction
// that Write has committed survives a power cut. Writers queue for the one
// connection that writes; readers see the last committed state and wait for
// nobody.
//
// SQL in the migrations and in the owners stays portable (no functions of
// SQLite's own, times as epoch milliseconds, JSON as text), because a server
// database is to stand in for the file when several servers share it.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed migrations/*.sql
var embedded embed.FS

const (
	// readers is the size of the reader pool: more than the cores of the small
	// machines we run on, few enough that idle connections cost little memory.
	readers = 8
	// busyTimeout is how long a connection waits for a lock that another
	// process holds (a backup or an operator's shell).
	busyTimeout = 10 * time.Second
)

// DB is the open database. It is safe for concurrent use.
type DB struct {
	path   string
	logger *slog.Logger
	writer *sql.DB // one connection
	reader *sql.DB // query_only
	writes atomic.Uint64
}

// Open opens the database at path, creates it (mode 0600) if it is missing, and
// applies the migrations that it lacks. Errors name the path. A database that
// a newer Waybill has migrated is refused and left as it was.
func Open(ctx context.Context, path string, logger *slog.Logger) (*DB, error) {
	migrations, err := fs.Sub(embedded, "migrations")
	if err != nil {
		return nil, fmt.Errorf("open %s: embedded migrations: %w", path, err)
	}
	return open(ctx, path, logger, migrations)
}

func open(ctx context.Context, path string, logger *slog.Logger, migrations fs.FS) (*DB, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := touch(absolute); err != nil {
		return nil, fmt.Errorf("open metadata database: %w", err)
	}
	db := &DB{path: path, logger: logger}
	if db.writer, err = sql.Open("sqlite", dsn(absolute, writerSettings)); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.writer.SetMaxOpenConns(1)
	if err := db.migrate(ctx, migrations); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.writer.Close())
	}
	if db.reader, err = sql.Open("sqlite", dsn(absolute, readerSettings)); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.writer.Close())
	}
	db.reader.SetMaxOpenConns(readers)
	db.reader.SetMaxIdleConns(readers)
	return db, nil
}

// touch creates the file with mode 0600; SQLite gives its -wal and -shm files
// the mode of the database.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// The settings of every new connection. BEGIN IMMEDIATE takes the write lock at
// once, so a writing transaction never fails half way for want of it.
var (
	writerSettings = url.Values{
		"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"},
		"_txlock": {"immediate"},
	}
	readerSettings = url.Values{"_pragma": {"query_only(1)", "foreign_keys(1)"}}
)

// dsn names the file and the settings of connections to it. Waiting for locks
// comes first, because setting journal_mode may have to wait already.
func dsn(path string, settings url.Values) string {
	q := maps.Clone(settings)
	wait := fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds())
	q["_pragma"] = slices.Insert(slices.Clone(q["_pragma"]), 0, wait)
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

// Path returns the path that Open was given.
func (db *DB) Path() string { return db.path }

// Read runs fn in a transaction that sees one committed state and cannot write.
// An error of fn is returned as it is.
func (db *DB) Read(ctx context.Context, fn func(*sql.Tx) error) error {
	return db.transact(ctx, db.reader, "read", fn)
}

// Write runs fn in the one writing transaction and commits it durably if fn
// returns nil; otherwise nothing has changed. It waits for other writers, or
// until ctx ends. An error of fn is returned as it is. fn must not call Write.
func (db *DB) Write(ctx context.Context, fn func(*sql.Tx) error) error {
	// After a failed commit nobody knows whether it happened.
	defer db.writes.Add(1)
	return db.transact(ctx, db.writer, "write", fn)
}

// Writes counts the transactions that Write has ended. What Read saw still holds
// as long as it stays the same, so owners may remember by it.
func (db *DB) Writes() uint64 { return db.writes.Load() }

func (db *DB) transact(ctx context.Context, pool *sql.DB, what string, fn func(*sql.Tx) error) error {
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin to %s %s: %w", what, db.path, err)
	}
	// After a commit this does nothing; it matters when fn fails or panics.
	defer func() { _ = tx.Rollback() }()
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit to %s: %w", db.path, err)
	}
	return nil
}

// Close waits for running transactions and closes the file.
func (db *DB) Close() error {
	// The writer goes last: the last connection folds the write-ahead log into
	// the file, and only the writer may.
	if err := errors.Join(db.reader.Close(), db.writer.Close()); err != nil {
		return fmt.Errorf("close %s: %w", db.path, err)
	}
	return nil
}

// IsUnique reports whether err says that a row with the same primary key or
// unique columns exists already.
func IsUnique(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	return e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
}

// IsDamaged reports whether err says that the file is no database, or not any more.
func IsDamaged(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	return e.Code()&0xff == sqlite3.SQLITE_CORRUPT || e.Code()&0xff == sqlite3.SQLITE_NOTADB
}
