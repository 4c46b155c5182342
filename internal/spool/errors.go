package spool

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Errors that a caller tells apart. A write that failed with one of the first
// two changed nothing and may be tried again.
var (
	// ErrFull: the disk has no room, or the file may not grow.
	ErrFull = errors.New("no space left for the spool")
	// ErrReadOnly: the file or its file system cannot be written.
	ErrReadOnly = errors.New("the spool is read-only")
	// ErrClosed: Close was called.
	ErrClosed = errors.New("the spool is closed")
)

// explain wraps SQLite's error in ErrFull or ErrReadOnly where it means that.
// Primary result codes are the low byte (sqlite.org, "Result and Error Codes").
func explain(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w: %w", ErrFull, err)
	case sqlite3.SQLITE_READONLY:
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	return err
}
