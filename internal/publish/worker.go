package publish

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	// linger is how long a worker that was idle waits for company for the first
	// event, so that a message's events make one batch.
	linger = 100 * time.Millisecond
	// The back-off doubles from minBackoff to maxBackoff, each drawn from its
	// upper half so that organizations do not retry in step.
	minBackoff = 250 * time.Millisecond
	maxBackoff = 30 * time.Second
	// callTimeout bounds one API call.
	callTimeout = 60 * time.Second
)

// worker publishes for one organization, one batch at a time.
type worker struct {
	cfg          Config
	organization string
	events       chan struct{} // events were added
	settings     chan struct{} // settings may have changed

	// Only the goroutine of run uses these.
	session *session // the assumed role; nil before and after a refusal
	current *batch   // the pinned batch, nil when there is none or it is not known
	stream  stream   // the stream that is known to exist

	mu sync.Mutex
	// attempt is guarded by mu.
	attempt attempt
}

// attempt is how the last attempt went.
type attempt struct {
	at      time.Time
	err     string
	errTime time.Time
	stalled bool
}

func newWorker(cfg Config, organization string) *worker {
	return &worker{cfg: cfg, organization: organization, events: make(chan struct{}, 1), settings: make(chan struct{}, 1)}
}

// run publishes until ctx ends.
func (w *worker) run(ctx context.Context) {
	failures := 0
	for ctx.Err() == nil {
		sent, err := w.step(ctx)
		w.note(ctx, err)
		switch {
		case err != nil:
			failures++
			if w.sleep(ctx, backoff(failures)) {
				failures = 0
			}
		case sent:
			failures = 0
		default:
			failures = 0
			w.idle(ctx)
		}
	}
}

// sleep waits and reports whether a change of settings cut it short.
func (w *worker) sleep(ctx context.Context, d time.Duration) (changed bool) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return false
	case <-w.settings:
		return true
	case <-ctx.Done():
		return false
	}
}

// idle waits for something to do.
func (w *worker) idle(ctx context.Context) {
	select {
	case <-w.events:
		w.sleep(ctx, linger)
	case <-w.settings:
	case <-ctx.Done():
	}
}

func backoff(failures int) time.Duration {
	d := maxBackoff
	if shift := failures - 1; shift < 8 {
		d = min(minBackoff<<shift, maxBackoff)
	}
	return d/2 + rand.N(d/2)
}

// step publishes one batch, if there is one, and reports whether it did.
func (w *worker) step(ctx context.Context) (sent bool, err error) {
	target, enabled, err := w.cfg.Targets.Target(ctx, w.organization)
	if err != nil {
		return false, err
	}
	if !enabled {
		return false, w.drop(ctx)
	}
	place, err := placeOf(target)
	if err != nil {
		return false, err
	}
	b, err := w.next(ctx, place)
	if err != nil || b == nil {
		return false, err
	}
	return true, w.publish(ctx, target, place, b)
}

// drop forgets what waits: event logging is off.
func (w *worker) drop(ctx context.Context) error {
	w.session, w.current, w.stream = nil, nil, stream{}
	n, err := w.cfg.Spool.Drop(ctx, w.organization)
	if n > 0 {
		w.cfg.Logger.Info("event logging is off: waiting events dropped", "organization", w.organization, "events", n)
	}
	return err
}

// note keeps how the attempt went, and logs when that changes.
func (w *worker) note(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.attempt
	if err == nil {
		w.attempt.stalled = false
		if before.stalled {
			w.cfg.Logger.Info("mail events are published again", "organization", w.organization)
		}
		return
	}
	text := reason(err)
	w.attempt.err, w.attempt.errTime, w.attempt.stalled = text, time.Now(), true
	if !before.stalled || before.err != text {
		w.cfg.Logger.Warn("mail events wait", "organization", w.organization, "reason", text)
	}
}

// attempted keeps when the API was last called.
func (w *worker) attempted() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.attempt.at = time.Now()
}
