package engine

import (
	"context"
	"slices"
	"sort"
	"sync"
)

// best keeps the first events in the order asked for, no more of them than a
// page holds, whatever order they come in.
type best struct {
	q *PageQuery

	mu sync.Mutex // guards what follows while rows are taken
	// heap has the last of the kept events on top.
	heap    []Event
	bytes   int
	dropped bool
}

func newBest(q *PageQuery) *best { return &best{q: q} }

// before reports whether a comes before b in the order asked for.
func (b *best) before(a, c Position) bool {
	if b.q.Descending {
		return c.Less(a)
	}
	return a.Less(c)
}

// wants reports whether an event at p belongs to a page whose end, if it is
// known, is at end.
func (b *best) wants(p Position, end *Position) bool {
	if b.q.Cursor != nil && !b.before(*b.q.Cursor, p) {
		return false
	}
	return end == nil || b.before(p, *end)
}

// end returns where the page ends as far as is known: it only comes closer.
func (b *best) end() *Position {
	if !b.dropped {
		return nil
	}
	p := b.heap[0].Position()
	return &p
}

func (b *best) full() bool {
	return len(b.heap) >= b.q.Limit || b.bytes >= b.q.MaxBytes
}

// over reports whether the page is complete without its last event.
func (b *best) over() bool {
	return len(b.heap) > b.q.Limit ||
		len(b.heap) > 1 && b.bytes > b.q.MaxBytes
}

// matchRows is after how many rows take looks up again: whether it is still
// wanted, and where the page ends by now.
const matchRows = 64

// take takes a block's rows. Match, which may be slow, runs on several blocks at
// a time and only on rows that the page may want.
func (b *best) take(ctx context.Context, r *blockReader) {
	r.matched = r.matched[:0]
	var end *Position
	for i := range r.times {
		if i%matchRows == 0 {
			if ctx.Err() != nil {
				return
			}
			b.mu.Lock()
			end = b.end()
			b.mu.Unlock()
		}
		if b.wants(r.position(i), end) && (b.q.Match == nil || b.q.Match(r.messages[i])) {
			r.matched = append(r.matched, i)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, i := range r.matched {
		p := r.position(i)
		if !b.wants(p, b.end()) {
			continue
		}
		b.push(r.event(i, p))
		for b.over() {
			b.pop()
			b.dropped = true
		}
	}
}

func (b *best) push(e Event) {
	b.bytes += len(e.Message)
	b.heap = append(b.heap, e)
	i := len(b.heap) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !b.before(b.heap[parent].Position(), b.heap[i].Position()) {
			break
		}
		b.heap[parent], b.heap[i] = b.heap[i], b.heap[parent]
		i = parent
	}
}

func (b *best) pop() {
	n := len(b.heap) - 1
	b.bytes -= len(b.heap[0].Message)
	b.heap[0] = b.heap[n]
	b.heap[n] = Event{}
	b.heap = b.heap[:n]
	for i := 0; ; {
		c := 2*i + 1
		if c >= n {
			return
		}
		if c+1 < n && b.before(b.heap[c].Position(), b.heap[c+1].Position()) {
			c++
		}
		if !b.before(b.heap[i].Position(), b.heap[c].Position()) {
			return
		}
		b.heap[i], b.heap[c] = b.heap[c], b.heap[i]
		i = c
	}
}

func (b *best) last() *Event { return &b.heap[0] }

func (b *best) sorted() []Event {
	events := slices.Clone(b.heap)
	sort.Slice(events, func(i, j int) bool { return b.before(events[i].Position(), events[j].Position()) })
	return events
}
