package engine

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
)

// A page is found by walking windows of time from the end asked for. A query
// over a whole month that wants its newest hundred events reads the month (18 s
// for 10 million rows); a count over a window reads hardly more than the
// library's index, so windows are sized by counting: doubled while they hold
// little, cut while they hold much.
const (
	// firstWindow is the first window's length in milliseconds.
	firstWindow = 10_000
	// windowRows is how many rows one window is read with at most, unless they
	// all fall on one millisecond; fewer for small pages. Where a filter leaves
	// pages empty the windows grow up to filteredWindowRows; a page keeps no more
	// than its own events in memory, however long its windows are.
	minWindowRows      = 2000
	usualBytes         = 128 // of a short message; a page of MaxBytes has hardly more of them
	windowRows         = 20_000
	filteredWindowRows = 500_000
	// slowWindow is how long a window may take that longer ones follow.
	slowWindow = 300 * time.Millisecond
)

// Page returns one page of events in order.
func (e *Embedded) Page(ctx context.Context, q PageQuery) (Page, error) {
	if q.Streams != nil && len(q.Streams) == 0 {
		return Page{}, nil
	}
	e.show()
	w := walk{e: e, q: &q, began: time.Now(), from: q.From, to: q.To, best: newBest(&q)}
	if c := q.Cursor; c != nil && q.Descending {
		w.to = min(w.to, c.Time)
	} else if c != nil {
		w.from = max(w.from, c.Time)
	}
	w.clamp()
	if err := w.run(ctx); err != nil {
		return Page{}, err
	}
	return Page{Events: w.best.sorted(), Next: w.next, Scanned: w.scanned}, nil
}

// walk is one search for a page. The rows of [from, to] are yet to be seen.
type walk struct {
	e        *Embedded
	q        *PageQuery
	began    time.Time
	from, to int64
	best     *best
	scanned  int
	next     *Position
}

// clamp narrows the range to the days that the storage has at all, so that a
// search of all time does not walk empty years.
func (w *walk) clamp() {
	days := w.e.storage.PartitionList() // in order
	if len(days) == 0 {
		w.to = w.from - 1
		return
	}
	w.from = max(w.from, dayStart(days[0]))
	w.to = min(w.to, dayStart(days[len(days)-1])+dayMillis-1)
}

func (w *walk) run(ctx context.Context) error {
	size := int64(firstWindow)
	target := min(max(minWindowRows, 4*w.q.Limit), max(minWindowRows, w.q.MaxBytes/usualBytes), windowRows)
	filtered := len(w.q.Contains) > 0 || w.q.Filter != nil || w.q.Match != nil
	for w.from <= w.to {
		from, to := w.window(size)
		there, err := w.e.count(ctx, w.q, from, to)
		n, first, last := there.Rows, there.First, there.Last
		switch {
		case err != nil:
			return err
		case n == 0:
			w.advance(from, to)
			size = min(8*size, maxWindow)
			continue
		case n > target && last > first:
			// Go on where the rows begin, aiming at half the target: they do not
			// come evenly.
			w.skipTo(first, last)
			size = max(1, (last-first+1)*int64(target)/int64(2*n))
			continue
		}
		reading := time.Now()
		if err := w.e.read(ctx, w.q, first, last, w.best); err != nil {
			return err
		}
		w.scanned += n
		w.advance(from, to)
		if w.ended() {
			return nil
		}
		if filtered && time.Since(reading) < slowWindow {
			target = min(2*target, filteredWindowRows)
		}
		if n < target/2 {
			size = min(size*int64(min(8, max(2, target/(2*n)))), maxWindow)
		}
	}
	return nil
}

// maxWindow keeps sizes from overflowing.
const maxWindow = 1 << 44

// skipTo leaves out the empty time before the window's first row.
func (w *walk) skipTo(first, last int64) {
	if w.q.Descending {
		w.to = last
	} else {
		w.from = first
	}
}

// window returns the next window at the end asked for, of that length or, where
// that is most of it, up to the end of a day of the library's: a block of its rows
// lies within a day, and of one that lies within the window the times need not be read.
func (w *walk) window(size int64) (from, to int64) {
	if w.q.Descending {
		from = w.to - size + 1
		if day := (floorDiv(from-1, dayMillis) + 1) * dayMillis; day <= w.to-size/4 {
			from = day
		}
		return max(w.from, from), w.to
	}
	to = w.from + size - 1
	if day := floorDiv(to+1, dayMillis)*dayMillis - 1; day >= w.from+size/4 {
		to = day
	}
	return w.from, min(w.to, to)
}

func (w *walk) advance(from, to int64) {
	if w.q.Descending {
		w.to = from - 1
	} else {
		w.from = to + 1
	}
}

// ended reports whether the page is complete, and notes where the next begins.
func (w *walk) ended() bool {
	if w.best.dropped {
		// There was more than fits, so the page is full.
		last := w.best.last().Position()
		w.next = &last
		return true
	}
	if w.from > w.to {
		return true
	}
	if w.best.full() || w.tired() {
		w.next = w.edge()
		return true
	}
	return false
}

// tired reports whether the page has looked for long enough.
func (w *walk) tired() bool {
	return w.q.MaxScan > 0 && w.scanned >= w.q.MaxScan || w.q.MaxTime > 0 && time.Since(w.began) >= w.q.MaxTime
}

// edge is the place up to which, in the order asked for, everything was seen.
// Row ids begin at 1.
func (w *walk) edge() *Position {
	if w.q.Descending {
		return &Position{Time: w.to + 1}
	}
	return &Position{Time: w.from}
}

// count returns how many rows the window has, the text filter left aside, and
// the times of the first and the last.
func (e *Embedded) count(ctx context.Context, q *PageQuery, from, to int64) (Spread, error) {
	a := spreadAsk{e: e, tenants: []logstorage.TenantID{q.Tenant.id()}, rows: e.apart.streamsFilter(q)}
	return a.of(ctx, spreadColumns, from, to)
}

// read gives the rows of the window that q asks for to best.
func (e *Embedded) read(ctx context.Context, q *PageQuery, from, to int64, best *best) error {
	query := e.apart.streamsFilter(q) + containsFilter(q.Contains) + memberFilter(q.Filter) + " | fields " + eventColumns
	readers := make([]blockReader, Workers())
	return e.runParallel(ctx, []logstorage.TenantID{q.Tenant.id()}, query, nanos(from), nanosEnd(to),
		func(worker int, b *logstorage.DataBlock) {
			if r := &readers[worker]; r.open(b) {
				best.take(ctx, r)
			}
		})
}

// streamsFilter selects the rows of q's streams.
func (a *Apart) streamsFilter(q *PageQuery) string {
	var streams []Stream // nil for nil; an empty list is no question
	for _, s := range q.Streams {
		streams = append(streams, Stream{q.Tenant, s})
	}
	return a.streams("", streams)
}

// containsFilter selects messages that contain a text of each list, byte for byte.
func containsFilter(lists [][]string) string {
	var b strings.Builder
	for _, texts := range lists {
		if len(texts) == 0 || slices.ContainsFunc(texts, unsearchable) {
			continue
		}
		alternatives := make([]string, len(texts))
		for i, t := range texts {
			alternatives[i] = colMessage + ":*" + quote(t) + "*"
		}
		b.WriteString(" (" + strings.Join(alternatives, " or ") + ")")
	}
	return b.String()
}

func memberFilter(f *Filter) string {
	if f == nil {
		return ""
	}
	var b strings.Builder
	b.WriteByte(' ')
	f.query(&b)
	return b.String()
}

// unsearchable texts cannot be looked for: every message has the empty one, and
// the library's index splits words differently where UTF-8 is broken.
func unsearchable(text string) bool { return text == "" || !utf8.ValidString(text) }

// quote quotes a text for the library's query language, which reads Go's quoted strings.
func quote(s string) string { return strconv.Quote(s) }

func nanos(ms int64) int64    { return ms * int64(time.Millisecond) }
func nanosEnd(ms int64) int64 { return nanos(ms) + int64(time.Millisecond) - 1 }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
