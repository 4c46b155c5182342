package publish

import (
	"context"
	"time"
)

// Status is how publication stands for one organization. Times are zero where
// the thing has not happened.
type Status struct {
	// LastSuccess is when events were last accepted; LastAttempt when the API was
	// last called since the start.
	LastSuccess time.Time
	LastAttempt time.Time
	// Waiting counts the events not published yet; OldestWaiting is when the one
	// that has waited longest happened.
	Waiting       int64
	OldestWaiting time.Time
	// LastError is the last failure since the start, fit to be shown, and
	// LastErrorTime when it was. Stalled says that it is the state of things: no
	// attempt has succeeded since, and events wait because of it.
	LastError     string
	LastErrorTime time.Time
	Stalled       bool
	// Published counts the events the log group accepted, Rejected those it did
	// not take and those that could not be sent, both since the beginning.
	Published int64
	Rejected  int64
}

// Status returns how publication stands for an organization.
func (p *Publisher) Status(ctx context.Context, organization string) (Status, error) {
	delivery, err := p.cfg.Spool.Delivery(ctx, organization)
	if err != nil {
		return Status{}, err
	}
	s := Status{LastSuccess: delivery.LastSuccess, Published: delivery.Published, Rejected: delivery.Rejected}
	if s.Waiting, s.OldestWaiting, err = p.cfg.Spool.Backlog(ctx, organization); err != nil {
		return Status{}, err
	}
	p.mu.Lock()
	w := p.workers[organization]
	p.mu.Unlock()
	if w == nil {
		return s, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s.LastAttempt, s.LastError, s.LastErrorTime, s.Stalled = w.attempt.at, w.attempt.err, w.attempt.errTime, w.attempt.stalled
	return s, nil
}
