package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"waybill/internal/app"
	"waybill/internal/config"
)

// keyCommand has the verbs on the key file.
type keyCommand struct {
	Create keyCreateCommand `cmd:"" help:"Make the key file before the first start. The first start does it otherwise."`
	Rotate keyRotateCommand `cmd:"" help:"Put a new key into use and seal every stored secret with it."`
	Check  keyCheckCommand  `cmd:"" help:"Check the key file's mode, and that it opens every stored secret."`
}

// keyPlace says where the key file and the database are.
type keyPlace struct {
	Config string `help:"The configuration file (waybill.toml)." type:"existingfile"`
	Data   string `help:"The data folder; overrides the configuration. Default ./waybill-data."`
}

func (p keyPlace) load() (*config.Config, error) {
	cfg := config.Default()
	if p.Config != "" {
		var err error
		if cfg, err = config.Load(p.Config); err != nil {
			return nil, err
		}
	}
	if p.Data != "" {
		cfg.Data = p.Data
	}
	return cfg, nil
}

type keyCreateCommand struct{ keyPlace }

// Run makes the file.
func (c *keyCreateCommand) Run() error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	path, err := app.CreateKey(cfg)
	if err == nil {
		fmt.Printf("%s: created; keep a copy apart from the database\n", path)
	}
	return err
}

type keyRotateCommand struct {
	keyPlace
	EndSessions bool `help:"End all temporary sessions, for a key that became known to others. Otherwise they live on until they expire."`
}

// Run rotates the key.
func (c *keyRotateCommand) Run(ctx context.Context, logger *slog.Logger) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	r, err := app.RotateKey(ctx, cfg, logger, c.EndSessions)
	if err != nil {
		return err
	}
	showKey(r)
	return nil
}

type keyCheckCommand struct{ keyPlace }

// Run checks the file.
func (c *keyCheckCommand) Run(ctx context.Context, logger *slog.Logger) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	r, err := app.CheckKey(ctx, cfg, logger)
	if err != nil {
		return err
	}
	showKey(r)
	return nil
}

func showKey(r app.KeyReport) {
	fmt.Printf("%s: key %s seals\n", r.Path, r.SealsWith)
	for _, id := range slices.Sorted(maps.Keys(r.Secrets)) {
		fmt.Printf("key %s: %d secrets open\n", id, r.Secrets[id])
	}
}
