package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// manifestName is the list of a backup's files, manifestVersion its form.
const (
	manifestName    = "backup.json"
	manifestVersion = 1
)

// Manifest is backup.json.
type Manifest struct {
	Version int `json:"version"`
	// Created is when the state that the backup has was the server's.
	Created time.Time `json:"created"`
	// Key tells whether the file that seals secrets is in the backup.
	Key   bool   `json:"key"`
	Files []File `json:"files"`
}

// File is one file of a backup.
type File struct {
	// Name is below the data folder, with slashes.
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// partial is what a folder is called until it is complete.
const partial = ".partial"

// Writer writes a backup.
type Writer struct {
	to       string
	manifest Manifest
}

// Create begins a backup in the folder to, which must not exist or be empty.
func Create(to string) (*Writer, error) {
	if err := mustBeNew(to); err != nil {
		return nil, err
	}
	w := &Writer{to: to, manifest: Manifest{Version: manifestVersion}}
	if err := os.RemoveAll(w.Folder()); err != nil {
		return nil, fmt.Errorf("remove an unfinished backup: %w", err)
	}
	if err := os.MkdirAll(w.Folder(), 0o700); err != nil {
		return nil, fmt.Errorf("create backup: %w", err)
	}
	return w, nil
}

func mustBeNew(folder string) error {
	list, err := os.ReadDir(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(list) > 0:
		return fmt.Errorf("%s exists and is not empty", folder)
	}
	return nil
}

// Folder is where the backup's files are written until Finish.
func (w *Writer) Folder() string { return w.to + partial }

// Copy copies a file into the backup under a name below the data folder.
func (w *Writer) Copy(name, from string) error {
	to := filepath.Join(w.Folder(), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Close())
}

// Finish lists and syncs what is in Folder and gives the backup its name.
func (w *Writer) Finish(created time.Time, key bool) (Manifest, error) {
	w.manifest.Created, w.manifest.Key = created.UTC().Truncate(time.Second), key
	err := filepath.WalkDir(w.Folder(), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return nil
		}
		f, err := describe(w.Folder(), path)
		w.manifest.Files = append(w.manifest.Files, f)
		return err
	})
	if err != nil {
		return Manifest{}, fmt.Errorf("finish backup: %w", err)
	}
	text, err := json.MarshalIndent(w.manifest, "", " ")
	if err != nil {
		return Manifest{}, err
	}
	if err := os.WriteFile(filepath.Join(w.Folder(), manifestName), append(text, '\n'), 0o600); err != nil {
		return Manifest{}, fmt.Errorf("finish backup: %w", err)
	}
	return w.manifest, publish(w.Folder(), w.to)
}

// Abandon removes an unfinished backup.
func (w *Writer) Abandon() { _ = os.RemoveAll(w.Folder()) }

func describe(folder, path string) (File, error) {
	name, err := filepath.Rel(folder, path)
	if err != nil {
		return File{}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return File{}, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return File{Name: filepath.ToSlash(name), Size: n, SHA256: hex.EncodeToString(h.Sum(nil))}, err
}

// publish makes a folder durable under its final name.
func publish(folder, name string) error {
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return syncPath(path)
	})
	if err == nil {
		err = os.Rename(folder, name) // over an empty folder too
	}
	if err == nil {
		err = syncPath(filepath.Dir(name))
	}
	if err != nil {
		return fmt.Errorf("put %s in place: %w", name, err)
	}
	return nil
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
