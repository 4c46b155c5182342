package capture

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
)

// openCompressed opens a file that gzip(1) made of a rotated log.
func openCompressed(name string) (*logFile, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	z := &gzipFile{file: file}
	f := &logFile{name: name, content: z, closer: file, id: idOf(info), modified: info.ModTime(), final: true}
	if err := f.readHead(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return f, nil
}

// gzipFile reads the decompressed content by offset. Going forward, with small
// steps back into the last window, is cheap; any other step back begins anew.
type gzipFile struct {
	file   *os.File
	reader *gzip.Reader
	start  int64
	window []byte
}

// ReadAt implements io.ReaderAt on the decompressed content, for one goroutine.
func (z *gzipFile) ReadAt(p []byte, off int64) (int, error) {
	if z.reader == nil || off < z.start {
		if err := z.rewind(); err != nil {
			return 0, err
		}
	}
	if err := z.discardTo(off); err != nil {
		return 0, err
	}
	for len(z.window) < len(p) {
		n := len(z.window)
		z.window = append(z.window, make([]byte, len(p)-n)...)
		m, err := io.ReadFull(z.reader, z.window[n:])
		z.window = z.window[:n+m]
		if err != nil {
			return copy(p, z.window), endOfFile(err)
		}
	}
	return copy(p, z.window), nil
}

func (z *gzipFile) rewind() error {
	if _, err := z.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	reader, err := gzip.NewReader(z.file)
	if err != nil {
		return fmt.Errorf("decompress: %w", err)
	}
	z.reader, z.start, z.window = reader, 0, nil
	return nil
}

// discardTo makes the window begin at off.
func (z *gzipFile) discardTo(off int64) error {
	if have := off - z.start; have <= int64(len(z.window)) {
		z.window = append(z.window[:0], z.window[have:]...)
		z.start = off
		return nil
	}
	skip := off - z.start - int64(len(z.window))
	z.window = z.window[:0]
	n, err := io.CopyN(io.Discard, z.reader, skip)
	z.start = off - skip + n
	return endOfFile(err)
}

func endOfFile(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		// ReadFull says so of a short last piece, gzip of a file that is cut off
		// or still being written; either way there is no more.
		return io.EOF
	}
	return err
}
