package publish

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"waybill/internal/arn"
	"waybill/internal/spool"
)

// The limits of one PutLogEvents request (CloudWatch Logs API reference,
// PutLogEvents).
const (
	maxEvents     = 10_000
	maxBytes      = 1_048_576
	eventOverhead = 26
	maxSpan       = 24 * time.Hour
)

// place is the log group as the calls name it.
type place struct {
	region string
	group  string
	// destination names it in the spool.
	destination string
}

// stream is one log stream.
type stream struct{ destination, name string }

// batch is the events that are sent in one request.
type batch struct {
	pin    spool.Pin
	events []spool.Event // sorted by time
	// uncertain is set once the server may have accepted the batch without our
	// knowing it: a request ended without an answer, or an earlier process sent it.
	uncertain bool
}

// placeOf checks what a target says.
func placeOf(t Target) (place, error) {
	group, err := arn.Parse(t.LogGroupARN)
	if err != nil {
		return place{}, fmt.Errorf("the log group: %w", err)
	}
	name, ok := strings.CutPrefix(group.Resource, "log-group:")
	if !ok || group.Service != "logs" {
		return place{}, fmt.Errorf("%s is not a log group's ARN", t.LogGroupARN)
	}
	role, err := arn.Parse(t.RoleARN)
	if err != nil {
		return place{}, fmt.Errorf("the role: %w", err)
	}
	if role.Account != group.Account {
		return place{}, fmt.Errorf("the role %s cannot write to the log group %s of another account", t.RoleARN, t.LogGroupARN)
	}
	if group.Region != t.Region {
		return place{}, fmt.Errorf("the log group %s is not in the organization's Region %s", t.LogGroupARN, t.Region)
	}
	name = strings.TrimSuffix(name, ":*")
	return place{region: group.Region, group: name, destination: arn.LogGroup(group.Region, group.Account, name)}, nil
}

// next returns the batch to send to the place, nil when nothing waits.
func (w *worker) next(ctx context.Context, p place) (*batch, error) {
	pin, pinned, err := w.cfg.Spool.Pinned(ctx, w.organization)
	if err != nil {
		return nil, err
	}
	if pinned && w.current != nil && w.current.pin == pin && pin.Destination == p.destination {
		return w.current, nil
	}
	w.current = nil
	if pinned && pin.Destination == p.destination {
		events, err := w.cfg.Spool.Pending(ctx, w.organization, spool.Limits{UpTo: pin.LastSeq})
		if err != nil {
			return nil, err
		}
		if len(events) > 0 {
			sortByTime(events)
			w.current = &batch{pin: pin, events: events, uncertain: true}
			return w.current, nil
		}
	}
	w.current, err = w.compose(ctx, p)
	return w.current, err
}

// compose takes what waits, in the order of commitment, as far as one request
// may hold it, and pins it.
func (w *worker) compose(ctx context.Context, p place) (*batch, error) {
	events, delivery, err := w.sendable(ctx)
	if err != nil || len(events) == 0 {
		return nil, err
	}
	pin := spool.Pin{
		LastSeq: events[len(events)-1].Seq, Destination: p.destination,
		Stream: time.Now().UTC().Format("2006/01/02") + "/" + w.cfg.Instance,
	}
	switch {
	case delivery.Destination == pin.Destination && delivery.Stream == pin.Stream:
		pin.Token = delivery.Token
		w.stream = stream{pin.Destination, pin.Stream}
	default:
		pin.Token = newToken()
	}
	if err := w.cfg.Spool.Pin(ctx, w.organization, pin); err != nil {
		return nil, err
	}
	sortByTime(events)
	return &batch{pin: pin, events: events}, nil
}

// sendable returns the next events that fit in one request, having settled as
// rejected any before them that no request can hold.
func (w *worker) sendable(ctx context.Context) ([]spool.Event, spool.Delivery, error) {
	for {
		delivery, err := w.cfg.Spool.Delivery(ctx, w.organization)
		if err != nil {
			return nil, delivery, err
		}
		events, err := w.cfg.Spool.Pending(ctx, w.organization, spool.Limits{Events: maxEvents, Bytes: maxBytes, Overhead: eventOverhead})
		if err != nil || len(events) == 0 {
			return nil, delivery, err
		}
		if n := slices.IndexFunc(events, unsendable); n != 0 {
			if n > 0 {
				events = events[:n]
			}
			return withinSpan(events), delivery, nil
		}
		w.cfg.Logger.Error("a mail event that no request can hold is given up", "organization", w.organization,
			"event", events[0].ID, "bytes", len(events[0].Blob))
		err = w.cfg.Spool.Done(ctx, w.organization, spool.Done{
			UpTo: events[0].Seq, Destination: delivery.Destination, Stream: delivery.Stream, Token: delivery.Token, Rejected: 1,
		})
		if err != nil {
			return nil, delivery, err
		}
	}
}

func unsendable(e spool.Event) bool {
	return len(e.Blob) == 0 || len(e.Blob)+eventOverhead > maxBytes
}

// withinSpan cuts events where their times would span more than one request may.
func withinSpan(events []spool.Event) []spool.Event {
	first, last := events[0].Time.UnixMilli(), events[0].Time.UnixMilli()
	for i, e := range events {
		ms := e.Time.UnixMilli()
		first, last = min(first, ms), max(last, ms)
		if last-first > maxSpan.Milliseconds() {
			return events[:i]
		}
	}
	return events
}

// sortByTime orders events as a request must have them, the same way each time:
// by millisecond, then in the order of commitment.
func sortByTime(events []spool.Event) {
	slices.SortFunc(events, func(a, b spool.Event) int {
		return cmp.Or(cmp.Compare(a.Time.UnixMilli(), b.Time.UnixMilli()), cmp.Compare(a.Seq, b.Seq))
	})
}

// newToken invents the token of a stream's first batch, 56 digits as AWS's
// tokens have. It is random so that two streams' first batches never look alike.
func newToken() string {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(56), nil)
	n, err := rand.Int(rand.Reader, limit)
	if err != nil {
		panic("publish: no randomness: " + err.Error()) // crypto/rand.Reader never fails
	}
	return fmt.Sprintf("%056d", n)
}
