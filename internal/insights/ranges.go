package insights

import (
	"context"
	"time"

	"waybill/internal/insights/syntax"
	"waybill/internal/logs"
)

// window is the time that a query asks about, in milliseconds, both ends included.
type window struct{ start, end int64 }

// of returns the time of a SOURCE command: its own, or for an end that it does not
// name the query's.
func (w window) of(source *syntax.Source, now time.Time) window {
	if source.Start != nil {
		w.start = source.Start.First(now)
	}
	if source.End != nil {
		w.end = source.End.End(now)
	}
	return w
}

// checkTimes refuses SOURCE commands, of q and its subqueries, that end before they start.
func checkTimes(q *syntax.Query, asked window, now time.Time) error {
	for _, list := range sources(q) {
		for _, source := range list {
			if w := asked.of(source, now); w.end < w.start {
				return malformed(&syntax.Error{Query: q.Text, Span: source.Span, Problem: "the time ends before it starts"})
			}
		}
	}
	return nil
}

// open opens what a query with SOURCE commands reads, of the groups that permission
// was given for, and returns the time from the first to the last that it asks about.
func (s *Service) open(ctx context.Context, r *Request, list []*syntax.Source, now time.Time) (*logs.Source, window, error) {
	asked := window{r.Start, r.End}
	var ranges []logs.GroupRange
	whole := asked
	for i, source := range list {
		w := asked.of(source, now)
		if i == 0 {
			whole = w
		}
		whole = window{min(whole.start, w.start), max(whole.end, w.end)}
		names, err := s.groupsOf(ctx, r.Scope, source)
		if err != nil {
			return nil, window{}, err
		}
		for _, name := range within(names, r.groups()) {
			ranges = append(ranges, logs.GroupRange{GroupName: name, From: w.start, To: w.end})
		}
	}
	opened, err := s.Logs.OpenRanges(ctx, ranges)
	return opened, whole, err
}
