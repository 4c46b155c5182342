package capture

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// failing is a Source that runs for the given times, one for each start, and
// fails after each; then it runs until it is stopped.
type failing struct {
	began  time.Time
	runs   []time.Duration
	starts []time.Duration
	meter  Meter
}

var errSource = errors.New("log file is not readable")

func (f *failing) Run(ctx context.Context, _ Sink) error {
	f.starts = append(f.starts, time.Since(f.began))
	if len(f.runs) == 0 {
		<-ctx.Done()
		return nil
	}
	run := f.runs[0]
	f.runs = f.runs[1:]
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(run):
		return errSource
	}
}

func (f *failing) Stats() SourceStats { return f.meter.Stats("f", "file", "p", time.Now()) }

func TestSupervisorRestartsWithBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		source := &failing{began: time.Now(), runs: []time.Duration{0, 0, 0, 2 * time.Minute, 0}}
		steady := &failing{began: time.Now()}
		s := NewSupervisor(newMemorySink(t), slog.New(slog.DiscardHandler), source, steady)
		done := make(chan struct{})
		go func() { s.Run(ctx); close(done) }()
		time.Sleep(time.Hour)
		synctest.Wait()
		stats := s.Stats()
		if !stats[0].Running || stats[0].Failures != 5 || stats[0].LastError != errSource.Error() || stats[0].Name != "f" {
			t.Errorf("failing source: %+v", stats[0])
		}
		if !stats[1].Running || stats[1].Failures != 0 {
			t.Errorf("steady source: %+v", stats[1])
		}
		cancel()
		<-done
		if s.Stats()[1].Running || s.Stats()[1].Failures != 0 {
			t.Errorf("stopped source: %+v", s.Stats()[1])
		}
		// 1 s, 2 s, 4 s; then it ran for two minutes, and it begins with 1 s again.
		want := []time.Duration{0, 1 * time.Second, 3 * time.Second, 7 * time.Second, 128 * time.Second, 130 * time.Second}
		if !slices.Equal(source.starts, want) {
			t.Errorf("starts at %v, want %v", source.starts, want)
		}
	})
}
