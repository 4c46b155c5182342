package keep

import (
	"bufio"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
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

// Write writes what is known of a query now, and returns the size of its file.
// After an error there is what was there before, or, if all but a sync succeeded,
// what was written.
func (f *Folder) Write(id string, header []byte, rows [][]exec.Field, d Durability) (size int64, err error) {
	size, err = write(f.file(id), header, rows, d)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(f.path, 0o700); err == nil {
			size, err = write(f.file(id), header, rows, d)
		}
	}
	if err == nil && d == PowerCut {
		err = syncFolder(f.path)
	}
	if err != nil {
		return 0, fmt.Errorf("write query %s: %w", id, err)
	}
	return size, nil
}

func write(name string, header []byte, rows [][]exec.Field, d Durability) (size int64, err error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	at, err := endOf(file)
	if err != nil {
		return 0, err
	}
	s := section{at: at, header: int64(len(header)), headerSum: crc32.Checksum(header, castagnoli)}
	if err := s.write(file, header, rows); err != nil {
		return 0, errors.Join(err, giveUp(file, at))
	}
	if d == PowerCut {
		err = file.Sync()
	}
	return s.end(), err
}

// endOf returns where the next section begins. What was not written to its end is
// cut off.
func endOf(file *os.File) (int64, error) {
	info, err := file.Stat()
	if err != nil || info.Size() == 0 {
		return 0, err
	}
	last, err := lastSection(file)
	if err != nil {
		return 0, err
	}
	if last.end() < info.Size() {
		err = file.Truncate(last.end())
	}
	return last.end(), err
}

// giveUp leaves the file as it was.
func giveUp(file *os.File, at int64) error {
	if at == 0 {
		return os.Remove(file.Name())
	}
	return file.Truncate(at)
}

func (s *section) write(file *os.File, header []byte, rows [][]exec.Field) error {
	if len(rows) == 0 {
		_, err := file.WriteAt(append(s.bytes(), header...), s.at)
		return err
	}
	out := &summed{to: bufio.NewWriterSize(io.NewOffsetWriter(file, s.at+prefix), 64<<10)}
	if _, err := out.to.Write(header); err != nil {
		return err
	}
	if err := encode(out, rows); err != nil {
		return err
	}
	if err := out.to.Flush(); err != nil {
		return err
	}
	s.rows, s.rowsSum = out.n, out.sum
	_, err := file.WriteAt(s.bytes(), s.at)
	return err
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
	n   int64
	sum uint32
}

var _ io.Writer = (*summed)(nil)

// Write implements io.Writer.
func (s *summed) Write(b []byte) (int, error) {
	n, err := s.to.Write(b)
	s.n += int64(n)
	s.sum = crc32.Update(s.sum, castagnoli, b[:n])
	return n, err
}
