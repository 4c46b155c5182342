package seal

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func newRing(t *testing.T) *Keyring {
	t.Helper()
	k, err := OpenFile(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func mustSeal(t *testing.T, k *Keyring, purpose, context, plain string) string {
	t.Helper()
	s, err := k.Seal(purpose, context, []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSealAndOpen(t *testing.T) {
	k := newRing(t)
	sealed := mustSeal(t, k, "access-key", "AKIA1", "secret")
	if strings.Contains(sealed, "secret") {
		t.Errorf("%q shows the secret", sealed)
	}
	if again := mustSeal(t, k, "access-key", "AKIA1", "secret"); again == sealed {
		t.Error("sealing twice gave the same value: the nonce is not fresh")
	}
	plain, err := k.Open("access-key", "AKIA1", sealed)
	if err != nil || string(plain) != "secret" {
		t.Errorf("Open = %q, %v", plain, err)
	}
	changed := []byte(sealed)
	changed[len(changed)-5] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"another purpose": func() ([]byte, error) { return k.Open("session-token", "AKIA1", sealed) },
		"another context": func() ([]byte, error) { return k.Open("access-key", "AKIA2", sealed) },
		"another keyring": func() ([]byte, error) { return newRing(t).Open("access-key", "AKIA1", sealed) },
		"changed":         func() ([]byte, error) { return k.Open("access-key", "AKIA1", string(changed)) },
		"cut":             func() ([]byte, error) { return k.Open("access-key", "AKIA1", sealed[:20]) },
		"another format":  func() ([]byte, error) { return k.Open("access-key", "AKIA1", "v2"+sealed[2:]) },
		"empty":           func() ([]byte, error) { return k.Open("access-key", "AKIA1", "") },
	} {
		if plain, err := open(); !errors.Is(err, ErrNotSealed) || plain != nil {
			t.Errorf("%s: Open = %q, %v, want ErrNotSealed", name, plain, err)
		}
	}
}

func TestRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	old, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sealed := mustSeal(t, old, "p", "c", "secret")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append([]byte(newKey().line()), text...), 0o600); err != nil {
		t.Fatal(err)
	}
	rotated, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := rotated.Open("p", "c", sealed); err != nil || string(plain) != "secret" {
		t.Errorf("what the old key sealed: Open = %q, %v", plain, err)
	}
	fresh := mustSeal(t, rotated, "p", "c", "secret")
	if _, err := old.Open("p", "c", fresh); !errors.Is(err, ErrNotSealed) {
		t.Errorf("the old key alone opens what the new one sealed: %v", err)
	}
}

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if _, err := OpenFile(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
	}
	before, _ := os.ReadFile(path)
	if _, err := OpenFile(path); err != nil {
		t.Fatal(err)
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Error("opening an existing key file changed it")
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".key-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("temporary files left: %v, %v", left, err)
	}
}

func TestRefusedKeyFiles(t *testing.T) {
	good := newKey().line()
	for _, c := range []struct {
		name, text string
		mode       os.FileMode
		want       string
	}{
		{"group may read", good, 0o640, "its mode is 0640"},
		{"all may read", good, 0o604, "chmod 600"},
		{"empty", "", 0o600, "it is empty"},
		{"no key", "hello\n", 0o600, "line 1 is not a key id and a key"},
		{"short key", good[:20] + "\n", 0o600, "line 1 is not"},
		{"retired first", strings.TrimSpace(good) + " until 2027-01-01T00:00:00Z\n", 0o600, "line 1: the time"},
		{"no time", newKey().line() + strings.TrimSpace(good) + " until tomorrow\n", 0o600, "line 2: the time"},
		{"same id", good + good, 0o600, "line 2 has the key id of an earlier line"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(path, []byte(c.text), c.mode); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, c.mode); err != nil {
				t.Fatal(err)
			}
			_, err := OpenFile(path)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want an error with %q and the path", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), strings.TrimSpace(good[9:])) {
				t.Errorf("the error shows the key: %v", err)
			}
		})
	}
}

func FuzzOpen(f *testing.F) {
	k, err := parse("00000000 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := k.Seal("p", "c", []byte("secret"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add("v1..")
	f.Fuzz(func(t *testing.T, s string) {
		plain, err := k.Open("p", "c", s)
		if err == nil && string(plain) != "secret" {
			t.Errorf("Open(%q) = %q", s, plain)
		}
	})
}
