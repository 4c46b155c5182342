package engine

import (
	"context"
	"fmt"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
)

// Spread is how rows lie in time.
type Spread struct {
	// Rows is how many there are; Partial is how many of them have members that are
	// in their messages alone.
	Rows, Partial int
	// First and Last are the times in milliseconds of the first and the last; of no
	// rows they mean nothing.
	First, Last int64
}

// Add takes in the rows of o.
func (s *Spread) Add(o Spread) {
	if o.Rows == 0 {
		return
	}
	if s.Rows == 0 {
		s.First, s.Last = o.First, o.Last
	}
	s.First, s.Last = min(s.First, o.First), max(s.Last, o.Last)
	s.Rows += o.Rows
	s.Partial += o.Partial
}

// Spread tells how the rows of q's tenants, streams and time lie; its Filter is
// left aside. Days that nothing was added to since the last question are known.
func (e *Embedded) Spread(ctx context.Context, q ScanQuery) (Spread, error) {
	var sum Spread
	days := e.storage.PartitionList() // in order
	if len(days) == 0 || len(q.Tenants) == 0 || q.Streams != nil && len(q.Streams) == 0 {
		return sum, nil
	}
	from := max(q.From, dayStart(days[0]))
	to := min(q.To, dayStart(days[len(days)-1])+dayMillis-1)
	if from > to {
		return sum, nil
	}
	a := spreadAsk{e: e, tenants: tenantIDs(q.Tenants), rows: q.rows(&e.apart)}
	// Before show: what is added from here on makes what is noted below void.
	states := e.spreads.states(days)
	e.show()
	whole := a.whole(&q, days, from, to)
	if len(whole) == 0 {
		return a.of(ctx, spreadColumns+partialColumn, from, to)
	}
	first, last := dayStart(whole[0]), dayStart(whole[len(whole)-1])+dayMillis-1
	for _, edge := range [][2]int64{{from, first - 1}, {last + 1, to}} {
		if edge[0] > edge[1] {
			continue
		}
		s, err := a.of(ctx, spreadColumns+partialColumn, edge[0], edge[1])
		if err != nil {
			return sum, err
		}
		sum.Add(s)
	}
	s, err := a.days(ctx, whole, states)
	sum.Add(s)
	return sum, err
}

// Count returns how many rows there are in q's tenants, streams and time, its Filter
// left aside. It costs less than Spread.
func (e *Embedded) Count(ctx context.Context, q ScanQuery) (int, error) {
	if len(q.Tenants) == 0 || q.Streams != nil && len(q.Streams) == 0 || q.From > q.To {
		return 0, nil
	}
	e.show()
	a := spreadAsk{e: e, tenants: tenantIDs(q.Tenants), rows: q.rows(&e.apart)}
	s, err := a.of(ctx, countColumn, q.From, q.To)
	return s.Rows, err
}

// spreadAsk asks how rows lie that rows selects in the library's language.
type spreadAsk struct {
	e       *Embedded
	tenants []logstorage.TenantID
	rows    string
}

// whole returns the days in [from, to] whose counts may be known: none where streams
// are told apart, while a deletion goes on, or after an Add that failed, whose rows
// may come to be seen at any time.
func (a *spreadAsk) whole(q *ScanQuery, days []string, from, to int64) []string {
	if q.Streams != nil || len(q.Without) > 0 || a.e.isDeleting() || a.e.broken.Load() != nil {
		return nil
	}
	for len(days) > 0 && dayStart(days[0]) < from {
		days = days[1:]
	}
	for len(days) > 0 && dayStart(days[len(days)-1])+dayMillis-1 > to {
		days = days[:len(days)-1]
	}
	return days
}

// spreadColumns are what makes a Spread without Partial: what the library answers
// from the headers of its blocks where the time has them whole.
const (
	countColumn   = "count() n"
	spreadColumns = countColumn + ", min(" + colTime + ") first, max(" + colTime + ") last"
	partialColumn = ", count(\"" + colPartial + "\") partial"
)

func spreadOf(b *logstorage.DataBlock, row int) Spread {
	s := Spread{Rows: int(number(cell(b, "n", row))), Partial: int(number(cell(b, "partial", row)))}
	if first := cell(b, "first", row); s.Rows > 0 && first != "" {
		s.First, s.Last = millis(first), millis(cell(b, "last", row))
	}
	return s
}

// of asks about a time.
func (a *spreadAsk) of(ctx context.Context, columns string, from, to int64) (s Spread, err error) {
	err = a.e.run(ctx, a.tenants, a.rows+" | stats "+columns, nanos(from), nanosEnd(to), func(b *logstorage.DataBlock) {
		s = spreadOf(b, 0)
	})
	if err == nil && s.Rows > 0 && columns != countColumn && (s.First < from || s.Last > to || s.First > s.Last) {
		err = fmt.Errorf("log engine query: %d rows from %d to %d were asked for, not %d to %d", s.Rows, s.First, s.Last, from, to)
	}
	return s, err
}

// days asks about whole days, of those that are not known all in one.
func (a *spreadAsk) days(ctx context.Context, days []string, states map[string]uint64) (sum Spread, err error) {
	known := a.e.spreads.known(a.tenants, days)
	first, last := -1, -1
	for i, day := range days {
		if _, ok := known[day]; ok {
			continue
		}
		if first < 0 {
			first = i
		}
		last = i
	}
	if first >= 0 {
		fresh, err := a.byDay(ctx, days[first:last+1])
		if err != nil {
			return sum, err
		}
		a.e.spreads.note(a.tenants, fresh, states)
		for day, s := range fresh {
			known[day] = s
		}
	}
	for _, s := range known {
		sum.Add(s)
	}
	return sum, nil
}

// byDay asks about days, each by itself.
func (a *spreadAsk) byDay(ctx context.Context, days []string) (map[string]Spread, error) {
	spreads := map[string]Spread{}
	for _, day := range days {
		spreads[day] = Spread{} // rows or none
	}
	from, to := nanos(dayStart(days[0])), nanosEnd(dayStart(days[len(days)-1])+dayMillis-1)
	err := a.e.run(ctx, a.tenants, a.rows+" | stats by ("+colTime+":1d) "+spreadColumns+partialColumn, from, to, func(b *logstorage.DataBlock) {
		for row := range b.RowsCount() {
			spreads[dayName(millis(cell(b, colTime, row)))] = spreadOf(b, row)
		}
	})
	return spreads, err
}
