package store

import (
	"database/sql"
	"io/fs"
	"path/filepath"
	"testing"
	"testing/fstest"
)

// TestPasswordsSurviveTheMoveToLoginProfiles migrates a database of before
// migration 0006, which moved the password hashes out of the users' table.
func TestPasswordsSurviveTheMoveToLoginProfiles(t *testing.T) {
	old := fstest.MapFS{}
	entries, err := embedded.ReadDir("migrations")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() >= "0006" {
			continue
		}
		text, err := embedded.ReadFile("migrations/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		old[e.Name()] = &fstest.MapFile{Data: text}
	}
	path := filepath.Join(t.TempDir(), "meta.db")
	db := mustOpen(t, path, old)
	err = db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO accounts (id, created) VALUES ('a', 1);
			INSERT INTO users (id, account, name, folded, path, tags, password_hash, created) VALUES
			('with', 'a', 'w', 'w', '/', '[]', 'hash', 7), ('without', 'a', 'o', 'o', '/', '[]', '', 7)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	now, err := fs.Sub(embedded, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	db = mustOpen(t, path, now)
	for table, query := range map[string]string{
		"login_profiles":   `SELECT count(*), max(user_id), max(hash), max(changed) FROM login_profiles`,
		"password_history": `SELECT count(*), max(user_id), max(hash), max(changed) FROM password_history`,
	} {
		var n, changed int64
		var user, hash string
		err := db.Read(t.Context(), func(tx *sql.Tx) error {
			return tx.QueryRowContext(t.Context(), query).Scan(&n, &user, &hash, &changed)
		})
		if err != nil || n != 1 || user != "with" || hash != "hash" || changed != 7 {
			t.Errorf("%s: %d rows, %s %s %d, %v", table, n, user, hash, changed, err)
		}
	}
}
