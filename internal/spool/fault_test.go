package spool

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// pragma changes the writing connection between two transactions.
func pragma(t *testing.T, s *Spool, statement string) {
	t.Helper()
	_, err := s.writer.conn.ExecContext(context.Background(), statement)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func TestFullDisk(t *testing.T) {
	s, _ := openSpool(t)
	appendBatch(t, s, org, "log", "one", "1")
	var pages int
	if err := s.read.QueryRow("PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	pragma(t, s, fmt.Sprintf("PRAGMA max_page_count = %d", pages+4))

	large := Batch{Organization: org, Source: "log", Blob: []byte(strings.Repeat("x", 1<<20)), Position: []byte("2")}
	if _, err := s.Append(t.Context(), large); !errors.Is(err, ErrFull) {
		t.Fatalf("Append to a full disk = %v, want ErrFull", err)
	}
	if p, _ := s.Position(t.Context(), "log"); string(p) != "1" {
		t.Errorf("position after a failed append = %q, want 1", p)
	}
	if _, err := s.Next(t.Context(), org, 10); err != nil {
		t.Errorf("reading while the disk is full: %v", err)
	}
	pragma(t, s, "PRAGMA max_page_count = 1000000")
	if _, err := s.Append(t.Context(), large); err != nil {
		t.Fatalf("Append once there is room again: %v", err)
	}
	if got, err := s.Next(t.Context(), org, 10); len(got) != 2 || err != nil {
		t.Errorf("%d batches, %v; want 2", len(got), err)
	}
}

// A group in which one request finds the disk full: each request is either
// answered with an error and absent, or without and present.
func TestFullDiskInAGroup(t *testing.T) {
	s, _ := openSpool(t)
	var pages int
	if err := s.read.QueryRow("PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	pragma(t, s, fmt.Sprintf("PRAGMA max_page_count = %d", pages+20))
	entered, release := make(chan struct{}), make(chan struct{})
	go s.writer.do(t.Context(), func(*transaction) error { close(entered); <-release; return nil })
	<-entered
	var wg sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		size := 10
		if i%2 == 1 {
			size = 1 << 20
		}
		wg.Go(func() {
			_, errs[i] = s.Append(t.Context(), Batch{Organization: org, Source: fmt.Sprint(i), Blob: make([]byte, size)})
		})
	}
	close(release)
	wg.Wait()
	batches, err := s.Next(t.Context(), org, 10)
	if err != nil {
		t.Fatal(err)
	}
	present := map[string]bool{}
	for _, b := range batches {
		present[b.Source] = true
	}
	for i, err := range errs {
		if present[fmt.Sprint(i)] != (err == nil) {
			t.Errorf("batch %d: present %v, answered %v", i, present[fmt.Sprint(i)], err)
		}
		if i%2 == 1 && !errors.Is(err, ErrFull) {
			t.Errorf("batch %d of 1 MiB = %v, want ErrFull", i, err)
		}
	}
}

func TestReadOnlyDisk(t *testing.T) {
	s, _ := openSpool(t)
	appendBatch(t, s, org, "log", "one", "1")
	pragma(t, s, "PRAGMA query_only = 1")
	_, err := s.Append(t.Context(), Batch{Organization: org, Source: "log", Blob: []byte("two"), Position: []byte("2")})
	if !errors.Is(err, ErrReadOnly) {
		t.Errorf("Append = %v, want ErrReadOnly", err)
	}
	err = s.Commit(t.Context(), Commit{Organization: org, Cursor: 1, Events: []Event{event("a")}})
	if !errors.Is(err, ErrReadOnly) {
		t.Errorf("Commit = %v, want ErrReadOnly", err)
	}
	pragma(t, s, "PRAGMA query_only = 0")
	appendBatch(t, s, org, "log", "two", "2")
	if got, err := s.Next(t.Context(), org, 10); len(got) != 2 || err != nil {
		t.Errorf("%d batches, %v; want 2: nothing consumed, nothing lost", len(got), err)
	}
}

func TestCommitThatFailsMidwayChangesNothing(t *testing.T) {
	s, _ := openSpool(t)
	seq := appendBatch(t, s, org, "log", "one", "1")
	pragma(t, s, `CREATE TRIGGER refuse BEFORE INSERT ON outbox WHEN NEW.id = 'refused' BEGIN SELECT RAISE(ABORT, 'injected'); END`)
	step := Commit{Organization: org, Cursor: seq, Put: map[string][]byte{"k": []byte("v")}, Events: []Event{event("a"), event("refused")}}
	if err := s.Commit(t.Context(), step); err == nil || !strings.Contains(err.Error(), "injected") {
		t.Fatalf("Commit = %v, want the injected failure", err)
	}
	state, _ := s.State(t.Context(), org)
	n, _, _ := s.Backlog(t.Context(), org)
	batches, _ := s.Next(t.Context(), org, 10)
	if len(state) != 0 || n != 0 || len(batches) != 1 {
		t.Errorf("after a failed commit: %d state rows, %d events, %d batches; want 0, 0, 1", len(state), n, len(batches))
	}
	pragma(t, s, "DROP TRIGGER refuse")
	commit(t, s, step)
}

func TestNewerSchemaIsRefused(t *testing.T) {
	s, path := openSpool(t)
	pragma(t, s, "PRAGMA user_version = 99")
	s.Close()
	if _, err := Open(t.Context(), path, testLogger(t)); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Errorf("Open = %v, want a refusal that says the file is newer", err)
	}
}

func TestOpenWhereNoFolderIs(t *testing.T) {
	_, err := Open(t.Context(), filepath.Join(t.TempDir(), "missing", "spool.db"), testLogger(t))
	if err == nil || !strings.Contains(err.Error(), "spool.db") {
		t.Errorf("Open = %v, want an error that names the file", err)
	}
}
