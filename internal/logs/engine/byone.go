package engine

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
)

// The library groups fastest by one column, but then takes texts that it can read
// as the same whole number for one group: "1_000" and 1000. Nothing of the kind
// happens by two columns. So rows grouped by one column are asked for by that one,
// and the groups that could be numbers, which mail has hardly any of, are left out
// and asked for once more, by two. A column that had such groups is asked for by two
// at once the next time.

// byOne is whether q groups by one column of texts.
func (q *ScanQuery) byOne() bool {
	return q.Group && len(q.Columns) == 1 && q.Columns[0] != colTime
}

// scanByOne is Scan for such a question.
func (e *Embedded) scanByOne(ctx context.Context, q *ScanQuery, take func(worker int, b *Block) error) (ScanStats, error) {
	if _, ok := e.numeric.Load(q.Columns[0]); ok {
		return e.scan(ctx, q, q.query(&e.apart, colPartial), take)
	}
	var numbers atomic.Bool
	stats, err := e.scan(ctx, q, q.query(&e.apart), func(worker int, b *Block) error {
		if b.only(func(text string) bool { return !maybeNumber(text) }) {
			numbers.Store(true)
		}
		return take(worker, b)
	})
	if err != nil || !numbers.Load() {
		return stats, err
	}
	e.numeric.Store(q.Columns[0], nil)
	more, err := e.scan(ctx, q, q.query(&e.apart, colPartial), func(worker int, b *Block) error {
		b.only(maybeNumber)
		return take(worker, b)
	})
	if errors.Is(err, ErrTooManyGroups) {
		// The caller must not begin anew: it has taken the other groups already.
		more, err = e.numbersByRow(ctx, q, take)
	}
	stats.Bytes += more.Bytes
	return stats, err
}

// numbersByRow gives the rows whose text could be a number, each as a group of one.
func (e *Embedded) numbersByRow(ctx context.Context, q *ScanQuery, take func(worker int, b *Block) error) (ScanStats, error) {
	rows := *q
	rows.Group = false
	return e.scan(ctx, &rows, rows.query(&e.apart), func(worker int, b *Block) error {
		b.Counts = slices.Repeat([]uint64{1}, b.N)
		b.only(maybeNumber)
		return take(worker, b)
	})
}

// maybeNumber reports whether the library might read a text as a whole number.
func maybeNumber(text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return text != ""
}

// only leaves the groups whose one text is kept, and reports whether others went.
func (b *Block) only(keep func(text string) bool) bool {
	texts := make([]string, 0, b.N) // the library's own are not to be written to
	for i, text := range b.Values[0] {
		if keep(text) {
			b.Counts[len(texts)] = b.Counts[i]
			texts = append(texts, text)
		}
	}
	gone := len(texts) < b.N
	b.N, b.Values[0], b.Counts = len(texts), texts, b.Counts[:len(texts)]
	return gone
}
