package exec

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Program is a compiled query with the state of one run of it.
type Program struct {
	env     *Env
	fields  []string
	keepers []keeper
	// front is what each worker does with a row until gather takes it.
	front  []rowOp
	gather func(b *budget) gather
	// rest is what follows on the rows that gather gives.
	rest    []listOp
	columns []outColumn
	// before are the subqueries and tables to have before the first row.
	before []func(ctx context.Context) error
	first  *era
	all    bool // every field must be delivered
	budget *budget
	// ctx is Start's: when it ends, Push does.
	ctx context.Context
	// asked is more than 0 while somebody waits for a worker's lock, and once the run
	// is to end.
	asked atomic.Int32
	// ready is set when before is done: until then rest must not run.
	ready atomic.Bool

	mu      sync.Mutex
	workers []*Worker
}

// sink takes a row; rowOp puts a step in front of one.
type (
	sink  func(r *row) error
	rowOp func(next sink) sink
)

// listOp is a step on all the rows at once, in order.
type listOp func(ctx context.Context, b *budget, rows []*row) ([]*row, error)

// outColumn is a column of the answer.
type outColumn struct {
	name string
	of   eval
}

// Needs returns what the program reads of the rows.
func (p *Program) Needs() Needs {
	fields := slices.Clone(p.fields)
	slices.Sort(fields)
	return Needs{Fields: fields, All: p.all}
}

// Worker evaluates rows; one goroutine at a time may use it.
type Worker struct {
	prog   *Program
	mu     sync.Mutex // held by Push, and by whoever looks at gather meanwhile
	gather gather     // nil once Finish has it
	sink   sink
	bound  bound
	row    row
	// matched counts the rows that came through to gather.
	matched int64
}

// Worker returns a new worker.
func (p *Program) Worker() *Worker {
	w := &Worker{prog: p, gather: p.gather(p.budget)}
	w.sink = chain(p.front, func(r *row) error {
		w.matched += r.weight
		return w.gather.push(r)
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.workers = append(p.workers, w)
	return w
}

func chain(ops []rowOp, last sink) sink {
	for _, op := range slices.Backward(ops) {
		last = op(last)
	}
	return last
}

// pause lets go of the lock for whoever waits for it, and returns why the run is
// to end, if it is.
func (w *Worker) pause() error {
	w.mu.Unlock()
	runtime.Gosched()
	w.mu.Lock()
	return w.prog.ended()
}

// look takes the lock, for which Push makes way between two rows: a row may take
// long, a batch of them very long.
func (w *Worker) look() {
	w.prog.asked.Add(1)
	w.mu.Lock()
	w.prog.asked.Add(-1)
}

// Push evaluates a batch. ErrEnough says that no further rows are needed.
func (w *Worker) Push(b *Batch) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bound.bind(b, w.prog.fields)
	if n := w.prog.first.slots; len(w.row.slots) != n {
		w.row.slots = make([]value, n)
	}
	r := &w.row
	r.src, r.weight = &w.bound, 1
	for i := range b.N {
		if i&1023 == 0 || w.prog.asked.Load() > 0 {
			if err := w.pause(); err != nil {
				return err
			}
		}
		r.i, r.large = i, 0
		if b.Times != nil {
			r.time = b.Times[i]
		}
		if b.Seq != nil {
			r.seq = b.Seq[i]
		}
		if b.Counts != nil {
			r.weight = int64(b.Counts[i])
		}
		if err := w.sink(r); err != nil {
			return err
		}
	}
	return nil
}

// Start runs the subqueries and reads the tables that rows are compared with. It
// must return before the first Push. When ctx ends, so does Push.
func (p *Program) Start(ctx context.Context) error {
	p.ctx = ctx
	context.AfterFunc(ctx, func() { p.asked.Add(1) }) // and so for good
	for _, f := range p.before {
		if err := f(ctx); err != nil {
			return err
		}
	}
	p.ready.Store(true)
	return nil
}

// ended returns why the run is to end, if it is.
func (p *Program) ended() error {
	if p.ctx == nil {
		return nil
	}
	return p.ctx.Err()
}

// Partial returns the answer as of the rows that came so far; workers may go on
// meanwhile. There is none before the subqueries and tables are read, nor once
// Finish has taken the rows.
func (p *Program) Partial(ctx context.Context) (*Result, error) {
	if len(p.before) > 0 && !p.ready.Load() {
		return &Result{}, nil
	}
	b := &budget{limits: p.budget.limits}
	all := p.gather(b)
	p.mu.Lock()
	workers := slices.Clone(p.workers)
	p.mu.Unlock()
	matched := int64(0)
	for _, w := range workers {
		held, err := w.addTo(all)
		if err != nil {
			return nil, err
		}
		if !held {
			return &Result{}, nil
		}
		matched += w.count()
	}
	return p.result(ctx, b, all, matched)
}

// addTo merges what the worker holds into all. held is false once Finish has it.
func (w *Worker) addTo(all gather) (held bool, err error) {
	w.look()
	defer w.mu.Unlock()
	if w.gather == nil {
		return false, nil
	}
	return true, all.merge(w.gather)
}

// take takes from the worker what it holds.
func (w *Worker) take() gather {
	w.mu.Lock()
	defer w.mu.Unlock()
	g := w.gather
	w.gather = nil
	return g
}

// Matched returns how many rows have come through the filters so far.
func (p *Program) Matched() int64 {
	p.mu.Lock()
	workers := slices.Clone(p.workers)
	p.mu.Unlock()
	matched := int64(0)
	for _, w := range workers {
		matched += w.count()
	}
	return matched
}

// count is the worker's part of Matched.
func (w *Worker) count() int64 {
	w.look()
	defer w.mu.Unlock()
	return w.matched
}

// Finish returns the answer. No worker may be pushing any more.
func (p *Program) Finish(ctx context.Context) (*Result, error) {
	matched := p.Matched()
	var all gather
	for _, w := range p.workers {
		switch g := w.take(); {
		case all == nil:
			all = g
		default:
			if err := all.merge(g); err != nil {
				return nil, err
			}
		}
	}
	if all == nil {
		all = p.gather(p.budget)
	}
	return p.result(ctx, p.budget, all, matched)
}

func (p *Program) result(ctx context.Context, b *budget, all gather, matched int64) (*Result, error) {
	rows, err := all.rows()
	if err != nil {
		return nil, err
	}
	for _, op := range p.rest {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if rows, err = op(ctx, b, rows); err != nil {
			return nil, err
		}
	}
	return p.answer(rows, matched), nil
}

func (p *Program) answer(rows []*row, matched int64) *Result {
	res := &Result{Matched: matched, Rows: make([][]Field, len(rows))}
	for _, c := range p.columns {
		if c.name != FieldPtr {
			res.Columns = append(res.Columns, c.name)
		}
	}
	for i, r := range rows {
		fields := make([]Field, 0, len(p.columns))
		for _, c := range p.columns {
			if v := c.of(r); v.kind != kindNull {
				fields = append(fields, Field{c.name, v.display()})
			}
		}
		res.Rows[i] = fields
	}
	return res
}

// Run runs p over one source and returns the answer.
func (p *Program) Run(ctx context.Context, src Source) (*Result, error) {
	if err := p.Start(ctx); err != nil {
		return nil, err
	}
	w := p.Worker()
	err := src(ctx, func(b *Batch) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return w.Push(b)
	})
	if err != nil && !errors.Is(err, ErrEnough) {
		return nil, err
	}
	return p.Finish(ctx)
}
