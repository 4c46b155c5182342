package main

import (
	"context"
	"log/slog"
	"os"

	"waybill/internal/app"
	"waybill/internal/config"
)

type serveCommand struct {
	Config string `help:"The configuration file (waybill.toml). Without one the defaults serve." type:"existingfile"`
	Data   string `help:"The data folder; overrides the configuration. Default ./waybill-data."`
	Listen string `help:"host:port of the console and all AWS APIs; overrides the configuration. Default 127.0.0.1:8420."`
}

// Run serves until ctx ends.
func (c *serveCommand) Run(ctx context.Context, logger *slog.Logger) error {
	cfg := config.Default()
	if c.Config != "" {
		var err error
		if cfg, err = config.Load(c.Config); err != nil {
			return err
		}
	}
	if c.Data != "" {
		cfg.Data = c.Data
	}
	if c.Listen != "" {
		cfg.Listen = c.Listen
		if err := cfg.CheckListen(); err != nil {
			return err
		}
	}
	cfg.Restarts = true
	server, err := app.OpenAgain(ctx, cfg, logger)
	if ctx.Err() != nil && err != nil {
		logger.Info("stopped while starting", "error", err)
		return nil
	}
	if err != nil {
		return err
	}
	server.Greet(os.Stdout)
	return server.Run(ctx)
}
