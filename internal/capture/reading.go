package capture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"waybill/internal/capture/logline"
	"waybill/internal/evidence"
)

// reading is the state of one run of a File.
type reading struct {
	*File
	sink Sink
	buf  []byte
	// files are those not finished, oldest first.
	files []*logFile
	// current is the one in files that last had the path's name; nil until
	// there is one.
	current *logFile
	// newest is the newest rotated file that is accounted for.
	newest rotatedFile
	// gaps wait to be stored; dirty says that the position has changed without
	// a batch.
	gaps  []evidence.Gap
	dirty bool
}

func (r *reading) close() {
	for _, f := range r.files {
		f.close()
	}
}

// pass reads everything there is.
func (r *reading) pass(ctx context.Context) error {
	for {
		if err := r.look(); err != nil {
			return err
		}
		progress := false
		for _, f := range slices.Clone(r.files) {
			read, err := r.drain(ctx, f)
			if err != nil {
				return err
			}
			progress = progress || read
		}
		if err := r.drop(ctx); err != nil {
			return err
		}
		if !progress {
			break
		}
	}
	r.meter.SetBehind(0)
	if len(r.gaps) == 0 && !r.dirty {
		return nil
	}
	return r.store(ctx, batch{})
}

// drain reads one file to its end. It reports whether anything was read or the
// files are no longer those they were.
func (r *reading) drain(ctx context.Context, f *logFile) (progress bool, err error) {
	for {
		if err := ctx.Err(); err != nil {
			return progress, err
		}
		unread, err := f.refresh()
		if err != nil {
			return progress, err
		}
		r.meter.SetBehind(unread)
		chunk, err := f.next(r.buf)
		if errors.Is(err, errTruncated) {
			return true, r.truncated(f)
		}
		if err != nil {
			return progress, err
		}
		if f.off == 0 && len(chunk) > 0 {
			if missed, err := r.missed(f); missed || err != nil {
				return true, err
			}
		}
		read, err := r.readChunk(ctx, f, chunk, f.final)
		if err != nil || !read {
			return progress, err
		}
		progress = true
	}
}

// readChunk parses and stores the complete lines of a chunk; with last, also
// the line at its end that is not complete.
func (r *reading) readChunk(ctx context.Context, f *logFile, chunk []byte, last bool) (bool, error) {
	n, b := r.take(f, chunk, last)
	if n == 0 {
		return false, nil
	}
	f.advance(chunk[:n])
	if !f.rotated.IsZero() {
		f.rotated = r.config.Now()
	}
	return true, r.store(ctx, b)
}

// batch is what a chunk gave.
type batch struct {
	records []evidence.Record
	count   map[logline.Outcome]int64
	samples []string
}

func (b *batch) add(outcome logline.Outcome, line string) {
	b.count[outcome]++
	if outcome == logline.Unparsed {
		if len(b.samples) == maxSamples {
			b.samples = b.samples[1:]
		}
		b.samples = append(b.samples, sample(line))
	}
}

// take parses the lines of a chunk and returns how many bytes they are.
func (r *reading) take(f *logFile, chunk []byte, last bool) (n int, b batch) {
	b.count = map[logline.Outcome]int64{}
	text := string(chunk)
	for n < len(chunk) {
		if chunk[n] == 0 {
			// A writer that does not append leaves a hole after a truncation.
			n++
			continue
		}
		end := bytes.IndexByte(chunk[n:], '\n')
		length := end
		if end < 0 {
			length = len(chunk) - n
		}
		line := text[n : n+length]
		switch {
		case end < 0 && !last && !f.skip && length < r.config.MaxLine:
			return n, b
		case f.skip:
			f.skip = end < 0
		case length > r.config.MaxLine || end < 0 && !last:
			f.skip = end < 0
			b.add(logline.Unparsed, line)
		default:
			r.parse(line, &b)
		}
		n += length
		if end >= 0 {
			n++
		}
	}
	return n, b
}

func (r *reading) parse(line string, b *batch) {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	var outcome logline.Outcome
	b.records, outcome = r.config.Parse(line, b.records)
	b.add(outcome, line)
}

// store hands a batch and the position behind it to the sink.
func (r *reading) store(ctx context.Context, b batch) error {
	records := make([]evidence.Record, 0, len(r.gaps)+len(b.records))
	for _, gap := range r.gaps {
		records = append(records, evidence.Record{Time: r.config.Now(), Fact: gap})
	}
	records = append(records, b.records...)
	for i := range records {
		records[i].Source = r.config.Name
	}
	p := position{Path: r.config.Path}
	for _, f := range r.files {
		p.Files = append(p.Files, f.position())
	}
	data, err := p.encode()
	if err != nil {
		return err
	}
	if err := r.sink.Append(ctx, r.config.Name, records, data); err != nil {
		return fmt.Errorf("store evidence of %s: %w", r.config.Name, err)
	}
	r.gaps, r.dirty = nil, false
	r.meter.Lines(b.count, b.samples)
	r.meter.Stored(records)
	return nil
}

// drop lets go of files that are finished: copies and compressed files at their
// end, and rotated files that have not grown for a while.
func (r *reading) drop(ctx context.Context) error {
	for _, f := range slices.Clone(r.files) {
		if f == r.current || !f.final && r.config.Now().Sub(f.rotated) < r.config.Grace {
			continue
		}
		chunk, err := f.next(r.buf)
		if err == nil {
			// What is left is a line that its writer never ended.
			_, err = r.readChunk(ctx, f, chunk, true)
		}
		if err != nil && !errors.Is(err, errTruncated) {
			return err
		}
		r.files = slices.DeleteFunc(r.files, func(g *logFile) bool { return g == f })
		r.dirty = true
		if err := f.close(); err != nil {
			return err
		}
	}
	return nil
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
	rotated, err := rotatedFiles(r.config.Path)
	if err != nil {
		return errors.Join(err, next.close())
	}
	if old := r.current; old != nil {
		old.rotated = r.config.Now()
		r.insert(r.between(rotated, r.newerThan(rotated, old), next.id), nil)
	}
	r.insert([]*logFile{next}, nil)
	r.setCurrent(next, rotated)
	return nil
}

func (r *reading) setCurrent(f *logFile, rotated []rotatedFile) {
	r.current, r.dirty = f, true
	r.setNewest(rotated)
}

func (r *reading) setNewest(rotated []rotatedFile) {
	if len(rotated) > 0 {
		r.newest = rotated[0]
	}
}

// newerThan returns the test for rotated files newer than old, which is open and
// may be one of them.
func (r *reading) newerThan(rotated []rotatedFile, old *logFile) func(rotatedFile) bool {
	for _, place := range rotated {
		if place.id == old.id {
			return func(f rotatedFile) bool { return f.compare(place) > 0 }
		}
	}
	if f, place, ok := find(rotated, old.position()); ok {
		if f != nil {
			f.close()
		}
		return func(f rotatedFile) bool { return f.compare(place) > 0 }
	}
	return func(f rotatedFile) bool { return f.modified.After(old.modified) }
}

// between opens the rotated files that are newer than the last one read, and
// not newer than the one that follows. What cannot be opened is a gap.
func (r *reading) between(rotated []rotatedFile, newer func(rotatedFile) bool, next fileID) []*logFile {
	var files []*logFile
	for _, place := range slices.Backward(rotated) {
		if place.id == next {
			break
		}
		if !newer(place) || r.isOpen(place.id) {
			continue
		}
		f, err := place.open()
		if err != nil {
			r.gap("a rotated log file cannot be read: " + err.Error())
			continue
		}
		f.rotated = r.config.Now()
		files = append(files, f)
	}
	return files
}

func (r *reading) isOpen(id fileID) bool {
	return slices.ContainsFunc(r.files, func(f *logFile) bool { return f.id == id })
}

// insert puts files before another one, or at the end.
func (r *reading) insert(files []*logFile, before *logFile) {
	at := slices.Index(r.files, before)
	if at < 0 {
		at = len(r.files)
	}
	r.files = slices.Insert(r.files, at, files...)
}

func (r *reading) gap(reason string) {
	r.config.Logger.Warn("log lines are missing", "source", r.config.Name, "reason", reason)
	r.gaps = append(r.gaps, evidence.Gap{Reason: reason, Lost: -1})
}

// truncated begins a file again that was truncated, after what is left of the
// copy that was made of it before.
func (r *reading) truncated(f *logFile) error {
	rotated, err := rotatedFiles(r.config.Path)
	if err != nil {
		return err
	}
	copied, place, ok := find(rotated, f.position())
	if copied != nil {
		copied.final = true
		r.insert([]*logFile{copied}, f)
	}
	if ok {
		newer := func(g rotatedFile) bool { return g.compare(place) > 0 }
		r.insert(r.between(rotated, newer, f.id), f)
	} else {
		r.gap("the log file was truncated and no copy of it is there")
	}
	r.setNewest(rotated)
	f.restart()
	r.dirty = true
	return nil
}

// missed looks for a copy of a file that was copied and truncated before any of
// it was read, when nothing else tells. It reports whether there is one.
func (r *reading) missed(f *logFile) (bool, error) {
	if f != r.current {
		return false, nil
	}
	rotated, err := rotatedFiles(r.config.Path)
	if err != nil {
		return false, err
	}
	if err := f.readHead(); err != nil {
		return false, err
	}
	newest := r.newest
	for _, place := range rotated {
		if place.id == newest.id {
			newest = place
		}
	}
	newer := func(g rotatedFile) bool {
		return newest.path == "" || g.id != newest.id && g.compare(newest) > 0
	}
	var missed []*logFile
	for _, g := range r.between(rotated, newer, f.id) {
		if g.beginsLike(f.head) {
			// A copy of what is about to be read, not truncated yet.
			g.close()
			continue
		}
		missed = append(missed, g)
	}
	r.setNewest(rotated)
	r.insert(missed, f)
	return len(missed) > 0, nil
}

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
	rotated, err := rotatedFiles(r.config.Path)
	if errors.Is(err, fs.ErrNotExist) {
		r.gap("the log file's folder is not there any more")
		return nil
	}
	if err != nil {
		return err
	}
	last := len(p.Files) - 1
	for _, saved := range p.Files[:last] {
		r.reopen(rotated, saved)
	}
	return r.resumeLast(rotated, p.Files[last])
}

// first begins at the present file's beginning; the rotated files are the past.
func (r *reading) first() error {
	rotated, err := rotatedFiles(r.config.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	r.setNewest(rotated)
	return err
}

// reopen finds a rotated file that was not finished. It returns its place among
// the rotated files.
func (r *reading) reopen(rotated []rotatedFile, saved filePosition) (place rotatedFile, ok bool) {
	f, place, ok := find(rotated, saved)
	if !ok {
		r.gap("a rotated log file is gone before its end was read")
		return place, false
	}
	if f != nil {
		f.rotated = r.config.Now()
		r.files = append(r.files, f)
	}
	return place, true
}

// resumeLast goes on with the file that had the path's name: under that name, or
// under a rotated one, and then with the files that came after it.
func (r *reading) resumeLast(rotated []rotatedFile, saved filePosition) error {
	r.setNewest(rotated)
	next, err := openLog(r.config.Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if next != nil && next.is(saved) {
		r.files, r.current = append(r.files, next), next
		return next.seek(saved)
	}
	newer := func(f rotatedFile) bool { return f.modified.After(time.Unix(0, saved.Modified)) }
	if place, ok := r.reopen(rotated, saved); ok {
		newer = func(f rotatedFile) bool { return f.compare(place) > 0 }
	}
	var nextID fileID
	if next != nil {
		nextID = next.id
	}
	r.insert(r.between(rotated, newer, nextID), nil)
	if next != nil {
		r.insert([]*logFile{next}, nil)
	}
	if n := len(r.files); n > 0 {
		r.current = r.files[n-1]
	}
	r.dirty = true
	return nil
}
