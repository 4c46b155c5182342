package main

import (
	"fmt"

	"waybill/internal/backup"
)

type restoreCommand struct {
	From string `required:"" help:"The backup: a folder, or a .tar file." type:"existingpath"`
	Data string `required:"" help:"The data folder to make; it must not exist or be empty." type:"path"`
}

// Run makes a data folder of a backup. No server can run on it: it is new.
func (c *restoreCommand) Run() error {
	m, err := backup.Restore(c.From, c.Data)
	if err != nil {
		return err
	}
	fmt.Printf("%s: restored as of %s\n", c.Data, m.Created.Format("2006-01-02 15:04:05 MST"))
	if !m.Key {
		fmt.Printf("The backup has no key file: put your copy at %s/key (mode 0600) before the server starts.\n", c.Data)
	}
	return nil
}
