package capture

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// rotatedFile is a file beside the path that logrotate(8), "postfix logrotate"
// or newsyslog(8) may have made of it:
//
//	mail.log.1  mail.log-20261123  mail.log.20261123-220600  each also with .gz
type rotatedFile struct {
	path     string
	id       fileID
	modified time.Time
	// number is the suffix of "mail.log.1", -1 for other suffixes; stamp holds
	// the digits of a suffix that is a date.
	number int
	stamp  string
	// compression is "gz", "xz", ... or empty.
	compression string
}

// maxNumber is the largest suffix taken for a number and not for a date.
const maxNumber = 9999

// rotatedFiles lists the rotated files of a path, newest first. Rotation renames
// files while they are listed, so it lists until two lists agree.
func rotatedFiles(path string) ([]rotatedFile, error) {
	last, err := listRotated(path)
	for range 20 {
		if err != nil {
			return nil, err
		}
		var again []rotatedFile
		again, err = listRotated(path)
		if slices.Equal(last, again) {
			return last, err
		}
		last = again
	}
	return last, err
}

func listRotated(path string) ([]rotatedFile, error) {
	folder, base := filepath.Dir(path), filepath.Base(path)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("list rotated files of %s: %w", path, err)
	}
	names := map[string]bool{}
	for _, e := range entries {
		names[e.Name()] = true
	}
	var files []rotatedFile
	for _, e := range entries {
		suffix, ok := strings.CutPrefix(e.Name(), base)
		if !ok {
			continue
		}
		f, ok := parseSuffix(suffix)
		// While gzip works both files are there, and the plain one is whole.
		if !ok || f.compression != "" && names[strings.TrimSuffix(e.Name(), "."+f.compression)] {
			continue
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		f.path, f.id, f.modified = filepath.Join(folder, e.Name()), idOf(info), info.ModTime()
		files = append(files, f)
	}
	slices.SortStableFunc(files, func(a, b rotatedFile) int { return b.compare(a) })
	return files, nil
}

// parseSuffix reads ".1", "-20261123" and the like.
func parseSuffix(s string) (f rotatedFile, ok bool) {
	for _, c := range [...]string{"gz", "xz", "bz2", "zst"} {
		if plain, found := strings.CutSuffix(s, "."+c); found {
			s, f.compression = plain, c
		}
	}
	if len(s) < 2 || s[0] != '.' && s[0] != '-' {
		return f, false
	}
	f.number = -1
	if n, err := strconv.Atoi(s[1:]); err == nil && s[0] == '.' && n <= maxNumber {
		f.number = n
		return f, true
	}
	for _, c := range s[1:] {
		switch {
		case '0' <= c && c <= '9':
			f.stamp += string(c)
		case !strings.ContainsRune("-_.:T", c):
			return f, false
		}
	}
	return f, len(f.stamp) >= 6
}

// compare is negative when f is older than g: by the order of their names where
// both are of one kind, because a rotated file may still be written to, and
// otherwise by modification time.
func (f rotatedFile) compare(g rotatedFile) int {
	if f.number >= 0 && g.number >= 0 {
		return cmp.Compare(g.number, f.number)
	}
	if f.stamp != "" && g.stamp != "" {
		return strings.Compare(f.stamp, g.stamp)
	}
	return f.modified.Compare(g.modified)
}

// older reports whether f is older than g.
func (f rotatedFile) older(g rotatedFile) bool { return f.compare(g) < 0 }

// errMoved says that rotated files were renamed since they were listed.
var errMoved = errors.New("rotated files are being renamed")

// open opens a rotated file at its beginning. It fails with errMoved when
// another file, or none, has the name by now.
func (f rotatedFile) open() (*logFile, error) {
	var open *logFile
	var err error
	switch f.compression {
	case "":
		open, err = openLog(f.path)
	case "gz":
		open, err = openCompressed(f.path)
	default:
		return nil, fmt.Errorf("open %s: compression %s is not supported", f.path, f.compression)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errMoved
	}
	if err == nil && open.id != f.id {
		return nil, errors.Join(errMoved, open.close())
	}
	return open, err
}

// withRotated lists the rotated files of a path and hands them to do, again when
// do finds that they are being renamed. do leaves nothing behind when it fails.
func withRotated(path string, do func([]rotatedFile) error) error {
	for tries := 1; ; tries++ {
		files, err := rotatedFiles(path)
		if err != nil {
			return err
		}
		if err = do(files); !errors.Is(err, errMoved) || tries == 20 {
			return err
		}
	}
}

// find looks for the file of a saved position among rotated ones by its content,
// because it may have been copied or compressed. It returns the open file, at
// that position, and which one it is.
//
// A copy that "copytruncate" made can be shorter than what was read of the
// original. It is found too, but there is nothing to read in it: f is nil.
// (One shorter than the mark of the original's beginning is not found.)
// When there is none, ok is false; the only error is errMoved.
func find(files []rotatedFile, p filePosition) (f *logFile, place rotatedFile, ok bool, err error) {
	for _, r := range files {
		f, err := r.open()
		if errors.Is(err, errMoved) {
			return nil, r, false, err
		}
		if err != nil {
			continue
		}
		if f.resume(p) {
			return f, r, true, nil
		}
		if !ok && f.beginsLike(p.Head) {
			place, ok = r, true
		}
		f.close()
	}
	return nil, place, ok, nil
}
