package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Restore makes the data folder to, which must not exist or be empty, of a
// backup: a folder, or a tar file of one. A backup that is not whole changes nothing.
func Restore(from, to string) (Manifest, error) {
	if err := mustBeNew(to); err != nil {
		return Manifest{}, fmt.Errorf("restore: data folder %w", err)
	}
	staging := to + partial
	if err := os.RemoveAll(staging); err != nil {
		return Manifest{}, fmt.Errorf("restore: %w", err)
	}
	m, err := restore(from, to, staging)
	if err != nil {
		_ = os.RemoveAll(staging)
		return Manifest{}, fmt.Errorf("restore %s: %w", from, err)
	}
	return m, nil
}

func restore(from, to, staging string) (Manifest, error) {
	info, err := os.Stat(from)
	if err != nil {
		return Manifest{}, err
	}
	if info.IsDir() {
		err = copyTree(from, staging)
	} else {
		err = unpack(from, staging)
	}
	if err != nil {
		return Manifest{}, err
	}
	m, err := verify(staging)
	if err != nil {
		return Manifest{}, err
	}
	if err := os.Remove(filepath.Join(staging, manifestName)); err != nil {
		return Manifest{}, err
	}
	return m, publish(staging, to)
}

func copyTree(from, to string) error {
	w := &Writer{to: strings.TrimSuffix(to, partial)}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		return w.Copy(filepath.ToSlash(name), path)
	})
}

// verify compares a folder with its manifest: nothing is missing, changed or more.
func verify(folder string) (Manifest, error) {
	var m Manifest
	text, err := os.ReadFile(filepath.Join(folder, manifestName))
	if err != nil {
		return m, fmt.Errorf("it is no complete backup: %w", err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%s: %w", manifestName, err)
	}
	if m.Version != manifestVersion {
		return m, fmt.Errorf("its form has version %d; this Waybill knows %d", m.Version, manifestVersion)
	}
	listed := map[string]File{}
	for _, f := range m.Files {
		listed[f.Name] = f
	}
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path == filepath.Join(folder, manifestName) {
			return err
		}
		found, err := describe(folder, path)
		if err != nil {
			return err
		}
		if found != listed[found.Name] {
			return fmt.Errorf("%s is not what was backed up", found.Name)
		}
		delete(listed, found.Name)
		return nil
	})
	if err == nil && len(listed) > 0 {
		var names []string
		for name := range listed {
			names = append(names, name)
		}
		slices.Sort(names)
		err = errors.New(names[0] + " is missing")
	}
	return m, err
}
