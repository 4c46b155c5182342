package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

// counters is a schema for these tests: one row that transactions count up.
var counters = fstest.MapFS{
	"0001_counter.sql": {Data: []byte(`
		CREATE TABLE counter (id INTEGER PRIMARY KEY, n BIGINT NOT NULL);
		CREATE TABLE audit (n BIGINT PRIMARY KEY, counter_id INTEGER NOT NULL REFERENCES counter (id));
		INSERT INTO counter (id, n) VALUES (1, 0);`)},
}

func openWith(t *testing.T, path string, files fs.FS) (*DB, error) {
	t.Helper()
	db, err := open(t.Context(), path, slog.New(slog.DiscardHandler), files)
	if err == nil {
		t.Cleanup(func() { _ = db.Close() })
	}
	return db, err
}

func mustOpen(t *testing.T, path string, files fs.FS) *DB {
	t.Helper()
	db, err := openWith(t, path, files)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func count(t *testing.T, db *DB) (counter, audited int) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *sql.Tx) error {
		if err := tx.QueryRow(`SELECT n FROM counter WHERE id = 1`).Scan(&counter); err != nil {
			return err
		}
		return tx.QueryRow(`SELECT count(*) FROM audit`).Scan(&audited)
	})
	if err != nil {
		t.Fatal(err)
	}
	return counter, audited
}

// increment reads, adds one and writes back: lost updates would show.
func increment(tx *sql.Tx) error {
	var n int
	if err := tx.QueryRow(`SELECT n FROM counter WHERE id = 1`).Scan(&n); err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE counter SET n = ? WHERE id = 1`, n+1); err != nil {
		return err
	}
	_, err := tx.Exec(`INSERT INTO audit (n, counter_id) VALUES (?, 1)`, n+1)
	return err
}

func TestOpenAppliesTheEmbeddedMigrations(t *testing.T) {
	// A name with the characters that have a meaning in a database URL.
	path := filepath.Join(t.TempDir(), "meta ?%#.db")
	for range 2 {
		db, err := Open(t.Context(), path, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode().Perm())
	}
}

func TestConnectionSettings(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "meta.db"), counters)
	for _, c := range []struct {
		pragma, writer, reader string
	}{
		{"journal_mode", "wal", "wal"},
		{"synchronous", "2", "2"}, // FULL
		{"foreign_keys", "1", "1"},
		{"busy_timeout", "10000", "10000"},
		{"query_only", "0", "1"},
	} {
		for pool, want := range map[*sql.DB]string{db.writer: c.writer, db.reader: c.reader} {
			var got string
			if err := pool.QueryRow(`PRAGMA ` + c.pragma).Scan(&got); err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("%s = %s, want %s", c.pragma, got, want)
			}
		}
	}
}

func TestConcurrentWritersAndReaders(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "meta.db"), counters)
	const writers, each = 6, 20
	var wg sync.WaitGroup
	errs := make(chan error, 2*writers*each)
	for range writers {
		wg.Go(func() {
			for range each {
				errs <- db.Write(t.Context(), increment)
			}
		})
		wg.Go(func() {
			for range each {
				errs <- db.Read(t.Context(), func(tx *sql.Tx) error {
					var n, audited int
					if err := tx.QueryRow(`SELECT n FROM counter WHERE id = 1`).Scan(&n); err != nil {
						return err
					}
					if err := tx.QueryRow(`SELECT count(*) FROM audit`).Scan(&audited); err != nil {
						return err
					}
					if n != audited {
						return fmt.Errorf("a reader saw counter %d with %d audit rows", n, audited)
					}
					return nil
				})
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	if n, audited := count(t, db); n != writers*each || audited != n {
		t.Errorf("counter %d, audit rows %d, want %d of both", n, audited, writers*each)
	}
}

func TestFailedWriteChangesNothing(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "meta.db"), counters)
	boom := errors.New("boom")
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		if err := increment(tx); err != nil {
			return err
		}
		return boom
	})
	if err != boom {
		t.Errorf("error %v, want the function's own", err)
	}
	func() {
		defer func() { _ = recover() }()
		_ = db.Write(t.Context(), func(tx *sql.Tx) error {
			if err := increment(tx); err != nil {
				t.Error(err)
			}
			panic("boom")
		})
	}()
	if n, audited := count(t, db); n != 0 || audited != 0 {
		t.Errorf("counter %d, audit rows %d after failed writes, want 0", n, audited)
	}
}

func TestConstraints(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "meta.db"), counters)
	exec := func(query string) error {
		return db.Write(t.Context(), func(tx *sql.Tx) error { _, err := tx.Exec(query); return err })
	}
	if err := exec(`INSERT INTO counter (id, n) VALUES (1, 5)`); !IsUnique(err) {
		t.Errorf("same primary key: IsUnique(%v) = false", err)
	}
	if err := exec(`INSERT INTO audit (n, counter_id) VALUES (9, 77)`); err == nil || IsUnique(err) {
		t.Errorf("missing parent: got %v, want a foreign key error", err)
	}
	err := db.Read(t.Context(), func(tx *sql.Tx) error { _, err := tx.Exec(`DELETE FROM audit`); return err })
	if err == nil {
		t.Error("a read transaction could write")
	}
}

func TestWriteWaitsNoLongerThanItsContext(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "meta.db"), counters)
	err := db.Write(t.Context(), func(*sql.Tx) error {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		return db.Write(ctx, increment)
	})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), db.Path()) {
		t.Errorf("got %v, want a cancelled wait that names %s", err, db.Path())
	}
}

func TestOpenRefusesWhatIsNoDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meta.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openWith(t, path, counters); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want an error that names %s", err, path)
	}
	missing := filepath.Join(t.TempDir(), "no", "meta.db")
	if _, err := openWith(t, missing, counters); err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("got %v, want an error that names %s", err, missing)
	}
}
