package main

import (
	"fmt"

	"waybill/internal/config"
)

type checkConfigCommand struct {
	File string `arg:"" help:"The configuration file."`
}

// Run reads the file and says that it is good, or what is wrong with it.
func (c *checkConfigCommand) Run() error {
	cfg, err := config.Load(c.File)
	if err != nil {
		return err
	}
	fmt.Printf("%s: good: %d organizations, %d sources\n", c.File, len(cfg.Organizations), len(cfg.Sources))
	return nil
}
