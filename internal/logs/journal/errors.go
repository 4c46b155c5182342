package journal

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Errors that Append's caller tells apart.
var (
	// ErrNoSpace: the disk has no room.
	ErrNoSpace = errors.New("no space left for the journal")
	// ErrReadOnly: the file system cannot be written.
	ErrReadOnly = errors.New("the journal is read-only")
	// ErrDisk: a read, write or fsync failed.
	ErrDisk = errors.New("the journal's disk failed")
	// ErrDamaged: what is in the file cannot be.
	ErrDamaged = errors.New("the journal is damaged")
)

// explain wraps SQLite's error in one of these where it means that.
// Primary result codes are the low byte (sqlite.org, "Result and Error Codes").
func explain(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w: %w", ErrNoSpace, err)
	case sqlite3.SQLITE_READONLY:
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	case sqlite3.SQLITE_IOERR:
		return fmt.Errorf("%w: %w", ErrDisk, err)
	}
	return err
}
