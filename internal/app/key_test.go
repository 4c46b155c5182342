package app

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"waybill/internal/config"
	"waybill/internal/iam"
	"waybill/internal/iam/seal"
)

// keyed is a stopped server's configuration with what must work after every step.
type keyed struct {
	cfg     *config.Config
	key     iam.Credentials
	session iam.Session
}

func newKeyed(t *testing.T) *keyed {
	t.Helper()
	cfg := config.Default()
	cfg.Data, cfg.KeyFile, cfg.Listen = filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "apart", "key"), "127.0.0.1:0"
	path, err := CreateKey(cfg)
	if err != nil || path != cfg.KeyFile {
		t.Fatalf("%s, %v", path, err)
	}
	k := &keyed{cfg: cfg}
	k.start(t, func(s *Server) {
		k.key = s.first.Credentials
		_, p, err := s.iam.Authenticate(t.Context(), k.key.AccessKeyID, "")
		if err != nil {
			t.Fatal(err)
		}
		if k.session, err = s.iam.GetSessionToken(p, nil); err != nil {
			t.Fatal(err)
		}
	})
	return k
}

// start opens a server on the folder and closes it again.
func (k *keyed) start(t *testing.T, f func(*Server)) {
	t.Helper()
	s, err := Open(t.Context(), k.cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	f(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// works starts a server and uses the key and the session.
func (k *keyed) works(t *testing.T, step string, sessionToo bool) {
	t.Helper()
	k.start(t, func(s *Server) {
		if secret, _, err := s.iam.Authenticate(t.Context(), k.key.AccessKeyID, ""); err != nil || secret != k.key.Secret {
			t.Errorf("%s: the access key: %v", step, err)
		}
		_, _, err := s.iam.Authenticate(t.Context(), k.session.AccessKeyID, k.session.Token)
		if (err == nil) != sessionToo {
			t.Errorf("%s: the session: %v", step, err)
		}
	})
}

// TestRotateKey rotates with a crash after every step.
func TestRotateKey(t *testing.T) {
	k := newKeyed(t)
	quiet := slog.New(slog.DiscardHandler)
	before, err := CheckKey(t.Context(), k.cfg, quiet)
	if err != nil || before.Secrets[before.SealsWith] != 2 { // the administrator's and the publisher's
		t.Fatalf("%+v, %v", before, err)
	}
	if _, err := seal.AddKey(k.cfg.KeyPath()); err != nil {
		t.Fatal(err)
	}
	k.works(t, "a key was added", true)
	_, err = withKey(t.Context(), k.cfg, quiet, seal.ReadFile, func(s *iam.Service, _ string) error {
		_, err := s.Reseal(t.Context())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	k.works(t, "everything was sealed anew", true)
	after, err := RotateKey(t.Context(), k.cfg, quiet, false)
	if err != nil || after.SealsWith == before.SealsWith || after.Secrets[after.SealsWith] != 2 || len(after.Secrets) != 1 {
		t.Fatalf("%+v, %v", after, err)
	}
	k.works(t, "rotated", true)
	third, err := RotateKey(t.Context(), k.cfg, quiet, true)
	if err != nil || third.SealsWith == after.SealsWith {
		t.Fatalf("%+v, %v", third, err)
	}
	k.works(t, "sessions ended", false)
	if text, err := os.ReadFile(k.cfg.KeyPath()); err != nil || strings.Count(string(text), "\n") != 1 {
		t.Errorf("old keys are left: %v", err)
	}
}

func TestKeyRefusals(t *testing.T) {
	k := newKeyed(t)
	ctx, quiet, path := t.Context(), slog.New(slog.DiscardHandler), k.cfg.KeyPath()
	refused := func(what, text string) {
		t.Helper()
		_, check := CheckKey(ctx, k.cfg, quiet)
		_, rotate := RotateKey(ctx, k.cfg, quiet, false)
		s, start := Open(ctx, k.cfg, quiet)
		if start == nil {
			_ = s.Close()
		}
		for name, err := range map[string]error{"check": check, "rotate": rotate, "start": start} {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %s: %v, want ...%s...", what, name, err, text)
			}
		}
	}
	if _, err := CreateKey(k.cfg); err == nil || !strings.Contains(err.Error(), "rotate the key instead") {
		t.Errorf("create over a database: %v", err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	refused("mode", "its mode is 0644")
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+".saved"); err != nil {
		t.Fatal(err)
	}
	refused("no file", path)
	if err := seal.Create(path); err != nil {
		t.Fatal(err)
	}
	refused("another key", "does not open the secret of access key AKIA")
	if err := os.Rename(path+".saved", path); err != nil {
		t.Fatal(err)
	}
	k.works(t, "the right key again", true)

	running, err := Open(ctx, k.cfg, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := RotateKey(ctx, k.cfg, quiet, false); err == nil || !strings.Contains(err.Error(), "is in use by another waybill process") {
		t.Errorf("while a server runs: %v", err)
	}
	if err := running.Close(); err != nil {
		t.Fatal(err)
	}
	k.cfg.Data = filepath.Join(t.TempDir(), "none")
	if _, err := CheckKey(ctx, k.cfg, quiet); err == nil || !strings.Contains(err.Error(), "no server was started on it") {
		t.Errorf("no folder: %v", err)
	}
}
