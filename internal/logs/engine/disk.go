package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrNoSpace is wrapped by Ready and Sync while the file system is almost full.
var ErrNoSpace = errors.New("the file system of the log engine is almost full")

// ErrReadOnly is wrapped by Ready and Sync while the file system is read-only.
var ErrReadOnly = errors.New("the file system of the log engine is read-only")

// Ready tells why no rows should be added now, if they should not.
func (e *Embedded) Ready() error {
	if err := e.whole(); err != nil {
		return err
	}
	return e.room(e.minFree)
}

// room asks the file system itself: the library remembers its answers for
// seconds, in which a disk can fill up.
func (e *Embedded) room(want uint64) error {
	var st unix.Statfs_t
	if err := unix.Statfs(e.path, &st); err != nil {
		return fmt.Errorf("ask for the free space of %s: %w", e.path, err)
	}
	if st.Flags&unix.ST_RDONLY != 0 {
		return ErrReadOnly
	}
	if free := st.Bavail * uint64(st.Bsize); free < want {
		return fmt.Errorf("%w: %d bytes are free, %d wanted", ErrNoSpace, free, want)
	}
	return nil
}

// flushMargin is what must be free beyond what the library has in memory before
// it is asked to write that.
const flushMargin = 8 << 20

// flushable tells why the library could not write what it has in memory now, if
// it could not. The library ends the process when it tries in vain, so we try
// first.
func (e *Embedded) flushable() error {
	// What is in memory is compressed there as on disk; a merge needs it twice.
	if err := e.room(2*e.memoryBytes() + flushMargin); err != nil {
		return err
	}
	return tryDisk(filepath.Join(e.path, "try"))
}

// tryDisk writes a small file durably and removes it.
func tryDisk(name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return explainDisk(err)
	}
	_, err = f.Write(make([]byte, 64<<10))
	if err == nil {
		err = f.Sync()
	}
	return explainDisk(errors.Join(err, f.Close(), os.Remove(name)))
}

func explainDisk(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w: %w", ErrNoSpace, err)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	return err
}
