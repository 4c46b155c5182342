package store

import (
	"database/sql"
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

func files(pairs ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return m
}

func schema(t *testing.T, path string) string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// close1 opens with the migrations and closes again.
func close1(t *testing.T, path string, m fs.FS) error {
	t.Helper()
	db, err := openWith(t, path, m)
	if err != nil {
		return err
	}
	return db.Close()
}

func TestMigrationsRunInOrderAndOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meta.db")
	// 0010 needs 0002, which needs 0001: any other order fails.
	m := files(
		"0010_c.sql", `INSERT INTO b (id) VALUES (1); CREATE TABLE c (id INTEGER);`,
		"0002_b.sql", `ALTER TABLE a RENAME TO b;`,
		"0001_a.sql", `CREATE TABLE a (id INTEGER PRIMARY KEY);`,
	)
	for range 2 {
		if err := close1(t, path, m); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := schema(t, path), "b c migrations"; got != want {
		t.Errorf("tables %q, want %q", got, want)
	}
	m["0011_d.sql"] = &fstest.MapFile{Data: []byte(`CREATE TABLE d (id INTEGER);`)}
	if err := close1(t, path, m); err != nil {
		t.Fatal(err)
	}
	if got, want := schema(t, path), "b c d migrations"; got != want {
		t.Errorf("tables %q, want %q", got, want)
	}
}

func TestFailedMigrationLeavesThePreviousOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meta.db")
	m := files(
		"0001_a.sql", `CREATE TABLE a (id INTEGER);`,
		"0002_b.sql", `CREATE TABLE b (id INTEGER); INSERT INTO nowhere VALUES (1);`,
	)
	err := close1(t, path, m)
	if err == nil || !strings.Contains(err.Error(), "0002_b.sql") || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want an error naming the migration and the path", err)
	}
	if got, want := schema(t, path), "a migrations"; got != want {
		t.Errorf("tables %q, want %q", got, want)
	}
	m["0002_b.sql"] = &fstest.MapFile{Data: []byte(`CREATE TABLE b (id INTEGER);`)}
	if err := close1(t, path, m); err != nil {
		t.Errorf("mended migration: %v", err)
	}
}

func TestRefusedSchemas(t *testing.T) {
	base := files("0001_a.sql", `CREATE TABLE a (id INTEGER);`, "0002_b.sql", `CREATE TABLE b (id INTEGER);`)
	with := func(name, sql string) fs.FS {
		m := maps.Clone(base)
		m[name] = &fstest.MapFile{Data: []byte(sql)}
		return m
	}
	for _, c := range []struct {
		name        string
		first, then fs.FS
		newer       bool
		want        string
	}{
		{"newer", with("0003_c.sql", `CREATE TABLE c (id INTEGER);`), base, true, "0003_c.sql, which this version does not know"},
		{"changed", base, with("0001_a.sql", `CREATE TABLE a (id TEXT);`), false, "0001_a.sql was applied with other contents"},
		{"inserted", files("0002_b.sql", `CREATE TABLE b (id INTEGER);`), base, false, "0001_a.sql is missing although later ones were applied"},
		{"same number", base, with("0002_c.sql", ``), false, "have the same number"},
		{"bad name", base, with("2_c.sql", ``), false, "want a name like"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "meta.db")
			if err := close1(t, path, c.first); err != nil {
				t.Fatal(err)
			}
			before := schema(t, path)
			err := close1(t, path, c.then)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Fatalf("got %v, want an error with %q and the path", err, c.want)
			}
			if errors.Is(err, ErrNewerSchema) != c.newer {
				t.Errorf("errors.Is(%v, ErrNewerSchema) = %v", err, !c.newer)
			}
			if after := schema(t, path); after != before {
				t.Errorf("tables changed from %q to %q", before, after)
			}
		})
	}
}
