package console

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// logEvent is one event of a log group.
type logEvent struct {
	// At is the event's time in epoch milliseconds.
	At int64
	// ID is unique within the group.
	ID      string
	Message string
}

// position is a place between two events of a group, who are ordered by time
// and, within one millisecond, by id.
type position struct {
	At int64
	ID string
}

func (p position) String() string { return strconv.FormatInt(p.At, 10) + "." + p.ID }

func parsePosition(s string) (position, error) {
	at, id, ok := strings.Cut(s, ".")
	n, err := strconv.ParseInt(at, 10, 64)
	if !ok || err != nil {
		return position{}, badRequest("%q is not a place in the list.", s)
	}
	return position{n, id}, nil
}

func (p position) compare(e logEvent) int {
	switch {
	case p.At != e.At:
		return int(min(max(p.At-e.At, -1), 1))
	default:
		return strings.Compare(p.ID, e.ID)
	}
}

func newestFirst(a, b logEvent) int { return position{b.At, b.ID}.compare(a) }

// reader reads the events of a group between two times, both included, oldest
// first, as FilterLogEvents does: at most limit a call, and a token while there
// may be more. Events outside the range are passed over by the caller.
type reader func(ctx context.Context, from, to int64, limit int, token string) (events []logEvent, next string, err error)

// slice is one page of a list, newest first.
type slice struct {
	Events []logEvent
	// More says that there are further events in the direction of reading.
	More bool
	// Searched is how far back the search got, in epoch milliseconds, when it ran
	// out of time before it was full; zero otherwise.
	Searched int64
}

const (
	// firstWindow is the span of time first looked at; it adapts to what is found.
	firstWindow = time.Hour
	// windowEvents is how many events are read at once before a span counts as too wide.
	windowEvents = 1000
)

// older returns the size newest events before a position, none earlier than
// floor. CloudWatch Logs only filters forward in time, so it reads spans of time
// backwards, narrower where events are dense and wider where they are rare.
// When until has passed it returns what it has.
func older(ctx context.Context, read reader, now func() time.Time, until time.Time, before position, floor int64, size int) (slice, error) {
	var s slice
	width := firstWindow.Milliseconds()
	for to := before.At; to >= floor; {
		if !now().Before(until) {
			s.Searched = to + 1
			break
		}
		from := max(to-width+1, floor)
		events, whole, err := window(ctx, read, from, to)
		if err != nil {
			return slice{}, err
		}
		if !whole {
			width = max(width/8, 1)
			continue
		}
		events = slices.DeleteFunc(events, func(e logEvent) bool { return before.compare(e) <= 0 })
		slices.SortFunc(events, newestFirst)
		s.Events = append(s.Events, events...)
		if len(s.Events) > size {
			s.Events, s.More = s.Events[:size], true
			break
		}
		to = from - 1
		if len(events) < windowEvents/8 {
			width = min(width*8, maxWindow)
		}
	}
	return s, nil
}

// maxWindow keeps the arithmetic far from overflow: about 35 years.
const maxWindow = int64(35 * 365 * 24 * time.Hour / time.Millisecond)

// window reads a span whole. It gives up, with whole false, when there are too
// many events in it, unless it cannot be narrower.
func window(ctx context.Context, read reader, from, to int64) (events []logEvent, whole bool, err error) {
	token := ""
	for {
		got, next, err := read(ctx, from, to, windowEvents, token)
		if err != nil {
			return nil, false, err
		}
		for _, e := range got {
			if e.At >= from && e.At <= to {
				events = append(events, e)
			}
		}
		if next == "" {
			return events, true, nil
		}
		if next == token {
			return nil, false, fmt.Errorf("read log events: the same token came back twice")
		}
		if len(events) >= windowEvents && from < to {
			return nil, false, nil
		}
		token = next
	}
}

// newer returns the size oldest events after a position, newest first.
func newer(ctx context.Context, read reader, after position, ceiling int64, size int) (slice, error) {
	var s slice
	token := ""
	for {
		got, next, err := read(ctx, after.At, ceiling, windowEvents, token)
		if err != nil {
			return slice{}, err
		}
		for _, e := range got {
			if after.compare(e) < 0 {
				s.Events = append(s.Events, e)
			}
		}
		if next == "" || next == token || len(s.Events) > size+windowEvents {
			break
		}
		token = next
	}
	slices.SortFunc(s.Events, newestFirst)
	if n := len(s.Events); n > size {
		s.Events, s.More = s.Events[n-size:], true
	}
	return s, nil
}
