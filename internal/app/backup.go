package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"waybill/internal/backup"
	"waybill/internal/config"
	"waybill/internal/logs/engine"
	"waybill/internal/store"
)

// databases are the data folder's, in the order they are pinned.
var databases = []string{"meta.db", "spool.db", "journal.db"}

// state is a data folder at one time: the databases pinned, the engine's files
// named.
type state struct {
	folder *folder
	at     time.Time
	pinned map[string]*store.Snapshot
	engine *engine.Snapshot
}

// pin takes snapshots of the databases.
func (st *state) pin(ctx context.Context) error {
	st.pinned = map[string]*store.Snapshot{}
	st.at = clock()
	for _, name := range databases {
		s, err := store.Pin(ctx, st.folder.file(name))
		if err != nil {
			return err
		}
		st.pinned[name] = s
	}
	return nil
}

func (st *state) close() error {
	var errs []error
	for _, s := range st.pinned {
		errs = append(errs, s.Close())
	}
	if st.engine != nil {
		errs = append(errs, st.engine.Close())
	}
	return errors.Join(errs...)
}

// write writes the state as a backup, with the file that seals secrets, and the
// administrator's credentials, if keyFile names it.
func (st *state) write(ctx context.Context, to, keyFile string) (m backup.Manifest, err error) {
	w, err := backup.Create(to)
	if err != nil {
		return m, err
	}
	defer func() {
		if err != nil {
			w.Abandon()
		}
	}()
	for _, name := range databases {
		if err := st.pinned[name].CopyTo(ctx, filepath.Join(w.Folder(), name)); err != nil {
			return m, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(st.engine.Files)) {
		if err := ctx.Err(); err != nil {
			return m, err
		}
		if err := w.Copy(engineFolder+"/"+filepath.ToSlash(name), st.engine.Files[name]); err != nil {
			return m, err
		}
	}
	if err := w.Copy("instance", st.folder.file("instance")); err != nil {
		return m, err
	}
	if keyFile != "" {
		if err := errors.Join(w.Copy("key", keyFile), w.Copy("credentials", st.folder.file("credentials"))); err != nil {
			return m, err
		}
	}
	return w.Finish(st.at, keyFile != "")
}

// backup writes a backup of the running server to a new folder.
func (s *Server) backup(ctx context.Context, to string, withKey bool) (m backup.Manifest, err error) {
	st := &state{folder: s.folder}
	defer func() { err = errors.Join(err, st.close()) }()
	if st.engine, err = s.logs.Snapshot(ctx, func() error { return st.pin(ctx) }); err != nil {
		return m, err
	}
	return st.write(ctx, to, backupKey(s.cfg, withKey))
}

func backupKey(cfg *config.Config, wanted bool) string {
	if !wanted {
		return ""
	}
	return cfg.KeyPath()
}

// Backup writes a backup of a data folder to the new folder to: by its running
// server, or, if none runs, by itself.
func Backup(ctx context.Context, cfg *config.Config, to string, withKey bool) (backup.Manifest, error) {
	to, err := filepath.Abs(to)
	if err != nil {
		return backup.Manifest{}, err
	}
	m, err := askForBackup(ctx, cfg.Data, to, withKey)
	if !errors.Is(err, errNoServer) {
		return m, err
	}
	return backupStopped(ctx, cfg, to, withKey)
}

func backupStopped(ctx context.Context, cfg *config.Config, to string, withKey bool) (m backup.Manifest, err error) {
	if !isDataFolder(cfg.Data) {
		return m, fmt.Errorf("%s is no data folder of Waybill", cfg.Data)
	}
	f, err := openFolder(cfg.Data)
	if err != nil {
		return m, err
	}
	st := &state{folder: f}
	defer func() { err = errors.Join(err, st.close(), f.close()) }()
	if err := st.pin(ctx); err != nil {
		return m, err
	}
	if st.engine, err = engine.FilesOf(f.file(engineFolder)); err != nil {
		return m, err
	}
	return st.write(ctx, to, backupKey(cfg, withKey))
}
