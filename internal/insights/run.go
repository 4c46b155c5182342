package insights

import (
	"context"
	"errors"
	"sync"
	"time"

	"waybill/internal/awserr"
	"waybill/internal/insights/exec"
	"waybill/internal/insights/plan"
	"waybill/internal/insights/syntax"
	"waybill/internal/logs"
)

// run is the work of one query: its own plan, and those of its subqueries.
type run struct {
	service *Service
	request *Request
	source  *logs.Source
	now     time.Time // when the query was started
	plan    *plan.Run
	tables  tables

	mu      sync.Mutex
	program *exec.Program // guarded by mu; nil after release
	matched int64         // guarded by mu; what program had matched at the end
	subs    []*plan.Run   // guarded by mu
}

// running returns the program; nil after the end.
func (r *run) running() *exec.Program {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.program
}

// release lets go of the rows, groups and tables that the query held: its answer
// and its figures are kept for days.
func (r *run) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.matched, r.program = r.program.Matched(), nil
	r.plan.Release()
	for _, p := range r.subs {
		p.Release()
	}
	r.tables.forget()
}

// parse reads and prepares a query; what is wrong with it is MalformedQueryException.
func parse(text string) (*syntax.Query, error) {
	q, err := syntax.Parse(text)
	if err == nil {
		q, err = syntax.Prepare(q)
	}
	if err != nil {
		return nil, malformed(err)
	}
	return q, nil
}

// malformed is CloudWatch Logs' error for a mistake in a query.
func malformed(err error) error {
	var mistake *syntax.Error
	if !errors.As(err, &mistake) {
		return err
	}
	start, end := mistake.Offsets()
	e := awserr.New(codeMalformed, "%s", mistake.Error())
	e.Shape = map[string]any{"queryCompileError": map[string]any{
		"location": map[string]int{"startCharOffset": start, "endCharOffset": end},
		"message":  mistake.Error(),
	}}
	return e
}

func (s *Service) compile(ctx context.Context, q *query) (*run, error) {
	r := &run{service: s, request: &q.request, now: q.created, tables: tables{logs: s.Logs, scope: q.request.Scope}}
	asked := window{q.request.Start, q.request.End}
	var err error
	if len(q.parsed.Sources) > 0 {
		r.source, asked, err = s.open(ctx, r.request, q.parsed.Sources, r.now)
	} else {
		r.source, err = s.Logs.OpenSource(ctx, q.request.Groups)
	}
	if err != nil {
		return nil, err
	}
	env := r.env(asked)
	env.Limit = q.request.Limit
	r.program, r.plan, err = r.plans(q.parsed, env, r.source)
	return r, err
}

func (r *run) env(w window) *exec.Env {
	return &exec.Env{Start: w.start, End: w.end, Now: r.now, Query: r.sub, Table: r.tables.table,
		Limits: exec.Limits{Memory: r.service.Memory, Groups: exec.DefaultLimits.Groups}}
}

func (r *run) plans(q *syntax.Query, env *exec.Env, source *logs.Source) (*exec.Program, *plan.Run, error) {
	program, err := exec.Compile(q, env)
	if err != nil {
		return nil, nil, malformed(err)
	}
	return program, plan.NewRun(plan.Make(q, program.Needs(), env, plan.Options{}), source, program, env), nil
}

// do runs the query.
func (r *run) do(ctx context.Context) (*exec.Result, error) {
	if err := r.plan.Feed(ctx); err != nil {
		return nil, malformed(err) // what only the rows of a lookup table show
	}
	return r.running().Finish(ctx)
}

// sub runs a query that the query needs the answer of.
func (r *run) sub(ctx context.Context, sub exec.Sub) (*exec.Result, error) {
	q, err := syntax.Prepare(sub.Query)
	if err != nil {
		return nil, malformed(err)
	}
	source, w := r.source, window{sub.Start, sub.End}
	if len(q.Sources) > 0 {
		// Permission for these was asked for with the query's own.
		if source, w, err = r.service.open(ctx, r.request, q.Sources, r.now); err != nil {
			return nil, err
		}
		w = window{w.start + sub.Shift, w.end + sub.Shift}
	}
	if sub.Shift != 0 {
		source = source.Moved(sub.Shift)
	}
	env := r.env(w)
	env.NoLimit, env.Limit = sub.MaxRows == 0, sub.MaxRows
	program, p, err := r.plans(q, env, source)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.subs = append(r.subs, p)
	r.mu.Unlock()
	if err := p.Feed(ctx); err != nil {
		return nil, err
	}
	return program.Finish(ctx)
}

// within returns those of names that are in all: the groups that permission was
// given for when the query began.
func within(names, all []logs.GroupName) []logs.GroupName {
	known := map[logs.GroupName]bool{}
	for _, n := range all {
		known[n] = true
	}
	var list []logs.GroupName
	for _, n := range names {
		if known[n] {
			list = append(list, n)
		}
	}
	return list
}

// soFar returns the answer as of what was read so far.
func (r *run) soFar(ctx context.Context) (*exec.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, partialTime)
	defer cancel()
	program := r.running()
	if program == nil {
		return nil, errEnded
	}
	return program.Partial(ctx)
}

// errEnded says that there is no answer so far: there is a whole one.
var errEnded = errors.New("the query has ended")

// partialTime is how long a GetQueryResults of a running query may think.
const partialTime = 2 * time.Second

func (r *run) statistics() Statistics {
	r.mu.Lock()
	defer r.mu.Unlock()
	matched := r.matched
	if r.program != nil {
		matched = r.program.Matched()
	}
	s := Statistics{RecordsMatched: float64(matched), LogGroupsScanned: float64(len(r.request.all()))}
	for _, p := range append([]*plan.Run{r.plan}, r.subs...) {
		events, bytes := p.Scanned()
		s.RecordsScanned += float64(events)
		s.BytesScanned += float64(bytes)
	}
	return s
}

// explain tells how the query was run. Not before it has ended.
func (r *run) explain() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := r.plan.Explain()
	for _, p := range r.subs {
		text += "subquery:\n" + p.Explain()
	}
	return text
}
