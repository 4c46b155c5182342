package logs

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"waybill/internal/arn"
)

const (
	// maxTailEvents and maxTailBytes bound what one Next gives. At one a second,
	// 5,000 events a second are not sampled (AWS: 500), however unevenly they fall
	// on two of them.
	maxTailEvents = 2 * 5000
	maxTailBytes  = 8 << 20
	// maxTailQueue bounds, as PutLogEvents counts bytes, what waits to be looked
	// at; a slow tail loses what is above.
	maxTailQueue = 8 << 20
)

var (
	errTailsClosed = errors.New("the server is stopping")
	errTailDeleted = errors.New("the log groups of this session have been deleted")
)

// TailQuery is what StartLiveTail asks for.
type TailQuery struct {
	// Groups are log groups by name; at least one.
	Groups []GroupName
	// Streams and Prefixes restrict to streams of these names, or whose names
	// begin so; both empty means all.
	Streams, Prefixes []string
	Pattern           Pattern // nil matches everything
}

// TailEvent is an event that has just been ingested.
type TailEvent struct {
	// Group is the log group's ARN, without ":*".
	Group, Stream  string
	Time, Ingested int64
	Message        string
}

// Tail receives events from the moment it was made. It keeps a bounded number
// of them, however slowly somebody collects. Next is for one goroutine.
type Tail struct {
	hub     *tailHub
	scope   Scope
	query   TailQuery
	groups  map[uint32]string // ARNs by number
	removed bool              // guarded by hub.mu

	ready chan struct{}
	done  chan struct{}

	mu     sync.Mutex // guards what follows
	queue  []tailBatch
	queued int64
	// lost tells that events were given up since the last take.
	lost bool
	left int // groups that are still there
	err  error

	pending []TailEvent // of the collecting goroutine
	bytes   int
	over    bool // pending is full and more matched
}

// tailBatch is what one PutLogEvents added to one stream.
type tailBatch struct {
	group    uint32
	stream   string
	ingested int64
	size     int64
	events   []InputEvent
}

// StartTail begins a live tail; Close ends it. Errors:
// ResourceNotFoundException, LimitExceededException. sc is the caller's.
func (s *Service) StartTail(ctx context.Context, sc Scope, q TailQuery) (*Tail, error) {
	t := &Tail{hub: &s.tails, scope: sc, query: q, groups: map[uint32]string{}, ready: make(chan struct{}, 1), done: make(chan struct{})}
	s.applying.RLock() // no group is deleted between here and add
	defer s.applying.RUnlock()
	err := s.db.Read(ctx, func(tx *sql.Tx) error {
		for _, name := range q.Groups {
			g, err := group(ctx, tx, name.Scope, name.Name)
			if err != nil {
				return err
			}
			t.groups[g.tenant.Group] = arn.LogGroup(g.Region, g.Account, g.Name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	t.left = len(t.groups)
	if err := s.tails.add(t); err != nil {
		return nil, err
	}
	return t, nil
}

// Close ends the tail.
func (t *Tail) Close() { t.hub.remove(t) }

// Next collects until that channel delivers, and returns the matching events that
// came since it last did, in the order in which they came, and whether others
// that matched, or might have, were left out. The error is ctx's, or the reason
// why the tail has ended by itself.
func (t *Tail) Next(ctx context.Context, until <-chan time.Time) (events []TailEvent, sampled bool, err error) {
	for {
		select {
		case <-ctx.Done():
			return nil, false, ctx.Err()
		case <-t.done:
			return nil, false, t.reason()
		case <-t.ready:
			t.gather()
		case <-until:
			t.gather()
			events, sampled = t.take()
			return events, sampled, nil
		}
	}
}

func (t *Tail) reason() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// offer queues a batch, whose events nobody changes any more. When too much
// waits the oldest are given up.
func (t *Tail) offer(stream string, b *batch) {
	if !t.wantsStream(stream) {
		return
	}
	size := b.size()
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.queued+size > maxTailQueue && len(t.queue) > 0 {
		t.queued -= t.queue[0].size
		t.queue[0] = tailBatch{}
		t.queue = t.queue[1:]
		t.lost = true
	}
	t.queue = append(t.queue, tailBatch{b.tenant.Group, stream, b.ingested, size, b.events})
	t.queued += size
	select {
	case t.ready <- struct{}{}:
	default:
	}
}

func (t *Tail) wantsStream(name string) bool {
	if len(t.query.Streams) == 0 && len(t.query.Prefixes) == 0 {
		return true
	}
	return slices.Contains(t.query.Streams, name) ||
		slices.ContainsFunc(t.query.Prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}

// gather looks at what has come since it was last called.
func (t *Tail) gather() {
	t.mu.Lock()
	queue := t.queue
	t.queue, t.queued = nil, 0
	t.mu.Unlock()
	for _, b := range queue {
		for _, e := range b.events {
			if t.query.Pattern == nil || t.query.Pattern.Match(e.Message) {
				t.keep(&b, e)
			}
		}
	}
}

func (t *Tail) keep(b *tailBatch, e InputEvent) {
	if len(t.pending) == maxTailEvents || len(t.pending) > 0 && t.bytes+len(e.Message) > maxTailBytes {
		t.over = true
		return
	}
	t.bytes += len(e.Message)
	// A copy: the message may be a part of a request body that is much longer.
	t.pending = append(t.pending, TailEvent{t.groups[b.group], b.stream, e.Timestamp, b.ingested, strings.Clone(e.Message)})
}

// take returns what was gathered since it was last called.
func (t *Tail) take() (events []TailEvent, sampled bool) {
	t.mu.Lock()
	sampled, t.lost = t.lost || t.over, false
	t.mu.Unlock()
	events = t.pending
	t.pending, t.bytes, t.over = nil, 0, false
	return events, sampled
}

// lose tells that a group was deleted; without any the tail ends.
func (t *Tail) lose() {
	t.mu.Lock()
	t.left--
	last := t.left == 0
	t.mu.Unlock()
	if last {
		t.end(errTailDeleted)
	}
}

// end closes the tail for a reason; the first counts.
func (t *Tail) end(reason error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.err = reason
		close(t.done)
	}
}
