package capture

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"

	"waybill/internal/evidence"
)

// memorySink is a Sink that keeps everything and can fail: before it stores
// (failBefore), or after it stored, when the reply is lost (failAfter).
type memorySink struct {
	t testing.TB

	mu         sync.Mutex
	records    []evidence.Record
	positions  map[string][]byte
	appends    int
	failBefore func(n int) bool
	failAfter  func(n int) bool
	stored     *sync.Cond
}

var errSink = errors.New("sink fails")

func newMemorySink(t testing.TB) *memorySink {
	s := &memorySink{t: t, positions: map[string][]byte{}}
	s.stored = sync.NewCond(&s.mu)
	return s
}

func (s *memorySink) Append(ctx context.Context, source string, records []evidence.Record, position []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	s.appends++
	if s.failBefore != nil && s.failBefore(s.appends) {
		return errSink
	}
	for _, r := range records {
		if r.Source != source || r.Fact == nil || r.Time.IsZero() {
			s.t.Errorf("record without source, fact or time: %+v", r)
		}
	}
	s.records = append(s.records, records...)
	if position != nil {
		s.positions[source] = bytes.Clone(position)
	}
	s.stored.Broadcast()
	if s.failAfter != nil && s.failAfter(s.appends) {
		return errSink
	}
	return nil
}

func (s *memorySink) Position(ctx context.Context, source string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.positions[source]), nil
}

// lines returns the lines that the test parser made records of, and the gaps.
func (s *memorySink) lines() (lines []string, gaps []evidence.Gap) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.records {
		switch f := r.Fact.(type) {
		case evidence.MessageID:
			lines = append(lines, f.ID)
		case evidence.Gap:
			gaps = append(gaps, f)
		}
	}
	return lines, gaps
}

// waitFor blocks until n records are stored.
func (s *memorySink) waitFor(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.records) < n {
		s.stored.Wait()
	}
}
