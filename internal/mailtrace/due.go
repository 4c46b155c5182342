package mailtrace

import (
	"container/heap"
	"time"
)

// dueHeap is when which row wants to be woken. Entries are never changed: one
// whose row has another time by now is stale, and dropped when it comes up.
type dueHeap struct{ list dueList }

type dueEntry struct {
	at  time.Time
	key string
	// n orders entries of one instant by when they were made.
	n uint64
}

func (h *dueHeap) push(r row) {
	if at := r.wakeAt(); !at.IsZero() {
		h.list.n++
		heap.Push(&h.list, dueEntry{at, r.id(), h.list.n})
	}
}

// clean drops stale entries from the top.
func (h *dueHeap) clean(rows map[string]row) (dueEntry, bool) {
	for len(h.list.entries) > 0 {
		top := h.list.entries[0]
		if r, ok := rows[top.key]; ok && r.wakeAt().Equal(top.at) {
			return top, true
		}
		heap.Pop(&h.list)
	}
	return dueEntry{}, false
}

func (h *dueHeap) next(rows map[string]row) (time.Time, bool) {
	top, ok := h.clean(rows)
	return top.at, ok
}

func (h *dueHeap) pop(now time.Time, rows map[string]row) (row, bool) {
	top, ok := h.clean(rows)
	if !ok || top.at.After(now) {
		return nil, false
	}
	heap.Pop(&h.list)
	return rows[top.key], true
}

type dueList struct {
	entries []dueEntry
	n       uint64
}

func (l *dueList) Len() int { return len(l.entries) }
func (l *dueList) Less(i, j int) bool {
	a, b := l.entries[i], l.entries[j]
	if !a.at.Equal(b.at) {
		return a.at.Before(b.at)
	}
	if a.key != b.key {
		return a.key < b.key
	}
	return a.n < b.n
}
func (l *dueList) Swap(i, j int) { l.entries[i], l.entries[j] = l.entries[j], l.entries[i] }
func (l *dueList) Push(x any)    { l.entries = append(l.entries, x.(dueEntry)) }
func (l *dueList) Pop() any {
	last := l.entries[len(l.entries)-1]
	l.entries[len(l.entries)-1] = dueEntry{}
	l.entries = l.entries[:len(l.entries)-1]
	return last
}
