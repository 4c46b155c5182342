// Package keep keeps queries and their answers in files, one a query, so that
// they outlive the process.
//
// A folder has a file ID.query for each query. It is replaced as a whole, by
// renaming, so that a process that is killed leaves the old or the new one. It is
// not synced unless that is asked for: after a power cut the last half minute's
// may be as they were before, or damaged. Files hold what was in the events, mail
// addresses for example, so they have mode 0600, and go when they are removed.
//
//	8 bytes   wbquery1
//	uint32    length of the header
//	uint64    length of the rows
//	uint32    CRC-32C of the header
//	uint32    CRC-32C of the rows
//	header    whatever the owner writes
//	rows      see encode.go
//
// Numbers are little-endian.
package keep

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"

	"waybill/internal/insights/exec"
)

const (
	magic  = "wbquery1"
	prefix = 28
	suffix = ".query"
	unborn = ".new"
	// maxHeader is far beyond what a query's text and plan take.
	maxHeader = 64 << 20
)

// ErrDamaged is wrapped by the errors about files that are not as they were written.
var ErrDamaged = errors.New("the file is damaged")

// Folder is a folder of queries. Different queries may be used concurrently.
type Folder struct {
	path string
}

// Open opens a folder and makes it if it is missing. What a killed process was
// writing is removed.
func Open(path string) (*Folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("open folder of queries: %w", err)
	}
	left, err := filepath.Glob(filepath.Join(path, "*"+unborn))
	if err != nil {
		return nil, fmt.Errorf("open folder of queries: %w", err)
	}
	for _, name := range left {
		if err := os.Remove(name); err != nil {
			return nil, fmt.Errorf("remove what was left of writing a query: %w", err)
		}
	}
	return &Folder{path}, nil
}

// IDs returns the queries that there are, in no order.
func (f *Folder) IDs() ([]string, error) {
	entries, err := os.ReadDir(f.path)
	if err != nil {
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

// Header returns a query's header and the size of its file. The rows are not read.
func (f *Folder) Header(id string) (header []byte, size int64, err error) {
	file, err := os.Open(f.file(id))
	if err != nil {
		return nil, 0, fmt.Errorf("read query %s: %w", id, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, 0, fmt.Errorf("read query %s: %w", id, err)
	}
	p, err := readPrefix(file, info.Size())
	if err == nil {
		header, err = p.readHeader(file)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read query %s: %w", id, err)
	}
	return header, info.Size(), nil
}

// Read returns a query's header and rows.
func (f *Folder) Read(id string) (header []byte, rows [][]exec.Field, err error) {
	fail := func(err error) ([]byte, [][]exec.Field, error) {
		return nil, nil, fmt.Errorf("read query %s: %w", id, err)
	}
	file, err := os.Open(f.file(id))
	if err != nil {
		return fail(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fail(err)
	}
	p, err := readPrefix(file, info.Size())
	if err != nil {
		return fail(err)
	}
	if header, err = p.readHeader(file); err != nil {
		return fail(err)
	}
	text := make([]byte, p.rows)
	if _, err := io.ReadFull(file, text); err != nil {
		return fail(err)
	}
	if crc32.Checksum(text, castagnoli) != p.rowsSum {
		return fail(fmt.Errorf("%w: its rows have another checksum", ErrDamaged))
	}
	if rows, err = decode(text); err != nil {
		return fail(err)
	}
	return header, rows, nil
}

// Remove forgets a query. One that is not there is no error.
func (f *Folder) Remove(id string) error {
	if err := os.Remove(f.file(id)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove query: %w", err)
	}
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// lengths is what the prefix of a file says.
type lengths struct {
	header             uint32
	rows               uint64
	headerSum, rowsSum uint32
}

func (p *lengths) bytes() []byte {
	b := append(make([]byte, 0, prefix), magic...)
	b = binary.LittleEndian.AppendUint32(b, p.header)
	b = binary.LittleEndian.AppendUint64(b, p.rows)
	b = binary.LittleEndian.AppendUint32(b, p.headerSum)
	return binary.LittleEndian.AppendUint32(b, p.rowsSum)
}

// readPrefix reads the prefix of a file of so many bytes.
func readPrefix(r io.Reader, size int64) (p lengths, err error) {
	var b [prefix]byte
	if size < prefix {
		return p, fmt.Errorf("%w: it has %d bytes", ErrDamaged, size)
	}
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return p, err
	}
	p.header = binary.LittleEndian.Uint32(b[8:])
	p.rows = binary.LittleEndian.Uint64(b[12:])
	p.headerSum = binary.LittleEndian.Uint32(b[20:])
	p.rowsSum = binary.LittleEndian.Uint32(b[24:])
	if string(b[:8]) != magic || p.header > maxHeader || p.rows != uint64(size)-prefix-uint64(p.header) || size < prefix+int64(p.header) {
		return p, fmt.Errorf("%w: it is no query of %d bytes", ErrDamaged, size)
	}
	return p, nil
}

func (p *lengths) readHeader(r io.Reader) ([]byte, error) {
	b := make([]byte, p.header)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	if crc32.Checksum(b, castagnoli) != p.headerSum {
		return nil, fmt.Errorf("%w: its header has another checksum", ErrDamaged)
	}
	return b, nil
}
