// Package keep keeps queries and their answers in files, one a query, so that
// they outlive the process.
//
// A folder has a file ID.query for each query. Whatever becomes known of it is
// appended as one more section, the last of which counts; one that is not all
// there, because the process was killed as it wrote, does not. Making a file and
// appending to it is all that a look-up costs more: nothing is renamed, and
// nothing synced unless that is asked for, so that after a power cut the last half
// minute's queries may be as they were before, or damaged. Files hold what was in
// the events, mail addresses for example: they have mode 0600, and are gone when
// they are removed.
//
// A section is
//
//	8 bytes   wbquery1
//	uint32    length of the header
//	uint64    length of the rows
//	uint32    CRC-32C of the header
//	uint32    CRC-32C of the rows
//	header    whatever the owner writes
//	rows      see encode.go
//
// Numbers are little-endian. The first 28 bytes are written last, and are zero
// until then.
package keep

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"waybill/internal/insights/exec"
)

const (
	magic  = "wbquery1"
	prefix = 28
	suffix = ".query"
)

// ErrDamaged is wrapped by the errors about files that are not as they were written.
var ErrDamaged = errors.New("the file is damaged")

// Folder is a folder of queries. Different queries may be used concurrently.
type Folder struct {
	path string
}

// Open returns the folder at path, which the first Write makes if it is missing:
// a full disk keeps nobody from starting.
func Open(path string) *Folder { return &Folder{path} }

// IDs returns the queries that there are, in no order.
func (f *Folder) IDs() ([]string, error) {
	entries, err := os.ReadDir(f.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list queries: %w", err)
	}
	var list []string
	for _, e := range entries {
		if id, ok := strings.CutSuffix(e.Name(), suffix); ok {
			list = append(list, id)
		}
	}
	return list, nil
}

func (f *Folder) file(id string) string { return filepath.Join(f.path, id+suffix) }

// Header returns a query's last header and the size of its file. The rows are not
// read.
func (f *Folder) Header(id string) (header []byte, size int64, err error) {
	file, last, err := f.last(id)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	if header, err = last.readHeader(file); err != nil {
		return nil, 0, fmt.Errorf("read query %s: %w", id, err)
	}
	return header, last.end(), nil
}

// Read returns a query's last header and rows.
func (f *Folder) Read(id string) (header []byte, rows [][]exec.Field, err error) {
	file, last, err := f.last(id)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	if header, err = last.readHeader(file); err == nil {
		rows, err = last.readRows(file)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read query %s: %w", id, err)
	}
	return header, rows, nil
}

// last opens a query's file and finds its last section.
func (f *Folder) last(id string) (*os.File, section, error) {
	file, err := os.Open(f.file(id))
	if err != nil {
		return nil, section{}, fmt.Errorf("read query %s: %w", id, err)
	}
	last, err := lastSection(file)
	if err != nil {
		return nil, section{}, errors.Join(fmt.Errorf("read query %s: %w", id, err), file.Close())
	}
	return file, last, nil
}

// Remove forgets a query. One that is not there is no error.
func (f *Folder) Remove(id string) error {
	if err := os.Remove(f.file(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove query: %w", err)
	}
	return nil
}
