package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

const (
	// headLength and tailLength are how many bytes at a file's beginning and
	// before the offset tell it from others.
	headLength = 1024
	tailLength = 256
)

// errTruncated says that the bytes before the offset are not those that were
// read: the file was truncated, and perhaps has grown again.
var errTruncated = errors.New("file was truncated")

// logFile is one open file, read from the front to the back.
type logFile struct {
	name    string
	content io.ReaderAt
	closer  io.Closer
	// file is nil for a compressed file, which does not change any more.
	file *os.File
	id   fileID
	head mark
	off  int64
	skip bool
	tail []byte
	// modified is the modification time at the last look.
	modified time.Time
	// rotated is when it was first seen not to have the path's name any more, and
	// is moved on while it still grows; zero for the one that has the name.
	rotated time.Time
	// final says that nothing will be added: a copy or a compressed file.
	final bool
	// ended says that the last read found the end.
	ended bool
}

// openLog opens a plain file at its beginning.
func openLog(name string) (*logFile, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("open %s: not a regular file", name)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	f := &logFile{name: name, content: file, closer: file, file: file, id: idOf(info), modified: info.ModTime()}
	if err := f.readHead(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return f, nil
}

func (f *logFile) close() error { return f.closer.Close() }

// readHead takes the mark of the file's beginning, as far as it is written. It
// keeps a mark that does not fit any more: the file was truncated, and the mark
// is what its copy is found by.
func (f *logFile) readHead() error {
	if f.head.Length == headLength {
		return nil
	}
	head, b, err := readMark(f.content, 0, headLength)
	if err != nil {
		return fmt.Errorf("read the beginning of %s: %w", f.name, err)
	}
	if head.Length > f.head.Length && markOf(b[:f.head.Length]) == f.head {
		f.head = head
	}
	return nil
}

// beginsLike reports whether the file's beginning has that mark.
func (f *logFile) beginsLike(head mark) bool {
	got, _, err := readMark(f.content, 0, head.Length)
	return err == nil && head.Length > 0 && got == head
}

// copies reports whether the file begins like chunk, which may be longer or
// shorter: a copy that is being made is empty at first. Of nothing there is no
// copy.
func (f *logFile) copies(chunk []byte) bool {
	if len(chunk) == 0 {
		return false
	}
	_, head, err := readMark(f.content, 0, min(len(chunk), headLength))
	return err == nil && bytes.HasPrefix(chunk, head)
}

// resume goes on at a saved position, if f is the file of it or a copy: its
// beginning and the bytes before the offset are the same. A file of which nothing
// was there to be marked is known by its inode only.
func (f *logFile) resume(p filePosition) bool {
	if p.Offset == 0 && p.Head.Length == 0 {
		return f.id == p.fileID
	}
	if p.Head.Length > 0 && !f.beginsLike(p.Head) {
		return false
	}
	tail, b, err := readMark(f.content, p.Offset-int64(p.Tail.Length), p.Tail.Length)
	if err != nil || tail != p.Tail {
		return false
	}
	f.off, f.skip, f.tail = p.Offset, p.Skip, b
	return true
}

// next reads what follows the offset into buf, of which it uses the beginning
// for the bytes before the offset: both are read at once, so that what follows
// the right bytes is their continuation. It returns an empty chunk at the end of
// the file, and errTruncated when the bytes before the offset are others.
func (f *logFile) next(buf []byte) ([]byte, error) {
	n, err := f.content.ReadAt(buf, f.off-int64(len(f.tail)))
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read %s at %d: %w", f.name, f.off, err)
	}
	if n < len(f.tail) || !bytes.Equal(buf[:len(f.tail)], f.tail) {
		return nil, errTruncated
	}
	return buf[len(f.tail):n], nil
}

// advance moves the offset behind bytes that next returned.
func (f *logFile) advance(read []byte) {
	f.off += int64(len(read))
	if len(read) >= tailLength {
		f.tail = append(f.tail[:0], read[len(read)-tailLength:]...)
		return
	}
	f.tail = append(f.tail, read...)
	if extra := len(f.tail) - tailLength; extra > 0 {
		f.tail = append(f.tail[:0], f.tail[extra:]...)
	}
}

// restart begins at the file's beginning again, after it was truncated.
func (f *logFile) restart() {
	f.off, f.tail, f.skip, f.head = 0, nil, false, mark{}
}

func (f *logFile) position() filePosition {
	return filePosition{fileID: f.id, Offset: f.off, Head: f.head, Tail: markOf(f.tail), Modified: f.modified.UnixNano(), Skip: f.skip}
}

// refresh notes the modification time and returns how many bytes are unread.
func (f *logFile) refresh() (unread int64, err error) {
	if f.file == nil {
		return 0, nil
	}
	info, err := f.file.Stat()
	if err != nil {
		return 0, fmt.Errorf("look at %s: %w", f.name, err)
	}
	f.modified = info.ModTime()
	return max(info.Size()-f.off, 0), f.readHead()
}
