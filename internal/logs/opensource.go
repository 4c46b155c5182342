package logs

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"

	"waybill/internal/awserr"
	"waybill/internal/logs/engine"
)

// GroupRange is a log group and the time that is looked at of it, in milliseconds,
// both ends included.
type GroupRange struct {
	GroupName
	From, To int64
}

// span is a time in milliseconds, both ends included.
type span struct{ from, to int64 }

// OpenSource opens groups over all their time. A missing one is
// ResourceNotFoundException with StartQuery's text; a name given twice counts once.
func (s *Service) OpenSource(ctx context.Context, names []GroupName) (*Source, error) {
	ranges := make([]GroupRange, len(names))
	for i, n := range names {
		ranges[i] = GroupRange{n, math.MinInt64, math.MaxInt64}
	}
	return s.OpenRanges(ctx, ranges)
}

// OpenRanges opens groups over a time of each, as OpenSource does. Of a group that
// is named more than once all the times are looked at.
func (s *Service) OpenRanges(ctx context.Context, ranges []GroupRange) (*Source, error) {
	src := &Source{s: s, streams: map[uint64]SourceStream{}}
	spans := map[GroupName][]span{}
	now := s.millis()
	err := s.db.Read(ctx, func(tx *sql.Tx) error {
		for _, r := range ranges {
			if _, seen := spans[r.GroupName]; !seen {
				if err := src.open(ctx, tx, r.GroupName); err != nil {
					return err
				}
			}
			spans[r.GroupName] = append(spans[r.GroupName], span{r.From, r.To})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range src.groups {
		g := &src.groups[i]
		for _, sp := range joined(spans[GroupName{Scope{g.Account, g.Region}, g.Name}]) {
			src.add(g, g.cutoff(now), sp)
		}
	}
	src.mean = src.meanBytes()
	return src, nil
}

// open reads what is to know of a group.
func (src *Source) open(ctx context.Context, tx *sql.Tx, n GroupName) error {
	g, err := group(ctx, tx, n.Scope, n.Name)
	if awserr.HasCode(err, codeNotFound) {
		err = awserr.New(codeNotFound, "Log group '%s' does not exist for account ID '%s'", n.Name, n.Account)
	}
	if err != nil {
		return err
	}
	src.groups = append(src.groups, g)
	deleted, err := deletedStreams(ctx, tx, g.tenant)
	src.deleted = append(src.deleted, deleted...)
	return err
}

// joined makes one of the spans that overlap, so that no event is in two.
func joined(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	out := spans[:0]
	for _, sp := range spans {
		if last := len(out) - 1; last >= 0 && sp.from <= out[last].to {
			out[last].to = max(out[last].to, sp.to)
			continue
		}
		out = append(out, sp)
	}
	return out
}

// add puts the group into the part of its times.
func (src *Source) add(g *Group, cutoff int64, sp span) {
	for i := range src.parts {
		if p := &src.parts[i]; p.cutoff == cutoff && p.span == sp {
			p.tenants = append(p.tenants, g.tenant)
			return
		}
	}
	src.parts = append(src.parts, sourcePart{cutoff, sp, []engine.Tenant{g.tenant}})
}

// Moved returns the source with the times that are looked at so many milliseconds
// later, or earlier: a comparison with another time asks it.
func (src *Source) Moved(by int64) *Source {
	moved := &Source{s: src.s, groups: src.groups, deleted: src.deleted, mean: src.mean, streams: map[uint64]SourceStream{}}
	for _, p := range src.parts {
		p.span = p.span.moved(by)
		moved.parts = append(moved.parts, p)
	}
	return moved
}

// moved moves the ends that there are.
func (sp span) moved(by int64) span {
	if sp.from != math.MinInt64 {
		sp.from += by
	}
	if sp.to != math.MaxInt64 {
		sp.to += by
	}
	return sp
}

// deletedStreams returns the group's streams whose rows the engine has yet to delete.
func deletedStreams(ctx context.Context, tx *sql.Tx, t engine.Tenant) ([]engine.Stream, error) {
	rows, err := tx.QueryContext(ctx, `SELECT stream_number FROM log_purges WHERE group_number = ? AND stream_number <> 0`, t.Group)
	if err != nil {
		return nil, fmt.Errorf("read deleted log streams: %w", err)
	}
	defer rows.Close()
	var list []engine.Stream
	for rows.Next() {
		st := engine.Stream{Tenant: t}
		if err := rows.Scan(&st.Number); err != nil {
			return nil, fmt.Errorf("read deleted log streams: %w", err)
		}
		list = append(list, st)
	}
	return list, rows.Err()
}
