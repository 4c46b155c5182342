package seal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func lines(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

func TestCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := Create(path); err != nil {
		t.Fatal(err)
	}
	before := lines(t, path)
	if err := Create(path); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("a second time: %v", err)
	}
	if after := lines(t, path); after[0] != before[0] {
		t.Error("the key changed")
	}
	if err := Create(filepath.Join(t.TempDir(), "none", "key")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in no folder: %v", err)
	}
}

// TestRotationByStep goes through a rotation and, at every step, opens what was
// sealed before it, as after a crash there.
func TestRotationByStep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	first, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	stored := mustSeal(t, first, "p", "c", "secret")
	opens := func(step, sealed string) {
		t.Helper()
		k, err := OpenFile(path)
		if err != nil {
			t.Fatalf("%s: %v", step, err)
		}
		if plain, err := k.Open("p", "c", sealed); err != nil || string(plain) != "secret" {
			t.Errorf("%s: %q, %v", step, plain, err)
		}
	}
	second, err := AddKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if second.SealsWith() == first.SealsWith() {
		t.Error("the new key does not seal")
	}
	opens("key added", stored)
	again, err := AddKey(path) // after a crash the rotation begins again
	if err != nil || again.SealsWith() != second.SealsWith() || len(lines(t, path)) != 2 {
		t.Errorf("begun again: %v, %d keys", err, len(lines(t, path)))
	}
	fresh := mustSeal(t, again, "p", "c", "secret")
	if KeyOf(fresh) != second.SealsWith() || KeyOf(stored) != first.SealsWith() || KeyOf("x") != "" {
		t.Errorf("sealed with %s and %s", KeyOf(fresh), KeyOf(stored))
	}
	now := time.Now()
	if err := Retire(path, now, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	opens("old key retired", stored) // a session
	opens("old key retired", fresh)

	third, err := AddKey(path)
	if err != nil || len(lines(t, path)) != 3 || third.SealsWith() == second.SealsWith() {
		t.Fatalf("%v: %d keys", err, len(lines(t, path)))
	}
	if err := Retire(path, now.Add(2*time.Hour), now.Add(3*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if n := len(lines(t, path)); n != 2 {
		t.Errorf("%d keys, want the first of all gone", n)
	}
	opens("rotated twice", fresh)
	if err := Retire(path, now, now); err != nil {
		t.Fatal(err)
	}
	if n := len(lines(t, path)); n != 1 {
		t.Errorf("%d keys after sessions were ended", n)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".key-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("temporary files left: %v, %v", left, err)
	}
}

func TestARetiredKeyOpensNoLonger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	old, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sealed := mustSeal(t, old, "p", "c", "secret")
	text := newKey().line() + strings.TrimSpace(lines(t, path)[0]) + " until 2001-01-01T00:00:00Z\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Open("p", "c", sealed); !errors.Is(err, ErrNotSealed) {
		t.Errorf("%v", err)
	}
}
