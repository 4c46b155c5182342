package backup

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Pack makes one tar file of a backup's folder and removes the folder.
func Pack(folder, file string) error {
	out, err := os.OpenFile(file+partial, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("pack backup: %w", err)
	}
	w := tar.NewWriter(out)
	err = w.AddFS(os.DirFS(folder))
	if err = errors.Join(err, w.Close(), out.Sync(), out.Close()); err == nil {
		err = os.Rename(file+partial, file)
	}
	if err == nil {
		err = syncPath(filepath.Dir(file))
	}
	if err != nil {
		_ = os.Remove(file + partial)
		return fmt.Errorf("pack backup: %w", err)
	}
	return os.RemoveAll(folder)
}

// unpack makes a folder of a tar file. Nothing outside of it is written.
func unpack(file, folder string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	for r := tar.NewReader(in); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("it is no tar file of a backup: %w", err)
		}
		if h.Typeflag == tar.TypeDir {
			continue
		}
		if h.Typeflag != tar.TypeReg || !fs.ValidPath(h.Name) {
			return fmt.Errorf("it has %q, which no backup has", h.Name)
		}
		if err := writeNew(filepath.Join(folder, filepath.FromSlash(h.Name)), r); err != nil {
			return err
		}
	}
}

func writeNew(name string, r io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}
