package keep

import (
	"bufio"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"waybill/internal/insights/exec"
)

// Durability says what a written file survives.
type Durability bool

// A file that is written for Killed survives the end of the process, one for
// PowerCut that of the machine as well; that takes milliseconds.
const (
	Killed   Durability = false
	PowerCut Durability = true
)

// Write writes a query in the place of what there was of it, and returns the
// size of its file. After an error there is what was there before.
func (f *Folder) Write(id string, header []byte, rows [][]exec.Field, d Durability) (size int64, err error) {
	name := f.file(id) + unborn
	if size, err = write(name, header, rows, d); err == nil {
		err = os.Rename(name, f.file(id))
	}
	if err == nil && d == PowerCut {
		err = syncFolder(f.path)
	}
	if err != nil {
		_ = os.Remove(name)
		return 0, fmt.Errorf("write query %s: %w", id, err)
	}
	return size, nil
}

func write(name string, header []byte, rows [][]exec.Field, d Durability) (size int64, err error) {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	// What the prefix says is known last.
	out := &summed{to: bufio.NewWriterSize(file, 64<<10)}
	if _, err := out.to.Write(make([]byte, prefix)); err != nil {
		return 0, err
	}
	if _, err := out.to.Write(header); err != nil {
		return 0, err
	}
	if err := encode(out, rows); err != nil {
		return 0, err
	}
	if err := out.to.Flush(); err != nil {
		return 0, err
	}
	p := lengths{header: uint32(len(header)), rows: out.n, headerSum: crc32.Checksum(header, castagnoli), rowsSum: out.sum}
	if _, err := file.WriteAt(p.bytes(), 0); err != nil {
		return 0, err
	}
	if d == PowerCut {
		err = file.Sync()
	}
	return prefix + int64(len(header)) + int64(out.n), err
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// summed counts and sums what goes through it.
type summed struct {
	to  *bufio.Writer
	n   uint64
	sum uint32
}

var _ io.Writer = (*summed)(nil)

// Write implements io.Writer.
func (s *summed) Write(b []byte) (int, error) {
	n, err := s.to.Write(b)
	s.n += uint64(n)
	s.sum = crc32.Update(s.sum, castagnoli, b[:n])
	return n, err
}
