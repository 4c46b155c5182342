package plan

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"waybill/internal/insights/exec"
	"waybill/internal/logs/engine"
)

// Source is what a plan is run over. *logs.Source is one.
type Source interface {
	Scan(ctx context.Context, q engine.ScanQuery, take func(worker int, b *engine.Block) error) (engine.ScanStats, error)
	Spread(ctx context.Context, q engine.ScanQuery) (engine.Spread, error)
	Count(ctx context.Context, q engine.ScanQuery) (int, error)
	streamNames
}

// Run is one run of a plan. Its counters may be read while it goes on.
type Run struct {
	*Plan
	source  Source
	program *exec.Program
	env     *exec.Env

	// scanned is how many log events there are in the time that was looked at,
	// bytes how long the values were that the engine read of them.
	scanned, bytes atomic.Int64
	steps          []Step
	// there is how the log events of the time lie.
	there   engine.Spread
	workers []*exec.Worker
	readers []*reader
}

// Step is one question to the engine, for the operator.
type Step struct {
	What string
	// Rows is how many rows the engine looked at in blocks that its index could not
	// leave aside, Found how many its filter left.
	Rows, Found uint64
	Took        time.Duration
}

// NewRun readies a run of p by its program, which was compiled with env.
func NewRun(p *Plan, source Source, program *exec.Program, env *exec.Env) *Run {
	return &Run{Plan: p, source: source, program: program, env: env,
		workers: make([]*exec.Worker, engine.Workers()), readers: make([]*reader, engine.Workers())}
}

// Scanned returns how many log events were looked at so far, and how many bytes of them.
func (r *Run) Scanned() (events, bytes int64) { return r.scanned.Load(), r.bytes.Load() }

// Steps returns what was asked of the engine. Not before Feed has returned.
func (r *Run) Steps() []Step { return r.steps }

// Feed starts the program and gives it its rows.
func (r *Run) Feed(ctx context.Context) error {
	err := r.program.Start(ctx)
	if err == nil {
		err = r.feed(ctx)
	}
	if errors.Is(err, exec.ErrEnough) {
		return nil
	}
	return err
}

func (r *Run) feed(ctx context.Context) error {
	if err := r.spread(ctx); err != nil || r.there.Rows == 0 {
		return err
	}
	if r.All || r.options.NoPushDown {
		r.scanned.Store(int64(r.there.Rows))
		return r.whole(ctx)
	}
	if r.there.Partial > 0 {
		if err := r.partialRows(ctx); err != nil {
			return err
		}
	}
	if r.Way == Newest {
		return r.walk(ctx)
	}
	r.scanned.Store(int64(r.there.Rows))
	if r.worthTrying(r.there.Rows) {
		if err := r.resolve(ctx, r.there.First, r.there.Last); err != nil {
			return err
		}
	}
	if r.Way == Groups {
		return r.groups(ctx)
	}
	return r.rows(ctx, "rows", r.there.First, r.there.Last)
}

func isPartial() *engine.Filter {
	return &engine.Filter{Op: engine.Exists, Column: engine.ColumnPartial}
}

// full is the plan's filter for the rows all of whose members are columns.
func (r *Run) full() *engine.Filter {
	// An empty text is no text, and costs the engine less than to deny Exists.
	without := engine.Filter{Op: engine.Equal, Column: engine.ColumnPartial, Texts: []string{""}}
	if r.Filter == nil {
		return &without
	}
	return &engine.Filter{Op: engine.And, Of: []engine.Filter{*r.Filter, without}}
}

// groups counts each combination of the columns that are read, or, when there
// are too many, reads row by row.
func (r *Run) groups(ctx context.Context) error {
	l := r.newLayout(r.pinned, false, false)
	q := engine.ScanQuery{From: r.there.First, To: r.there.Last, Filter: r.full(), Columns: l.columns, Group: true, Every: r.Every}
	_, err := r.push(ctx, "groups", q, l, false)
	if errors.Is(err, engine.ErrTooManyGroups) {
		return r.rows(ctx, "rows, because there are too many groups", r.there.First, r.there.Last)
	}
	return err
}

// rows reads rows of a time.
func (r *Run) rows(ctx context.Context, what string, from, to int64) error {
	l := r.newLayout(r.pinned, true, false)
	_, err := r.push(ctx, what, engine.ScanQuery{From: from, To: to, Filter: r.full(), Columns: l.columns}, l, false)
	return err
}

// partialRows reads the rows with members that are no columns. The engine's filter
// is of no use for them.
func (r *Run) partialRows(ctx context.Context) error {
	l := r.newLayout(nil, true, true)
	q := engine.ScanQuery{From: r.Start, To: r.End, Filter: isPartial(), Columns: l.columns}
	_, err := r.push(ctx, "rows with members outside their columns", q, l, true)
	return err
}

// whole reads every row with its message, from which exec takes the fields: for
// commands that read all fields, and to compare with.
func (r *Run) whole(ctx context.Context) error {
	own := *r.Plan
	own.Fields = slices.DeleteFunc(slices.Clone(r.Fields), func(name string) bool { _, ok := column(name); return ok })
	l := own.newLayout(nil, true, true)
	l.members = r.Plan.everyField
	_, err := r.push(ctx, "every row", engine.ScanQuery{From: r.Start, To: r.End, Columns: l.columns}, l, true)
	return err
}

// push gives the rows of a scan to the program, one exec worker for each of the
// engine's.
func (r *Run) push(ctx context.Context, what string, q engine.ScanQuery, l *layout, partial bool) (engine.ScanStats, error) {
	clear(r.readers)
	return r.scan(ctx, what, q, func(worker int, b *engine.Block) error {
		if r.readers[worker] == nil {
			r.readers[worker] = newReader(l, r.source)
		}
		if r.workers[worker] == nil {
			r.workers[worker] = r.program.Worker()
		}
		batch, err := r.readers[worker].read(ctx, b, partial)
		if err != nil {
			return err
		}
		return r.workers[worker].Push(batch)
	})
}

// spread asks how the rows of the plan's time lie.
func (r *Run) spread(ctx context.Context) (err error) {
	start := time.Now()
	r.there, err = r.source.Spread(ctx, engine.ScanQuery{From: r.Start, To: r.End})
	r.steps = append(r.steps, Step{"count", uint64(r.there.Rows), 0, time.Since(start)})
	return err
}

// count asks how many rows a time has.
func (r *Run) count(ctx context.Context, from, to int64) (int, error) {
	start := time.Now()
	n, err := r.source.Count(ctx, engine.ScanQuery{From: from, To: to})
	r.steps = append(r.steps, Step{"count", uint64(n), 0, time.Since(start)})
	return n, err
}

func (r *Run) scan(ctx context.Context, what string, q engine.ScanQuery, take func(int, *engine.Block) error) (engine.ScanStats, error) {
	start := time.Now()
	stats, err := r.source.Scan(ctx, q, func(worker int, b *engine.Block) (err error) {
		// This is a goroutine of the engine's: a panic here would end the server.
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			}
		}()
		return take(worker, b)
	})
	r.bytes.Add(int64(stats.Bytes))
	r.steps = append(r.steps, Step{what, stats.Rows, stats.Found, time.Since(start)})
	return stats, err
}
