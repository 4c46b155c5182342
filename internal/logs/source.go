package logs

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"

	"waybill/internal/logs/engine"
)

// GroupName is a log group by name, of whatever account.
type GroupName struct {
	Scope
	Name string
}

// Source is several log groups opened for questions over their events, all or
// those of a time of each. What retention hides, and what was deleted, is not in it. It is safe for
// concurrent use, keeps nothing open, and does not notice groups and streams
// that are made after it.
type Source struct {
	s      *Service
	groups []Group
	// parts are the groups by the times that are looked at.
	parts   []sourcePart
	deleted []engine.Stream
	mean    float64

	mu      sync.Mutex
	streams map[uint64]SourceStream // guarded by mu; by number
}

// sourcePart is the groups of which the same is looked at: what is after cutoff,
// before which retention hides all, and in span.
type sourcePart struct {
	cutoff  int64
	span    span
	tenants []engine.Tenant
}

// SourceStream is a stream of a Source.
type SourceStream struct {
	Group *Group
	Name  string
}

// Groups returns the groups, in the order they were named.
func (src *Source) Groups() []Group { return src.groups }

// MeanBytes returns about how long the messages of the source's events are, in
// bytes: the mean of all that were put into its groups, since events are counted.
// It costs nothing. Zero means that none were.
func (src *Source) MeanBytes() float64 { return src.mean }

func (src *Source) meanBytes() float64 {
	var sum stored
	for i := range src.groups {
		n := src.groups[i].counted
		if g := src.s.streams.groupState(src.groups[i].tenant.Group); g != nil {
			n.events += g.addedEvents.Load()
			n.bytes += g.added.Load()
		}
		sum.events += n.events
		sum.bytes += n.bytes
	}
	if sum.events == 0 {
		return 0
	}
	return float64(sum.bytes)/float64(sum.events) - eventOverhead
}

// Scan gives the rows that q asks for, of q's time that is looked at, to
// take; see engine.Scan. q names no tenants, and streams only by their number.
func (src *Source) Scan(ctx context.Context, q engine.ScanQuery, take func(worker int, b *engine.Block) error) (engine.ScanStats, error) {
	var sum engine.ScanStats
	for _, p := range src.parts {
		stats, err := src.s.engine.Scan(ctx, src.of(p, q), take)
		sum.Rows += stats.Rows
		sum.Bytes += stats.Bytes
		sum.Found += stats.Found
		if err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// Spread tells how the rows of q's time lie; q.Filter is not looked at.
func (src *Source) Spread(ctx context.Context, q engine.ScanQuery) (engine.Spread, error) {
	var sum engine.Spread
	for _, p := range src.parts {
		s, err := src.s.engine.Spread(ctx, src.of(p, q))
		if err != nil {
			return engine.Spread{}, err
		}
		sum.Add(s)
	}
	return sum, nil
}

// Count returns how many rows q's time has; q.Filter is not looked at.
func (src *Source) Count(ctx context.Context, q engine.ScanQuery) (int, error) {
	sum := 0
	for _, p := range src.parts {
		n, err := src.s.engine.Count(ctx, src.of(p, q))
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// Fields counts, of the events of a time in milliseconds, both ends included, how
// many have each member of their message, under the names that queries know them by.
func (src *Source) Fields(ctx context.Context, from, to int64) (counts map[string]int, events int, err error) {
	counts = map[string]int{}
	for _, p := range src.parts {
		part, n, err := src.s.engine.Fields(ctx, src.of(p, engine.ScanQuery{From: from, To: to}))
		if err != nil {
			return nil, 0, err
		}
		events += n
		for column, k := range part {
			name := column
			if m, ok := engine.Member(column); ok && !strings.HasPrefix(m, "@") {
				name = m
			}
			counts[name] += k
		}
	}
	return counts, events, nil
}

// of makes q a question about one part.
func (src *Source) of(p sourcePart, q engine.ScanQuery) engine.ScanQuery {
	q.Tenants = p.tenants
	q.From, q.To = max(q.From, p.cutoff, p.span.from), min(q.To, p.span.to)
	q.Without = src.deleted
	if q.Streams == nil {
		return q
	}
	streams := []engine.Stream{}
	for _, t := range p.tenants {
		for _, st := range q.Streams {
			streams = append(streams, engine.Stream{Tenant: t, Number: st.Number})
		}
	}
	q.Streams = streams
	return q
}

// Stream returns the stream of a number. ok is false if it is not, or no longer, there.
func (src *Source) Stream(ctx context.Context, number uint64) (st SourceStream, ok bool, err error) {
	src.mu.Lock()
	defer src.mu.Unlock()
	if st, ok := src.streams[number]; ok {
		return st, st.Group != nil, nil
	}
	err = src.s.db.Read(ctx, func(tx *sql.Tx) error {
		if len(src.streams) == 0 {
			if err := src.readSomeStreams(ctx, tx); err != nil {
				return err
			}
		}
		if _, ok := src.streams[number]; ok {
			return nil
		}
		return src.readStreams(ctx, tx, `number = ?`, int64(number))
	})
	if err != nil {
		return SourceStream{}, false, fmt.Errorf("read log stream %d: %w", number, err)
	}
	st = src.streams[number]
	src.streams[number] = st // one that is not there is not asked for again
	return st, st.Group != nil, nil
}

// someStreams is how many streams of a group are read at once: an answer often has
// rows of all of them, if they are few.
const someStreams = 200

// readSomeStreams reads streams of each group, those with the newest events. mu is held.
func (src *Source) readSomeStreams(ctx context.Context, tx *sql.Tx) error {
	for i := range src.groups {
		err := src.readStreams(ctx, tx, `group_number = ? ORDER BY last_event_ms DESC LIMIT ?`, src.groups[i].tenant.Group, someStreams)
		if err != nil {
			return err
		}
	}
	return nil
}

// readStreams remembers the streams that where selects. mu is held.
func (src *Source) readStreams(ctx context.Context, tx *sql.Tx, where string, args ...any) error {
	rows, err := tx.QueryContext(ctx, `SELECT number, group_number, name FROM log_streams WHERE `+where, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var number int64
		var group uint32
		var st SourceStream
		if err := rows.Scan(&number, &group, &st.Name); err != nil {
			return err
		}
		for i := range src.groups {
			if src.groups[i].tenant.Group == group {
				st.Group = &src.groups[i]
			}
		}
		src.streams[uint64(number)] = st
	}
	return rows.Err()
}

// StreamsNamed returns the numbers of the streams of these names, in all groups.
func (src *Source) StreamsNamed(ctx context.Context, names []string) ([]engine.Stream, error) {
	list := []engine.Stream{}
	err := src.s.db.Read(ctx, func(tx *sql.Tx) error {
		for i := range src.groups {
			for _, name := range names {
				streams, err := selectStreams(ctx, tx, `group_number = ? AND name = ?`, src.groups[i].tenant.Group, name)
				if err != nil {
					return err
				}
				for _, st := range streams {
					list = append(list, engine.Stream{Tenant: src.groups[i].tenant, Number: st.number})
				}
			}
		}
		return nil
	})
	return list, err
}

// Pointer returns the @ptr of the stream's event at p; empty for a stream that is
// not there. number is the stream's.
func (st *SourceStream) Pointer(number uint64, p engine.Position) string {
	if st.Group == nil {
		return ""
	}
	return RecordPointer{Group: st.Group.tenant.Group, Stream: number, Position: p}.String()
}
