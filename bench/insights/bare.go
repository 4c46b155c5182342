package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"waybill/bench/corpus"
)

// bare is the library itself, over the same files.
type bare struct {
	storage *logstorage.Storage
	tenants []logstorage.TenantID
	folder  string
}

// openBare opens the library beside Waybill: a second folder of links to the files
// of the corpus, which is filled if it is empty. The library never writes into a
// file that it has finished, as its snapshots rest on.
func openBare(ctx context.Context, folder string, c corpus.Config) (*bare, error) {
	data, err := corpus.Open(ctx, folder, c)
	if err != nil {
		return nil, err
	}
	if err := data.Close(); err != nil {
		return nil, err
	}
	b := &bare{folder: filepath.Join(folder, "bare")}
	if err := errors.Join(os.RemoveAll(b.folder), link(filepath.Join(folder, "logs", "storage"), b.folder)); err != nil {
		return nil, err
	}
	b.storage = openEngine(b.folder)
	b.tenants, err = b.storage.GetTenantIDs(ctx, c.Start.UnixNano(), c.Start.Add(c.Span).UnixNano())
	if err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func openEngine(path string) *logstorage.Storage {
	return logstorage.MustOpenStorage(path, &logstorage.StorageConfig{
		Retention: 100 * 365 * 24 * time.Hour, FutureRetention: 100 * 365 * 24 * time.Hour, FlushInterval: 5 * time.Second,
	})
}

func (b *bare) close() {
	b.storage.MustClose()
	_ = os.RemoveAll(b.folder) // links only
}

// link makes the folder to like from, of links to its files. Locks and caches are
// left out.
func link(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "cache":
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		case d.Name() == "flock.lock":
			return nil
		}
		return os.Link(path, filepath.Join(to, name))
	})
}
