package spool

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed schema.sql
var schema string

// schemaVersion is the number of schema.sql, kept in PRAGMA user_version.
const schemaVersion = 1

// Spool is an open spool file. All methods may be called concurrently.
type Spool struct {
	log    *slog.Logger
	read   *sql.DB // several connections, for queries only
	writer *writer // the one connection that writes

	mu sync.Mutex
	// feeds holds one entry an organization that was asked about since Open;
	// guarded by mu.
	feeds map[string]*feed
	// onEvents is called after events were added to an outbox; guarded by mu.
	onEvents func(organization string)
}

// Open opens the spool file at path, creating it when there is none. The folder
// must exist. Only one process may have it open; the caller sees to that.
func Open(ctx context.Context, path string, logger *slog.Logger) (*Spool, error) {
	write, err := open(ctx, path, "_txlock=immediate", 1)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, write); err != nil {
		return nil, errors.Join(fmt.Errorf("open spool %s: %w", path, err), write.Close())
	}
	read, err := open(ctx, path, "_pragma=query_only(1)", 4)
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	w, err := startWriter(ctx, write, logger)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open spool %s: %w", path, err), read.Close(), write.Close())
	}
	return &Spool{log: logger, read: read, writer: w, feeds: map[string]*feed{}}, nil
}

// open returns a pool of connections to the file, each in WAL mode with
// synchronous=FULL, after trying one.
func open(ctx context.Context, path, extra string, connections int) (*sql.DB, error) {
	dsn := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}).String() +
		"?_pragma=busy_timeout(10000)&_pragma=auto_vacuum(2)&_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(FULL)&_pragma=journal_size_limit(67108864)&" + extra
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open spool %s: %w", path, explain(err))
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open spool %s: %w", path, explain(err)), db.Close())
	}
	return db, nil
}

// migrate brings an empty file to the current schema and refuses a newer one.
func migrate(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return explain(err)
	}
	defer tx.Rollback()
	var version int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return fmt.Errorf("read the schema's version: %w", explain(err))
	}
	switch {
	case version == schemaVersion:
		return nil
	case version > schemaVersion:
		return fmt.Errorf("its schema has version %d, written by a newer Waybill; this one knows up to %d", version, schemaVersion)
	}
	if _, err := tx.ExecContext(ctx, schema); err != nil {
		return fmt.Errorf("create the tables: %w", explain(err))
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", schemaVersion)); err != nil {
		return fmt.Errorf("record the schema's version: %w", explain(err))
	}
	return explain(tx.Commit())
}

// Close finishes what is being written and closes the file. Calls that come
// later fail with ErrClosed.
func (s *Spool) Close() error {
	return errors.Join(s.writer.close(), s.read.Close())
}
