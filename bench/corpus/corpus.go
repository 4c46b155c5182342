// Package corpus makes mail events by the million for benchmarks: the same ones
// for the same Config, in order of time, in the shapes and proportions that an
// organization of 2,000 mailboxes sees. Open puts them through the log service
// into a folder once, and opens that folder again from then on.
//
// Of 100 messages 63 come in and are delivered, 10 come in and are
// refused, 21 go out and 6 stay within the organization, which makes three and a
// half events a message. Senders, recipients and domains are Zipf
// distributed, hours and weekends differ, deferred messages arrive minutes later.
package corpus

import (
	"container/heap"
	"iter"
	"time"

	"waybill/internal/event"
)

// Config says which events.
type Config struct {
	Seed uint64
	// Events is how many, exactly.
	Events int
	// Start is when the first message came, Span within how long all came.
	Start time.Time
	Span  time.Duration
}

// Default is the corpus that docs/performance.md speaks of: thirty days that
// end at a fixed time.
func Default(events int) Config {
	const span = 30 * 24 * time.Hour
	end := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	return Config{Seed: 1, Events: events, Start: end.Add(-span), Span: span}
}

// OrganizationID is that of all events.
const OrganizationID = "m-0123456789abcdef0123456789abcdef"

// eventsPerMessage is what the proportions come to; a test holds it.
const eventsPerMessage = 3.5

// Messages is about how many messages the events are of.
func (c Config) Messages() int { return max(1, int(float64(c.Events)/eventsPerMessage)) }

// All returns the events in order of time.
func (c Config) All() iter.Seq[event.Event] {
	return func(yield func(event.Event) bool) {
		clock := newDayClock(c.Start, c.Span, c.Messages())
		m := newMaker(c.Seed)
		var waiting queue
		left := c.Events
		for n := 0; left > 0; n++ {
			at := clock.at(n)
			for ; left > 0 && len(waiting) > 0 && waiting[0].Timestamp <= at; left-- {
				if !yield(heap.Pop(&waiting).(queued).Event) {
					return
				}
			}
			for _, e := range m.message(n, at) {
				heap.Push(&waiting, queued{e, m.count()})
			}
		}
	}
}

// queued is an event that is not due yet; place keeps the order of one millisecond.
type queued struct {
	event.Event
	place int
}

// queue is a heap by time.
type queue []queued

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].Timestamp != q[j].Timestamp {
		return q[i].Timestamp < q[j].Timestamp
	}
	return q[i].place < q[j].place
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(queued)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
