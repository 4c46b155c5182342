package audit

import (
	"sync"
	"time"
)

// The records of callers who could not be authenticated: so many a second, and
// so many at once.
const (
	strangersEach  = 100 * time.Millisecond
	strangersBurst = 100
)

// limiter is a token bucket.
type limiter struct {
	now func() time.Time

	mu   sync.Mutex
	full time.Time // when the bucket is full again; guarded by mu
}

func (l *limiter) allow() bool {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.full.Before(now) {
		l.full = now
	}
	if empty := now.Add(strangersBurst * strangersEach); l.full.After(empty) {
		l.full = empty // the clock was set back
	}
	if l.full.Sub(now) > (strangersBurst-1)*strangersEach {
		return false
	}
	l.full = l.full.Add(strangersEach)
	return true
}
