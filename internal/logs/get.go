package logs

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"waybill/internal/awserr"
	"waybill/internal/logs/engine"
	"waybill/internal/logs/pattern"
)

// The bounds of one page of events (CloudWatch Logs API reference,
// "GetLogEvents", "FilterLogEvents").
const (
	maxPageEvents = 10_000
	maxPageBytes  = 1 << 20
)

// GetQuery is what GetLogEvents asks for.
type GetQuery struct {
	Group, Stream string
	// Start, included, and End, excluded, are milliseconds; nil is no bound.
	Start, End *int64
	// Limit is nil for as many as a page holds.
	Limit *int
	// FromHead begins with the oldest; without it and without Token the page is
	// the newest events. A Token decides the direction by itself.
	FromHead bool
	Token    string
}

// GetPage is GetLogEvents' answer: events oldest first, and the tokens of the
// pages before and after. At an end the token there is the one that was given.
type GetPage struct {
	Events            []engine.Event
	Forward, Backward string
}

// GetLogEvents returns a page of one stream.
func (s *Service) GetLogEvents(ctx context.Context, sc Scope, q GetQuery) (GetPage, error) {
	limit, err := pageLimit(q.Limit)
	if err != nil {
		return GetPage{}, err
	}
	var g Group
	var st Stream
	err = s.db.Read(ctx, func(tx *sql.Tx) (err error) {
		if g, err = group(ctx, tx, sc, q.Group); err != nil {
			return err
		}
		st, err = stream(ctx, tx, g, q.Stream)
		return err
	})
	if err != nil {
		return GetPage{}, err
	}
	p := engine.PageQuery{
		Tenant: g.tenant, Streams: []uint64{st.number},
		From: g.cutoff(s.millis()), To: latest, Limit: limit, MaxBytes: maxPageBytes,
		Descending: !q.FromHead,
	}
	if q.Start != nil {
		p.From = max(p.From, *q.Start)
	}
	if q.End != nil {
		p.To = min(p.To, *q.End-1)
	}
	if q.Token != "" {
		direction, at, err := parsePageToken(q.Token, st.number)
		if err != nil {
			return GetPage{}, err
		}
		p.Cursor, p.Descending = &at, direction == 'b'
	}
	page, err := s.engine.Page(ctx, p)
	if err != nil {
		return GetPage{}, err
	}
	if p.Descending {
		slices.Reverse(page.Events)
	}
	return tokens(page.Events, p, st.number, q.Token), nil
}

// latest is after every event: 2262, the end of the engine's time.
const latest = int64(9_000_000_000_000)

// tokens makes the answer of a page's events, oldest first.
func tokens(events []engine.Event, p engine.PageQuery, stream uint64, given string) GetPage {
	if len(events) > 0 {
		first, last := events[0].Position(), events[len(events)-1].Position()
		return GetPage{Events: events, Forward: pageToken('f', last, stream), Backward: pageToken('b', first, stream)}
	}
	// Nothing there: both directions go on from where the page would be.
	at := engine.Position{Time: max(p.From, 0)}
	if p.Cursor != nil {
		at = *p.Cursor
	}
	// A forward token begins after its place and a backward token before it, so
	// the one event at the place itself needs the neighbouring place.
	before, after := at, at
	if p.Cursor != nil && p.Descending && at.ID > 0 {
		after.ID--
	}
	if p.Cursor != nil && !p.Descending {
		before.ID++
	}
	page := GetPage{Forward: pageToken('f', after, stream), Backward: pageToken('b', before, stream)}
	if given != "" && p.Descending {
		page.Backward = given
	} else if given != "" {
		page.Forward = given
	}
	return page
}

func pageLimit(limit *int) (int, error) {
	if limit == nil {
		return maxPageEvents, nil
	}
	return *limit, checkLimit(*limit, maxPageEvents)
}

// Pattern decides which events a FilterLogEvents gives. *pattern.Pattern is one.
type Pattern interface {
	Match(message string) bool
	// Clauses returns lists of texts such that every matching message contains at
	// least one text of each list, byte for byte.
	Clauses() [][]string
	// Condition is what the members of every matching message fulfil; nil says nothing.
	Condition() *pattern.Condition
}

// FilterQuery is what FilterLogEvents asks for.
type FilterQuery struct {
	Group string
	// Streams and StreamPrefix exclude each other; neither means all streams.
	Streams      []string
	StreamPrefix string
	// Start and End, both included, are milliseconds; nil is no bound.
	Start, End *int64
	Pattern    Pattern // nil matches everything
	Limit      *int
	// Descending begins with the newest. A Token decides by itself.
	Descending bool
	Token      string
}

// FilteredEvent is an event with the name of its stream and its id.
type FilteredEvent struct {
	engine.Event
	StreamName string
	EventID    string
}

// scanRows is how many events one FilterLogEvents looks at, and scanTime how
// long it looks, before it answers with what it found and a token to go on. A
// rare pattern over a long time takes several calls, each of bounded time.
const (
	scanRows = 2_000_000
	scanTime = 3 * time.Second
)

// FilterLogEvents returns a page of a group's events in order of time, all
// streams interleaved, and the token of the next page. The token is empty once
// everything was seen; a page may be empty before that.
func (s *Service) FilterLogEvents(ctx context.Context, sc Scope, q FilterQuery) (events []FilteredEvent, token string, err error) {
	limit, err := pageLimit(q.Limit)
	if err != nil {
		return nil, "", err
	}
	if len(q.Streams) > 0 && q.StreamPrefix != "" {
		return nil, "", awserr.New(codeParameter, "LogStream name prefix and LogStream names are mutually exclusive parameters.")
	}
	g, numbers, err := s.searched(ctx, sc, q)
	if err != nil {
		return nil, "", err
	}
	if q.Start != nil && q.End != nil && *q.Start > *q.End {
		return nil, "", awserr.New(codeParameter, "endTime must be equal to or greater than startTime")
	}
	p := engine.PageQuery{
		Tenant: g.tenant, Streams: numbers, From: g.cutoff(s.millis()), To: latest,
		Limit: limit, MaxBytes: maxPageBytes, Descending: q.Descending, MaxScan: scanRows, MaxTime: scanTime,
	}
	if q.Start != nil {
		p.From = max(p.From, *q.Start)
	}
	if q.End != nil {
		p.To = min(p.To, *q.End)
	}
	if q.Pattern != nil {
		p.Match = q.Pattern.Match
		if p.Filter = memberFilter(q.Pattern.Condition()); p.Filter == nil {
			p.Contains = q.Pattern.Clauses()
		}
	}
	if q.Token != "" {
		var at engine.Position
		if p.Descending, at, err = parseFilterToken(q.Token, g.tenant.Group); err != nil {
			return nil, "", err
		}
		p.Cursor = &at
	}
	page, err := s.engine.Page(ctx, p)
	if err != nil {
		return nil, "", err
	}
	if page.Next != nil {
		token = filterToken(p.Descending, *page.Next, g.tenant.Group)
	}
	events, err = s.named(ctx, g, page.Events)
	return events, token, err
}

// searched returns the group and the numbers of the streams asked for, nil for all.
func (s *Service) searched(ctx context.Context, sc Scope, q FilterQuery) (g Group, numbers []uint64, err error) {
	err = s.db.Read(ctx, func(tx *sql.Tx) (err error) {
		if g, err = group(ctx, tx, sc, q.Group); err != nil {
			return err
		}
		if q.StreamPrefix != "" {
			numbers = []uint64{} // none is not all
			streams, err := selectStreams(ctx, tx, `group_number = ? AND name >= ? AND name < ?`,
				g.tenant.Group, q.StreamPrefix, q.StreamPrefix+lastRune)
			for _, st := range streams {
				numbers = append(numbers, st.number)
			}
			return err
		}
		for _, name := range q.Streams {
			st, err := stream(ctx, tx, g, name)
			if err != nil {
				return err
			}
			numbers = append(numbers, st.number)
		}
		return nil
	})
	return g, numbers, err
}

// named adds names and ids. Events of a stream deleted meanwhile are left out.
func (s *Service) named(ctx context.Context, g Group, events []engine.Event) ([]FilteredEvent, error) {
	names, err := s.streamNames(ctx, events)
	if err != nil {
		return nil, err
	}
	list := make([]FilteredEvent, 0, len(events))
	for _, e := range events {
		if name := names[e.Stream]; name != "" {
			list = append(list, FilteredEvent{Event: e, StreamName: name, EventID: eventID(g.tenant.Group, e)})
		}
	}
	return list, nil
}

// streamNames returns the names of the events' streams by number.
func (s *Service) streamNames(ctx context.Context, events []engine.Event) (map[uint64]string, error) {
	names := map[uint64]string{}
	var numbers []any
	for _, e := range events {
		if _, ok := names[e.Stream]; !ok {
			names[e.Stream] = ""
			numbers = append(numbers, e.Stream)
		}
	}
	const most = 500 // in one statement: databases have limits
	err := s.db.Read(ctx, func(tx *sql.Tx) error {
		for some := range slices.Chunk(numbers, most) {
			streams, err := selectStreams(ctx, tx, `number IN (?`+strings.Repeat(`, ?`, len(some)-1)+`)`, some...)
			if err != nil {
				return err
			}
			for _, st := range streams {
				names[st.number] = st.Name
			}
		}
		return nil
	})
	return names, err
}
