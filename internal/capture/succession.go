package capture

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"waybill/internal/evidence"
)

// The order of files: what was read of the file that had the path's name is
// followed by the rest of it, which may have another name by now; then by the
// rotated files newer than that ("accounted" is the one before them); then by
// the file that has the path's name. Files newer than the accounted one are
// looked for before the first bytes of a file with the path's name are read: by
// then it is known whether a rotated file is a copy of just that file, or one
// that came and went unseen.

// accounted is the newest rotated file of which all is read or about to be.
type accounted struct {
	rotatedFile
	head mark
}

// look finds out whether another file has taken the path's name.
func (r *reading) look() error {
	info, err := os.Stat(r.config.Path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && r.current != nil && idOf(info) == r.current.id {
		return nil
	}
	if err != nil {
		return err
	}
	next, err := openLog(r.config.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := withRotated(r.config.Path, func(rotated []rotatedFile) error { return r.succeed(next, rotated) }); err != nil {
		return errors.Join(err, next.close())
	}
	return nil
}

// succeed makes next the current file. The one before is accounted for, and
// goes on to be read under its new name; if nothing of it was read yet, it is
// left to begin, which finds what came before it too.
func (r *reading) succeed(next *logFile, rotated []rotatedFile) error {
	if old := r.current; old != nil {
		place, ok, err := placeOf(old, rotated)
		if err != nil {
			return err
		}
		switch {
		case ok && old.off == 0:
			r.files = slices.DeleteFunc(r.files, func(f *logFile) bool { return f == old })
			old.close()
		case ok:
			r.newest = accounted{place, old.head}
		}
		old.rotated = r.config.Now()
	}
	r.files = append(r.files, next)
	r.current, r.dirty = next, true
	return nil
}

// placeOf finds an open file among the rotated ones, where it may be compressed
// by now. A file that has been deleted is in no place. The only error is
// errMoved.
func placeOf(old *logFile, rotated []rotatedFile) (place rotatedFile, ok bool, err error) {
	for _, place := range rotated {
		if place.id == old.id {
			return place, true, nil
		}
	}
	f, place, ok, err := find(rotated, old.position())
	if f != nil {
		f.close()
	}
	return place, ok, err
}

// insert puts files before another one.
func (r *reading) insert(before *logFile, files ...*logFile) {
	at := slices.Index(r.files, before)
	r.files = slices.Insert(r.files, at, files...)
}

func (r *reading) gap(reason string) {
	r.config.Logger.Warn("log lines are missing", "source", r.config.Name, "reason", reason)
	r.gaps = append(r.gaps, evidence.Gap{Reason: reason, Lost: -1})
}

// truncated begins a file again that was truncated, after what is left of the
// copy that was made of it before.
func (r *reading) truncated(f *logFile) error {
	return withRotated(r.config.Path, func(rotated []rotatedFile) error {
		copied, place, ok, err := find(rotated, f.position())
		if err != nil {
			return err
		}
		if copied != nil {
			copied.final = true
			r.insert(f, copied)
		}
		if ok {
			r.newest = accounted{place, f.head}
		} else {
			r.gap("the log file was truncated and no copy of it is there")
		}
		f.restart()
		r.dirty = true
		return nil
	})
}

// begin is the first read of the file that has the path's name. When there are
// rotated files before it that are not accounted for, it puts them before it and
// reports so; the chunk is then nothing to go by.
//
// The rotated files are listed between two reads of the same content. So a copy
// that was made before this content was begun is in the list, and one that is
// being made of this content is known by its beginning.
func (r *reading) begin(f *logFile) (chunk []byte, found bool, err error) {
	if chunk, err = f.next(r.buf); err != nil {
		return nil, false, err
	}
	before := beginning(chunk)
	err = withRotated(r.config.Path, func(rotated []rotatedFile) error {
		newer, err := r.newerThanAccounted(rotated)
		if err != nil {
			return err
		}
		files, err := r.openNewer(rotated, newer, f.id)
		if err != nil {
			return err
		}
		if chunk, err = f.next(r.buf); err != nil {
			return errors.Join(err, closeAll(files))
		}
		if after := beginning(chunk); after != "" && (before == "" || !strings.HasPrefix(after, before)) {
			before = after
			return errors.Join(errMoved, closeAll(files))
		}
		for _, g := range files {
			if g.copies(chunk) {
				g.close()
				continue
			}
			r.precede(f, g)
			found = true
		}
		return nil
	})
	return chunk, found, err
}

// beginning is what a chunk at a file's beginning is known by; empty when it is
// less than a line, of which nothing is read yet.
func beginning(chunk []byte) string {
	head := chunk[:min(len(chunk), headLength)]
	if len(head) < headLength && bytes.IndexByte(head, '\n') < 0 {
		return ""
	}
	return string(head)
}

// precede puts a rotated file before f, or notes that it cannot be read.
func (r *reading) precede(f *logFile, g newerFile) {
	r.newest = accounted{g.place, mark{}}
	if g.err != nil {
		r.gap("a rotated log file cannot be read: " + g.err.Error())
		return
	}
	r.newest.head = g.head
	g.rotated = r.config.Now()
	r.insert(f, g.logFile)
}

// newerThanAccounted returns the test for rotated files not accounted for.
func (r *reading) newerThanAccounted(rotated []rotatedFile) (newer func(rotatedFile) bool, err error) {
	if r.newest.path == "" {
		return func(rotatedFile) bool { return true }, nil
	}
	for _, place := range rotated {
		if place.id == r.newest.id {
			return place.older, nil
		}
	}
	for _, place := range rotated {
		f, err := place.open()
		if errors.Is(err, errMoved) {
			return nil, err
		}
		if err != nil {
			continue
		}
		same := f.beginsLike(r.newest.head)
		f.close()
		if same {
			return place.older, nil
		}
	}
	return func(f rotatedFile) bool { return f.modified.After(r.newest.modified) }, nil
}

// newerFile is a rotated file that was opened, or why it could not be.
type newerFile struct {
	place rotatedFile
	*logFile
	err error
}

func (g newerFile) copies(chunk []byte) bool { return g.err == nil && g.logFile.copies(chunk) }

// openNewer opens rotated files, oldest first, up to the one that is the next to
// be read. It fails only with errMoved.
func (r *reading) openNewer(rotated []rotatedFile, newer func(rotatedFile) bool, next fileID) ([]newerFile, error) {
	var files []newerFile
	for _, place := range slices.Backward(rotated) {
		if place.id == next {
			break
		}
		if !newer(place) || r.isOpen(place.id) {
			continue
		}
		f, err := place.open()
		if errors.Is(err, errMoved) {
			return nil, errors.Join(err, closeAll(files))
		}
		files = append(files, newerFile{place, f, err})
	}
	return files, nil
}

func (r *reading) isOpen(id fileID) bool {
	return slices.ContainsFunc(r.files, func(f *logFile) bool { return f.id == id })
}

func closeAll(files []newerFile) error {
	var errs []error
	for _, f := range files {
		if f.err == nil {
			errs = append(errs, f.close())
		}
	}
	return errors.Join(errs...)
}
