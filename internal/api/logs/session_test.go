package logsapi

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"waybill/internal/awserr"
	"waybill/internal/logs"
)

// script is a tail that gives one list of events a second, then none for ever.
type script struct {
	seconds [][]logs.TailEvent
	end     error // after the seconds; nil goes on
	closed  bool
}

func (s *script) Next(ctx context.Context, until <-chan time.Time) ([]logs.TailEvent, bool, error) {
	select {
	case <-ctx.Done():
		return nil, false, ctx.Err()
	case <-until:
	}
	if len(s.seconds) == 0 {
		return nil, false, s.end
	}
	events := s.seconds[0]
	s.seconds = s.seconds[1:]
	return events, len(events) > 1000, nil
}

func (s *script) Close() { s.closed = true }

// TestASessionUpdatesEverySecondForThreeHours runs under a clock of its own.
func TestASessionUpdatesEverySecondForThreeHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		l := &liveTail{tail: s}
		var names []string
		begin := time.Now()
		err := l.run(t.Context(), func(name string, _ any) error {
			names = append(names, name)
			return nil
		})
		if !awserr.HasCode(err, codeSessionTimeout) || time.Since(begin) != 3*time.Hour || !s.closed {
			t.Errorf("error %v after %v, closed %v", err, time.Since(begin), s.closed)
		}
		if n := len(names); names[0] != "sessionStart" || n < 3*3600 || n > 3*3600+1 || slices.Contains(names[1:], "sessionStart") {
			t.Errorf("%d events, the first %s", n, names[0])
		}
	})
}

func TestASecondOfManyEventsIsSeveralUpdates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var many []logs.TailEvent
		for i := range 1200 {
			many = append(many, logs.TailEvent{Message: strconv.Itoa(i), Group: "g", Stream: "s", Time: 1, Ingested: 2})
		}
		big := logs.TailEvent{Message: strings.Repeat("x", 600_000)}
		s := &script{seconds: [][]logs.TailEvent{many, {big, big, {Message: "y"}}, {}}, end: errors.New("enough")}
		l := &liveTail{tail: s}
		var sizes []int
		var texts []string
		err := l.run(t.Context(), func(name string, payload any) error {
			if u, ok := payload.(LiveTailSessionUpdate); ok {
				sizes = append(sizes, len(u.SessionResults))
				for _, e := range u.SessionResults {
					texts = append(texts, e.Message)
				}
				if want := len(sizes) <= 3; u.SessionMetadata.Sampled != want {
					t.Errorf("update %d: sampled %v", len(sizes), u.SessionMetadata.Sampled)
				}
			}
			return nil
		})
		if !awserr.HasCode(err, codeSessionStreaming) || !slices.Equal(sizes, []int{500, 500, 200, 1, 2, 0}) {
			t.Errorf("error %v, updates of %v", err, sizes)
		}
		if texts[0] != "0" || texts[1199] != "1199" {
			t.Errorf("order: %s ... %s", texts[0], texts[1199])
		}
	})
}

func TestASessionEndsWithItsCaller(t *testing.T) {
	gone := errors.New("connection reset")
	s := &script{}
	if err := (&liveTail{tail: s}).run(t.Context(), func(string, any) error { return gone }); !errors.Is(err, gone) || !s.closed {
		t.Errorf("error %v, closed %v", err, s.closed)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s = &script{}
	if err := (&liveTail{tail: s}).run(ctx, func(string, any) error { cancel(); return nil }); err != nil || !s.closed {
		t.Errorf("error %v, closed %v", err, s.closed)
	}
}
