package capture

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// resume finds the files of the stored position again.
func (r *reading) resume(ctx context.Context) error {
	data, err := r.sink.Position(ctx, r.config.Name)
	if err != nil {
		return fmt.Errorf("position of %s: %w", r.config.Name, err)
	}
	if data == nil {
		return r.first()
	}
	p, err := decodePosition(data)
	if err != nil {
		return err
	}
	if p.Path != r.config.Path || len(p.Files) == 0 {
		return r.first()
	}
	next, err := openLog(r.config.Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// Before the rotated files are listed: if it is not the file any more, that
	// is among them.
	last := len(p.Files) - 1
	same := next != nil && next.resume(p.Files[last])
	// A file of which nothing was read is one of those not accounted for.
	if same || p.Files[last].Offset == 0 {
		p.Files = p.Files[:last]
	}
	r.newest = p.accounted(r.config.Path)
	err = withRotated(r.config.Path, func(rotated []rotatedFile) error { return r.reopen(rotated, p.Files, last) })
	if errors.Is(err, fs.ErrNotExist) {
		r.gap("the log file's folder is not there any more")
		err = nil
	}
	if err != nil {
		if next != nil {
			next.close()
		}
		return err
	}
	if next != nil {
		r.files = append(r.files, next)
	}
	if n := len(r.files); n > 0 {
		r.current = r.files[n-1]
	}
	r.dirty = true
	return nil
}

// first begins at the present file's beginning; the rotated files are the past.
func (r *reading) first() error {
	err := withRotated(r.config.Path, func(rotated []rotatedFile) error {
		if len(rotated) == 0 {
			return nil
		}
		place := rotated[0]
		f, err := place.open()
		if errors.Is(err, errMoved) {
			return err
		}
		r.newest = accounted{rotatedFile: place}
		if err == nil {
			r.newest.head = f.head
			f.close()
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// reopen finds files that were not finished among the rotated ones; the one at
// last had the path's name, and what is newer is not accounted for. It fails only
// with errMoved, and leaves nothing behind then.
func (r *reading) reopen(rotated []rotatedFile, missing []filePosition, last int) error {
	newest := r.newest
	var files []*logFile
	gone := 0
	for i, saved := range missing {
		f, place, ok, err := find(rotated, saved)
		if err != nil {
			for _, f := range files {
				f.close()
			}
			return err
		}
		if !ok {
			gone++
			continue
		}
		if i == last {
			newest = accounted{place, saved.Head}
		}
		if f != nil {
			f.rotated = r.config.Now()
			files = append(files, f)
		}
	}
	for range gone {
		r.gap("a rotated log file is gone before its end was read")
	}
	r.files, r.newest = files, newest
	return nil
}
