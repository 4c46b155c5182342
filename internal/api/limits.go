package api

import (
	"context"
	"math"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"waybill/internal/awserr"
)

// Limits keep one client, or many, from taking the whole server. What is refused
// for one of them is answered with Throttling (ThrottlingException), on which
// AWS's clients wait and try again. Zeros mean the defaults.
type Limits struct {
	// Requests is how many requests an account may make in a second of each family
	// of operations; a burst of twice as many is let through. Default 2000.
	Requests float64
	// InFlight is how many requests of an account may be under way at once, those
	// included that wait for a slow reader. Default 1024.
	InFlight int
	// Searches is how many operations that search events run at once; others wait
	// for searchWait. Default 16.
	Searches int
	// Bodies is how many bytes of request bodies are in memory at once. Default 256 MiB.
	Bodies int64
}

// searchWait is how long a search waits for its turn.
const searchWait = 5 * time.Second

// orDefault fills in the defaults; one body of most bytes must fit, plain and compressed.
func (l Limits) orDefault(most int) Limits {
	if l.Requests == 0 {
		l.Requests = 2000
	}
	if l.InFlight == 0 {
		l.InFlight = 1024
	}
	if l.Searches == 0 {
		l.Searches = 16
	}
	if l.Bodies == 0 {
		l.Bodies = 256 << 20
	}
	l.Bodies = max(l.Bodies, 2*int64(most))
	return l
}

func throttled(why string) *awserr.Error {
	return awserr.New("Throttling", "Rate exceeded: %s.", why)
}

// searching are the operations that read much to answer.
var searching = map[string]bool{"logs:FilterLogEvents": true, "logs:TestMetricFilter": true}

// family is what shares one rate: writing events, reading, all else.
func family(op *Operation) string {
	switch name := op.Name; {
	case name == "PutLogEvents":
		return "put"
	case strings.HasPrefix(name, "Get"), strings.HasPrefix(name, "List"), strings.HasPrefix(name, "Describe"),
		strings.HasPrefix(name, "Filter"), strings.HasPrefix(name, "Start"), strings.HasPrefix(name, "Test"):
		return "read"
	}
	return "other"
}

// limiter enforces Limits.
type limiter struct {
	Limits
	bodies   *semaphore.Weighted
	searches chan struct{}

	mu sync.Mutex
	// accounts are those that called lately; guarded by mu.
	accounts map[string]*usage
}

// usage is what one account uses.
type usage struct {
	inFlight int
	buckets  map[string]*bucket // by family
}

// bucket holds as many requests as may be made at once.
type bucket struct {
	left float64
	at   time.Time
}

func newLimiter(l Limits, most int) *limiter {
	l = l.orDefault(most)
	return &limiter{Limits: l, bodies: semaphore.NewWeighted(l.Bodies), searches: make(chan struct{}, l.Searches), accounts: map[string]*usage{}}
}

// callerKey is whose limits count: the account's, or of one without the address's.
func callerKey(c *Call) string {
	if c.Caller.Account != "" {
		return c.Caller.Account
	}
	a := c.Source
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	if a == (netip.Addr{}) {
		return ""
	}
	return a.String()
}

// maxAccounts bounds the table; beyond it those that are idle are forgotten.
const maxAccounts = 10_000

// admit takes a request into account, or refuses it.
func (l *limiter) admit(key string, op *Operation, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.accounts) > maxAccounts {
		for k, u := range l.accounts {
			if u.inFlight == 0 {
				delete(l.accounts, k)
			}
		}
	}
	u := l.accounts[key]
	if u == nil {
		u = &usage{buckets: map[string]*bucket{}}
		l.accounts[key] = u
	}
	if u.inFlight >= l.InFlight {
		return throttled("too many requests are under way")
	}
	f := family(op)
	b := u.buckets[f]
	if b == nil {
		b = &bucket{left: 2 * l.Requests, at: now}
		u.buckets[f] = b
	}
	// A clock that is set back must not take away what is left.
	b.left = math.Min(2*l.Requests, b.left+math.Max(0, now.Sub(b.at).Seconds())*l.Requests)
	b.at = now
	if b.left < 1 {
		return throttled("too many requests in a second")
	}
	b.left--
	u.inFlight++
	return nil
}

func (l *limiter) done(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if u := l.accounts[key]; u != nil {
		u.inFlight--
	}
}

// turn waits for the turn of a search; other operations have it at once.
func (l *limiter) turn(ctx context.Context, op *Operation) (end func(), err error) {
	if !searching[op.Service+":"+op.Name] {
		return func() {}, nil
	}
	end = func() { <-l.searches }
	select {
	case l.searches <- struct{}{}:
		return end, nil
	default:
	}
	wait := time.NewTimer(searchWait)
	defer wait.Stop()
	select {
	case l.searches <- struct{}{}:
		return end, nil
	case <-wait.C:
		return nil, throttled("too many searches are under way")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// holding is what a request has taken of the limits until it is answered.
type holding struct {
	l     *limiter
	bytes int64
	key   string
	in    bool
}

// body takes memory for so many more bytes of a body.
func (h *holding) body(n int64) error {
	if !h.l.bodies.TryAcquire(n) {
		return throttled("too many bytes of requests are under way")
	}
	h.bytes += n
	return nil
}

func (h *holding) admit(c *Call, op *Operation, now time.Time) error {
	h.key = callerKey(c)
	if err := h.l.admit(h.key, op, now); err != nil {
		return err
	}
	h.in = true
	return nil
}

func (h *holding) release() {
	h.l.bodies.Release(h.bytes)
	if h.in {
		h.l.done(h.key)
	}
}
