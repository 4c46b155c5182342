package capture

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Back-off between a source's failure and its next start: it doubles from the
// first to the last, and begins anew when the source ran for longer than that.
const (
	firstRestart = time.Second
	lastRestart  = time.Minute
)

// Supervisor runs sources and starts those again that fail.
type Supervisor struct {
	sink    Sink
	logger  *slog.Logger
	sources []*supervised
}

type supervised struct {
	source Source

	mu        sync.Mutex
	running   bool
	failures  int64
	lastError string
}

// NewSupervisor makes a supervisor of sources whose evidence goes to sink.
func NewSupervisor(sink Sink, logger *slog.Logger, sources ...Source) *Supervisor {
	s := &Supervisor{sink: sink, logger: logger}
	for _, source := range sources {
		s.sources = append(s.sources, &supervised{source: source})
	}
	return s
}

// Run runs all sources until ctx is done and all of them have stopped.
func (s *Supervisor) Run(ctx context.Context) {
	var group sync.WaitGroup
	for _, one := range s.sources {
		group.Go(func() { s.keep(ctx, one) })
	}
	group.Wait()
}

// Stats returns the state of every source, in the order they were given.
func (s *Supervisor) Stats() []SourceStats {
	stats := make([]SourceStats, len(s.sources))
	for i, one := range s.sources {
		stats[i] = one.stats()
	}
	return stats
}

// keep runs one source, again and again.
func (s *Supervisor) keep(ctx context.Context, one *supervised) {
	wait := firstRestart
	for ctx.Err() == nil {
		began := time.Now()
		one.started()
		err := one.source.Run(ctx, s.sink)
		one.stopped(ctx, err)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > lastRestart {
			wait = firstRestart
		}
		s.logger.Error("source stopped", "source", one.source.Stats().Name, "error", err, "restart_in", wait)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait = min(2*wait, lastRestart)
	}
}

func (o *supervised) started() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.running = true
}

func (o *supervised) stopped(ctx context.Context, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.running = false
	if ctx.Err() != nil {
		return
	}
	o.failures++
	o.lastError = "stopped without an error"
	if err != nil {
		o.lastError = err.Error()
	}
}

func (o *supervised) stats() SourceStats {
	s := o.source.Stats()
	o.mu.Lock()
	defer o.mu.Unlock()
	s.Running, s.Failures, s.LastError = o.running, o.failures, o.lastError
	return s
}
