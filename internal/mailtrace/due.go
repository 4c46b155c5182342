package mailtrace

import (
	"container/heap"
	"time"
)

// dueHeap is when which row wants to be woken: one entry a row.
type dueHeap struct {
	list  dueList
	byKey map[string]*dueEntry
}

type dueEntry struct {
	at    time.Time
	key   string
	index int
}

// set schedules the row as it asks now.
func (h *dueHeap) set(r row) {
	at, e := r.wakeAt(), h.byKey[r.id()]
	switch {
	case at.IsZero():
		h.drop(r.id())
	case e == nil:
		e = &dueEntry{at: at, key: r.id()}
		h.byKey[e.key] = e
		heap.Push(&h.list, e)
	case !e.at.Equal(at):
		e.at = at
		heap.Fix(&h.list, e.index)
	}
}

func (h *dueHeap) drop(key string) {
	if e := h.byKey[key]; e != nil {
		heap.Remove(&h.list, e.index)
		delete(h.byKey, key)
	}
}

func (h *dueHeap) next() (time.Time, bool) {
	if len(h.list) == 0 {
		return time.Time{}, false
	}
	return h.list[0].at, true
}

// pop takes the first entry that is due.
func (h *dueHeap) pop(now time.Time) (key string, ok bool) {
	if len(h.list) == 0 || h.list[0].at.After(now) {
		return "", false
	}
	key = h.list[0].key
	h.drop(key)
	return key, true
}

// dueList orders entries of one instant by key, so that a restart changes nothing.
type dueList []*dueEntry

func (l dueList) Len() int { return len(l) }
func (l dueList) Less(i, j int) bool {
	if !l[i].at.Equal(l[j].at) {
		return l[i].at.Before(l[j].at)
	}
	return l[i].key < l[j].key
}
func (l dueList) Swap(i, j int) {
	l[i], l[j] = l[j], l[i]
	l[i].index, l[j].index = i, j
}
func (l *dueList) Push(x any) {
	e := x.(*dueEntry)
	e.index = len(*l)
	*l = append(*l, e)
}
func (l *dueList) Pop() any {
	last := len(*l) - 1
	e := (*l)[last]
	(*l)[last] = nil
	*l = (*l)[:last]
	return e
}
