package logs

import (
	"sync"
	"sync/atomic"

	"waybill/internal/awserr"
)

// maxTails is how many live tails an account has in a Region at a time
// (CloudWatch Logs quotas, "Live Tail concurrent sessions").
const maxTails = 15

// tailHub gives what PutLogEvents has made durable to the live tails that want
// it. It never waits for one of them.
type tailHub struct {
	// active counts tails, so that without any a put costs nothing.
	active  atomic.Int64
	mu      sync.RWMutex // guards what follows
	byGroup map[uint32]map[*Tail]struct{}
	scopes  map[Scope]int
	closed  bool
}

func (h *tailHub) init() {
	h.byGroup = map[uint32]map[*Tail]struct{}{}
	h.scopes = map[Scope]int{}
}

// add begins to feed t.
func (h *tailHub) add(t *Tail) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return unavailable(errTailsClosed)
	case h.scopes[t.scope] >= maxTails:
		return awserr.New(codeLimit, "No more than %d live tail sessions may run at a time.", maxTails)
	}
	for number := range t.groups {
		if h.byGroup[number] == nil {
			h.byGroup[number] = map[*Tail]struct{}{}
		}
		h.byGroup[number][t] = struct{}{}
	}
	h.scopes[t.scope]++
	h.active.Add(1)
	return nil
}

// remove stops feeding t; it may be called again.
func (h *tailHub) remove(t *Tail) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t.removed {
		return
	}
	t.removed = true
	for number := range t.groups {
		delete(h.byGroup[number], t)
		if len(h.byGroup[number]) == 0 {
			delete(h.byGroup, number)
		}
	}
	if h.scopes[t.scope]--; h.scopes[t.scope] == 0 {
		delete(h.scopes, t.scope)
	}
	h.active.Add(-1)
}

// publish offers a batch that is durable to the tails of its group.
func (h *tailHub) publish(stream string, b *batch) {
	if h.active.Load() == 0 {
		return
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	for t := range h.byGroup[b.tenant.Group] {
		t.offer(stream, b)
	}
}

// dropGroup tells its tails that a group was deleted.
func (h *tailHub) dropGroup(number uint32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for t := range h.byGroup[number] {
		t.lose()
	}
	delete(h.byGroup, number)
}

// close ends all tails, and every later one.
func (h *tailHub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, tails := range h.byGroup {
		for t := range tails {
			t.end(errTailsClosed)
		}
	}
}
