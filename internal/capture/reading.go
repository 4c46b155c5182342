package capture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

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
	newest  accounted
	// gaps wait to be stored; dirty says that the position has changed without
	// a batch.
	gaps  []evidence.Gap
	dirty bool
}

func (r *reading) close() {
	for _, f := range r.files {
		f.close()
	}
	r.files, r.current = nil, nil
}

// pass reads everything there is.
func (r *reading) pass(ctx context.Context) error {
	for {
		if err := r.look(); errors.Is(err, errMoved) {
			return nil
		} else if err != nil {
			return err
		}
		progress := false
		for _, f := range slices.Clone(r.files) {
			read, err := r.drain(ctx, f)
			if errors.Is(err, errMoved) {
				return nil
			}
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
		chunk, found, err := r.next(f)
		if errors.Is(err, errTruncated) {
			return true, r.truncated(f)
		}
		if err != nil || found {
			return found || progress, err
		}
		whole := len(chunk)+len(f.tail) < len(r.buf)
		read, err := r.readChunk(ctx, f, chunk, f.final && whole)
		f.ended = err == nil && !read
		if err != nil || !read {
			return progress, err
		}
		progress = true
	}
}

// next reads a chunk of a file, and finds the files before it that must be read
// first.
func (r *reading) next(f *logFile) (chunk []byte, found bool, err error) {
	if f != r.current || f.off > 0 {
		chunk, err = f.next(r.buf)
		return chunk, false, err
	}
	if chunk, found, err = r.begin(f); err == nil && !found {
		// The mark may be of what the file held before it was truncated.
		f.head = markOf(chunk[:min(len(chunk), headLength)])
	}
	return chunk, found, err
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
	if n := r.newest; n.path != "" {
		p.Newest = &newestFile{fileID: n.id, Head: n.head, Modified: n.modified.UnixNano()}
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
		if f == r.current || !f.ended || !f.final && r.config.Now().Sub(f.rotated) < r.config.Grace {
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
