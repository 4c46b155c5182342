package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"waybill/internal/config"
	"waybill/internal/iam"
	"waybill/internal/iam/seal"
	"waybill/internal/store"
)

// KeyReport is what the key file and the database say of each other.
type KeyReport struct {
	Path string
	// SealsWith is the id of the key that seals.
	SealsWith string
	// Secrets counts the stored secrets by the id of the key they are sealed with.
	Secrets map[string]int
}

// CreateKey makes the key file of a server that has not been started yet, and
// returns its path.
func CreateKey(cfg *config.Config) (string, error) {
	path := cfg.KeyPath()
	if _, err := os.Stat(filepath.Join(cfg.Data, "meta.db")); err == nil {
		return "", fmt.Errorf("create key file %s: data folder %s has secrets already, which a new key would not open; rotate the key instead", path, cfg.Data)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("create key file %s: %w", path, err)
	}
	return path, seal.Create(path)
}

// RotateKey puts a new key into use: it is added to the file, every stored
// secret is sealed with it in one transaction, and the old key is retired. A
// crash between these leaves a file that opens everything; the next rotation
// goes on from there.
//
// Sessions are not stored; their tokens are sealed with the key of their time.
// So the old key opens until the longest of them has ended, or, with
// endSessions, no longer at all.
func RotateKey(ctx context.Context, cfg *config.Config, logger *slog.Logger, endSessions bool) (KeyReport, error) {
	// A file that does not belong to the database is left as it is.
	if r, err := CheckKey(ctx, cfg, logger); err != nil {
		return r, err
	}
	return withKey(ctx, cfg, logger, seal.AddKey, func(s *iam.Service, path string) error {
		if _, err := s.Reseal(ctx); err != nil {
			return err
		}
		now := clock()
		until := now.Add(iam.LongestSession)
		if endSessions {
			until = now
		}
		return seal.Retire(path, now, until.Truncate(time.Second))
	})
}

// CheckKey opens every stored secret.
func CheckKey(ctx context.Context, cfg *config.Config, logger *slog.Logger) (KeyReport, error) {
	return withKey(ctx, cfg, logger, seal.ReadFile, func(*iam.Service, string) error { return nil })
}

// withKey works on the databases of a stopped server with a keyring.
func withKey(ctx context.Context, cfg *config.Config, logger *slog.Logger, open func(string) (*seal.Keyring, error), work func(*iam.Service, string) error) (r KeyReport, err error) {
	r.Path = cfg.KeyPath()
	database := filepath.Join(cfg.Data, "meta.db")
	if _, err := os.Stat(database); errors.Is(err, fs.ErrNotExist) {
		return r, fmt.Errorf("data folder %s has no database: no server was started on it", cfg.Data)
	}
	folder, err := openFolder(cfg.Data)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, folder.close()) }()
	db, err := store.Open(ctx, database, logger)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	ring, err := open(r.Path)
	if err != nil {
		return r, err
	}
	r.SealsWith = ring.SealsWith()
	identities, err := iam.New(iam.Options{DB: db, Keyring: ring, Logger: logger, Now: clock})
	if err != nil {
		return r, err
	}
	if err := work(identities, r.Path); err != nil {
		return r, err
	}
	r.Secrets, err = identities.CheckSealed(ctx)
	return r, err
}
