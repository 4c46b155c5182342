package app

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"

	"golang.org/x/sys/unix"
)

// reserveBytes is the size of the file "reserve" in the data folder: space that
// a start on a full disk takes for itself. SQLite needs some even to read.
const reserveBytes = 8 << 20

// useReserve gives the reserve up when the disk is full.
func (f *folder) useReserve(logger *slog.Logger) {
	if f.free() >= reserveBytes {
		return
	}
	err := os.Remove(f.file("reserve"))
	if err == nil {
		logger.Warn("the disk is full; its reserve is used to start", "folder", f.path)
	} else if !errors.Is(err, fs.ErrNotExist) {
		logger.Warn("the disk is full, and its reserve cannot be removed", "error", err)
	}
}

// keepReserve sets space aside, when there is plenty.
func (f *folder) keepReserve(logger *slog.Logger) {
	if f.free() < 16*reserveBytes {
		return
	}
	file, err := os.OpenFile(f.file("reserve"), os.O_WRONLY|os.O_CREATE, 0o600)
	if err == nil {
		err = errors.Join(unix.Fallocate(int(file.Fd()), 0, 0, reserveBytes), file.Close())
	}
	if err != nil && !errors.Is(err, unix.EOPNOTSUPP) {
		logger.Warn("no space could be set aside for a start on a full disk", "error", err)
	}
}

// free is how many bytes the folder's disk has left; 0 if that cannot be told.
func (f *folder) free() uint64 {
	var st unix.Statfs_t
	if unix.Statfs(f.path, &st) != nil {
		return 0
	}
	return st.Bavail * uint64(st.Bsize)
}
