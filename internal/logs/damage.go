package logs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"waybill/internal/logs/journal"
)

// A damaged journal must not keep the server from starting: the engine has all
// but the last seconds' events. It is moved to the folder quarantine, where
// nothing ever deletes it, and a new one takes its place, whose numbers go on
// from the present time, beyond those of the old.

func journalFile(c Config) string { return filepath.Join(c.Folder, "journal.db") }

// openJournal opens the journal, or a new one in the place of a damaged one.
func openJournal(ctx context.Context, c Config) (*journal.Journal, error) {
	j, err := journal.Open(ctx, journalFile(c))
	if !errors.Is(err, journal.ErrDamaged) {
		return j, err
	}
	if err := quarantineJournal(c, err); err != nil {
		return nil, err
	}
	return journal.Open(ctx, journalFile(c))
}

// replaceJournal gives up a journal that turned out to be damaged while it was
// replayed. What was read of it before is made durable first.
func (s *Service) replaceJournal(ctx context.Context, c Config, why error) error {
	if err := s.saveStats(ctx); err != nil {
		return err
	}
	if err := s.engine.Sync(ctx); err != nil {
		return err
	}
	if err := s.journal.Close(); err != nil {
		s.log.Warn("close the damaged journal", "error", err)
	}
	if err := quarantineJournal(c, why); err != nil {
		return err
	}
	var err error
	s.journal, err = journal.Open(ctx, journalFile(c))
	return err
}

func quarantineJournal(c Config, why error) error {
	to := filepath.Join(c.Folder, "quarantine")
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	to = filepath.Join(to, time.Now().UTC().Format("20060102T150405.000")+"-journal.db")
	for _, suffix := range []string{"-wal", "-shm", ""} { // the file itself last: until then the next start tries again
		if err := os.Rename(journalFile(c)+suffix, to+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("move the damaged journal to quarantine: %w", err)
		}
	}
	c.Logger.Error("THE JOURNAL IS DAMAGED and was moved to quarantine; events acknowledged in the last seconds before the last stop may be lost",
		slog.String("quarantine", to), slog.Any("reason", why))
	return nil
}
