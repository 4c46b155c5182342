package main

import (
	"context"

	"waybill/internal/app"
)

// probeCommand is how a starting server has parts of the log engine read that
// may be damaged: the process that reads a damaged one ends. It is for no person.
type probeCommand struct {
	Folder string `arg:"" help:"A folder made for this."`
}

// Run reads everything in the folder.
func (c *probeCommand) Run(ctx context.Context) error { return app.Probe(ctx, c.Folder) }
