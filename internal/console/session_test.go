package console

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"waybill/internal/iam"
	"waybill/internal/store"
)

func openStore(t *testing.T) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "meta.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestSessionEndsByIdlenessAgeAndSignOut(t *testing.T) {
	ctx := context.Background()
	start := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	clock := start
	s := sessions{openStore(t), func() time.Time { return clock }}
	who := iam.Principal{Type: iam.TypeUser, Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/admin", UserID: "AIDAX", Name: "admin"}
	create := func() string {
		t.Helper()
		value, err := s.create(ctx, who)
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	alive := func(value string, want bool) {
		t.Helper()
		got, err := s.find(ctx, value)
		if want && (err != nil || got.Principal.ARN != who.ARN || got.Principal.UserID != who.UserID || got.Principal.Type != who.Type) {
			t.Errorf("at %v: got %+v, %v; want the session", clock, got, err)
		}
		if !want && !errors.Is(err, errNoSession) {
			t.Errorf("at %v: got %+v, %v; want no session", clock, got, err)
		}
	}
	idle := create()
	clock = clock.Add(idleLimit - time.Millisecond)
	alive(idle, true) // and this use counts
	clock = clock.Add(idleLimit - time.Millisecond)
	alive(idle, true)
	clock = clock.Add(idleLimit)
	alive(idle, false)

	old := create()
	begun := clock
	for clock.Sub(begun) < ageLimit-idleLimit/2 {
		alive(old, true)
		clock = clock.Add(idleLimit / 2)
	}
	clock = begun.Add(ageLimit)
	alive(old, false)

	out := create()
	if err := s.end(ctx, out); err != nil {
		t.Fatal(err)
	}
	alive(out, false)
	alive("", false)
	alive("nonsense", false)
}

func TestSessionValueIsNotStoredAndOldOnesGo(t *testing.T) {
	ctx := context.Background()
	clock := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	db := openStore(t)
	s := sessions{db, func() time.Time { return clock }}
	rows := func() (hashes []string) {
		t.Helper()
		err := db.Read(ctx, func(tx *sql.Tx) error {
			r, err := tx.QueryContext(ctx, `SELECT id_hash FROM console_session`)
			if err != nil {
				return err
			}
			defer r.Close()
			for r.Next() {
				var h string
				if err := r.Scan(&h); err != nil {
					return err
				}
				hashes = append(hashes, h)
			}
			return r.Err()
		})
		if err != nil {
			t.Fatal(err)
		}
		return hashes
	}
	value, err := s.create(ctx, iam.Principal{})
	if err != nil {
		t.Fatal(err)
	}
	if h := rows(); len(h) != 1 || strings.Contains(h[0], value) || h[0] != hashValue(value) {
		t.Errorf("stored %q for the value %q", h, value)
	}
	clock = clock.Add(idleLimit)
	if _, err := s.create(ctx, iam.Principal{}); err != nil {
		t.Fatal(err)
	}
	if h := rows(); len(h) != 1 {
		t.Errorf("%d sessions are stored, want the live one alone", len(h))
	}
}
