package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"waybill/internal/app"
	"waybill/internal/backup"
)

type backupCommand struct {
	keyPlace
	To  string `required:"" help:"A new folder, or a new file that ends in .tar." type:"path"`
	Key bool   `help:"Put the key file and the administrator's credentials into the backup. Whoever has it then has every secret."`
}

// Run writes a backup of the data folder, whose server may run.
func (c *backupCommand) Run(ctx context.Context) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	folder, tar := c.To, strings.HasSuffix(c.To, ".tar")
	if tar {
		if _, err := os.Lstat(c.To); err == nil {
			return fmt.Errorf("%s exists", c.To)
		}
		folder += ".folder"
	}
	m, err := app.Backup(ctx, cfg, folder, c.Key)
	if err != nil {
		return err
	}
	if tar {
		if err := backup.Pack(folder, c.To); err != nil {
			return err
		}
	}
	size := int64(0)
	for _, f := range m.Files {
		size += f.Size
	}
	fmt.Printf("%s: %d files, %d bytes, as of %s\n", c.To, len(m.Files), size, m.Created.Format("2006-01-02 15:04:05 MST"))
	if !m.Key {
		fmt.Printf("The key file is not in it, and without it nobody can sign in: keep a copy of %s apart, or use --key.\n", cfg.KeyPath())
	}
	return nil
}
