package capture

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

// position is how far a File has read, in the form that the sink keeps.
type position struct {
	Path string `json:"path"`
	// Files are the files that are not finished, oldest first: rotated ones that
	// may still be written to, and last the one that has the path's name.
	Files []filePosition `json:"files"`
	// Newest is the newest rotated file that is accounted for; newer ones hold
	// lines that were not read.
	Newest *newestFile `json:"newest,omitempty"`
}

// newestFile says what a rotated file is known by.
type newestFile struct {
	fileID
	Head     mark  `json:"head"`
	Modified int64 `json:"mtime"`
}

// filePosition is the place in one file and what it takes to find that file
// again: device and inode, and because inodes are used again and files are
// copied, the hashes of its first bytes and of those before the offset.
type filePosition struct {
	fileID
	Offset int64 `json:"off"`
	Head   mark  `json:"head"`
	Tail   mark  `json:"tail"`
	// Modified is the file's modification time in Unix nanoseconds.
	Modified int64 `json:"mtime"`
	// Skip says that the offset is inside a line too long to be read.
	Skip bool `json:"skip,omitempty"`
}

// fileID identifies a file while it exists.
type fileID struct {
	Device uint64 `json:"dev"`
	Inode  uint64 `json:"ino"`
}

func idOf(info os.FileInfo) fileID {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fileID{}
	}
	return fileID{Device: uint64(stat.Dev), Inode: stat.Ino}
}

// mark is the hash of some bytes: how many, and the first eight bytes of their
// SHA-256 in hexadecimal digits.
type mark struct {
	Length int    `json:"n"`
	Hash   string `json:"h,omitempty"`
}

func markOf(b []byte) mark {
	if len(b) == 0 {
		return mark{}
	}
	sum := sha256.Sum256(b)
	return mark{Length: len(b), Hash: hex.EncodeToString(sum[:8])}
}

// readMark hashes length bytes at off; a shorter file gives a shorter mark.
func readMark(r io.ReaderAt, off int64, length int) (mark, []byte, error) {
	b := make([]byte, length)
	n, err := r.ReadAt(b, off)
	if err != nil && err != io.EOF {
		return mark{}, nil, err
	}
	return markOf(b[:n]), b[:n], nil
}

func (p position) encode() ([]byte, error) { return json.Marshal(p) }

func decodePosition(data []byte) (position, error) {
	var p position
	if err := json.Unmarshal(data, &p); err != nil {
		return position{}, fmt.Errorf("decode position of a log file: %w", err)
	}
	if p.Newest != nil && (p.Newest.Head.Length < 0 || p.Newest.Head.Length > headLength) {
		return position{}, fmt.Errorf("decode position of a log file: mark of %d bytes", p.Newest.Head.Length)
	}
	for _, f := range p.Files {
		if f.Offset < 0 || f.Head.Length < 0 || f.Head.Length > headLength || f.Tail.Length < 0 || f.Tail.Length > tailLength || int64(f.Tail.Length) > f.Offset {
			return position{}, fmt.Errorf("decode position of a log file: offset %d with %d bytes before it", f.Offset, f.Tail.Length)
		}
	}
	return p, nil
}

// accounted returns the newest rotated file that was accounted for. It may have
// another name by now, or none.
func (p position) accounted(path string) accounted {
	if p.Newest == nil {
		return accounted{}
	}
	f := rotatedFile{path: path, id: p.Newest.fileID, modified: time.Unix(0, p.Newest.Modified), number: -1}
	return accounted{f, p.Newest.Head}
}
