package plan

import (
	"context"
)

// A query that wants the newest rows is answered from the newest end: windows of
// time are read until enough rows came through its conditions. The engine tells
// from its headers alone how many rows a window has, so windows are sized by
// rows, and the next one by how many of the last came through. If none did, what
// is looked for is rare, and the rest is read at once.
const (
	firstRows = 20_000
	// growth is how much larger than the last a window may be.
	growth = 16
	// spare is how much larger than the estimate it is.
	spare = 1.5
)

// walker is one walk; the rows in [from, to] are yet to be seen.
type walker struct {
	*Run
	from, to int64
	// left is how many rows there are in it.
	left int
}

func (r *Run) walk(ctx context.Context) error {
	w := walker{Run: r, from: r.there.First, to: r.there.Last, left: r.there.Rows}
	size := firstRows
	if len(w.conditions) == 0 {
		size = w.Limit // each row counts
	}
	for w.left > 0 {
		if w.worthTrying(size) {
			if err := w.resolve(ctx, w.from, w.to); err != nil {
				return err
			}
		}
		rows, err := w.window(ctx, size)
		if err != nil {
			return err
		}
		matched := int(w.program.Matched())
		if matched >= w.Limit {
			return nil
		}
		if matched == 0 {
			size = w.left
		} else {
			size = next(rows, matched, int(w.scanned.Load()), w.Limit)
		}
	}
	return nil
}

// next returns how many rows the next window should have.
func next(last, matched, scanned, limit int) int {
	most := growth * max(last, firstRows)
	estimate := float64(limit-matched) / float64(matched) * float64(scanned) * spare
	return max(firstRows, int(min(estimate, float64(most))))
}

// window reads the next window of about size rows, and takes it off.
func (w *walker) window(ctx context.Context, size int) (rows int, err error) {
	from, to, rows, err := w.cut(ctx, size)
	if err != nil {
		return 0, err
	}
	if err := w.rows(ctx, "window", from, to); err != nil {
		return 0, err
	}
	w.scanned.Add(int64(rows))
	w.left -= rows
	if w.Ascending {
		w.from = to + 1
	} else {
		w.to = from - 1
	}
	return rows, nil
}

// cut finds a window at the end of the walk that has about size rows: all there
// is when it is not many more, or what halving leads to.
func (w *walker) cut(ctx context.Context, size int) (from, to int64, rows int, err error) {
	from, to, rows = w.from, w.to, w.left
	for rows > 2*size && from < to {
		// Rows do not come evenly, but a share of the time is a fair first guess.
		length := max(1, int64(float64(to-from+1)*float64(size)/float64(rows)*1.5))
		length = min(length, (to-from+1)*3/4)
		a, b := to-length+1, to
		if w.Ascending {
			a, b = from, from+length-1
		}
		n, err := w.count(ctx, a, b)
		if err != nil {
			return 0, 0, 0, err
		}
		if n == 0 && !w.covers(a, b) {
			// An empty stretch: nothing to read there, and the rest begins beyond it.
			w.skip(a, b)
			from, to = w.from, w.to
			continue
		}
		from, to, rows = a, b, n
	}
	return from, to, rows, nil
}

func (w *walker) covers(a, b int64) bool { return a <= w.from && b >= w.to }

func (w *walker) skip(a, b int64) {
	if w.Ascending {
		w.from = b + 1
	} else {
		w.to = a - 1
	}
}
