package keep

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"

	"waybill/internal/insights/exec"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// section is where a section is in its file and what its first bytes say.
type section struct {
	at                 int64
	header, rows       int64
	headerSum, rowsSum uint32
}

// end is where the section ends.
func (s *section) end() int64 { return s.at + prefix + s.header + s.rows }

// bytes are the section's first.
func (s *section) bytes() []byte {
	b := append(make([]byte, 0, prefix), magic...)
	b = binary.LittleEndian.AppendUint32(b, uint32(s.header))
	b = binary.LittleEndian.AppendUint64(b, uint64(s.rows))
	b = binary.LittleEndian.AppendUint32(b, s.headerSum)
	return binary.LittleEndian.AppendUint32(b, s.rowsSum)
}

// errIncomplete says that a section is not all there.
var errIncomplete = errors.New("the section is incomplete")

// lastSection finds the last section of a file that is all there.
func lastSection(file *os.File) (last section, err error) {
	info, err := file.Stat()
	if err != nil {
		return last, err
	}
	size := info.Size()
	for at := int64(0); at < size; at = last.end() {
		s, err := sectionAt(file, at, size)
		if errors.Is(err, errIncomplete) && at > 0 {
			return last, nil
		}
		if err != nil {
			return last, err
		}
		last = s
	}
	if size == 0 {
		return last, fmt.Errorf("%w: it is empty", ErrDamaged)
	}
	return last, nil
}

// sectionAt reads the first bytes of a section of a file of so many bytes.
func sectionAt(file *os.File, at, size int64) (section, error) {
	incomplete := fmt.Errorf("%w: %w", ErrDamaged, errIncomplete)
	var b [prefix]byte
	if size-at < prefix {
		return section{}, incomplete
	}
	if _, err := file.ReadAt(b[:], at); err != nil {
		return section{}, err
	}
	if b == [prefix]byte{} {
		return section{}, incomplete
	}
	header, rows := binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint64(b[12:])
	if string(b[:8]) != magic {
		return section{}, fmt.Errorf("%w: it has no query at byte %d", ErrDamaged, at)
	}
	left := uint64(size - at - prefix)
	if uint64(header) > left || rows > left-uint64(header) {
		return section{}, incomplete
	}
	return section{at, int64(header), int64(rows), binary.LittleEndian.Uint32(b[20:]), binary.LittleEndian.Uint32(b[24:])}, nil
}

func (s *section) readHeader(file *os.File) ([]byte, error) {
	return readAt(file, s.at+prefix, s.header, s.headerSum)
}

func (s *section) readRows(file *os.File) ([][]exec.Field, error) {
	b, err := readAt(file, s.at+prefix+s.header, s.rows, s.rowsSum)
	if err != nil {
		return nil, err
	}
	return decode(b)
}

func readAt(file *os.File, at, n int64, sum uint32) ([]byte, error) {
	b := make([]byte, n)
	if _, err := file.ReadAt(b, at); err != nil {
		return nil, err
	}
	if crc32.Checksum(b, castagnoli) != sum {
		return nil, fmt.Errorf("%w: %d bytes at byte %d have another checksum", ErrDamaged, n, at)
	}
	return b, nil
}
