package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Snapshot is the engine's files at one time, under other names.
type Snapshot struct {
	// Files are the names of what to copy, by their names below the engine's folder.
	Files   map[string]string
	folders []string
}

// Snapshot makes a snapshot of every row whose Add returned before the call. Of
// later rows it may have some. Close removes it.
func (e *Embedded) Snapshot(ctx context.Context) (*Snapshot, error) {
	s := &Snapshot{Files: map[string]string{}}
	err := e.snapshot(ctx, s)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("snapshot of the log engine: %w", err), s.Close())
	}
	return s, nil
}

func (e *Embedded) snapshot(ctx context.Context, s *Snapshot) error {
	if err := e.Sync(ctx); err != nil { // a snapshot writes what is in memory: see whether the disk takes it
		return err
	}
	for _, day := range e.storage.PartitionList() {
		folder, err := e.storage.PartitionSnapshotCreate(day)
		if err != nil {
			return err
		}
		s.folders = append(s.folders, folder)
		if err := s.add(folder, filepath.Join("storage", "partitions", day)); err != nil {
			return err
		}
	}
	return s.addTasks(e.path)
}

// FilesOf lists the files of the engine in the folder path, which nobody has open.
func FilesOf(path string) (*Snapshot, error) {
	s := &Snapshot{Files: map[string]string{}}
	days, err := os.ReadDir(filepath.Join(path, "storage", "partitions"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, day := range days {
		for _, part := range []string{"indexdb", "datadb"} {
			below := filepath.Join("storage", "partitions", day.Name(), part)
			if err := s.add(filepath.Join(path, below), below); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		}
	}
	return s, s.addTasks(path)
}

// add lists the files of a folder under the name below.
func (s *Snapshot) add(folder, below string) error {
	return filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		s.Files[filepath.Join(below, name)] = path
		return err
	})
}

// addTasks lists the library's list of deletions that have not ended.
func (s *Snapshot) addTasks(path string) error {
	const tasks = "storage/delete_tasks.json"
	if exists(filepath.Join(path, tasks)) {
		s.Files[tasks] = filepath.Join(path, tasks)
	}
	return nil
}

// Close removes the snapshot; what was copied of it stays.
func (s *Snapshot) Close() error {
	var errs []error
	for _, folder := range s.folders {
		errs = append(errs, os.RemoveAll(folder))
	}
	return errors.Join(errs...)
}
