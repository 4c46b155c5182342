package insights

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
	"time"

	"waybill/internal/awserr"
	"waybill/internal/insights/exec"
	"waybill/internal/insights/plan"
	"waybill/internal/insights/syntax"
	"waybill/internal/logs"
	"waybill/internal/logs/engine"
)

// run is the work of one query: its own plan, and those of its subqueries.
type run struct {
	service *Service
	request *Request
	source  *logs.Source
	// groups are the source's and those of all subqueries.
	groups  []logs.Group
	program *exec.Program
	plan    *plan.Run
	tables  tables
	// created is when the query was started: what now() is, whenever it runs.
	created time.Time
	// asked is the time from the first to the last that the query asks about.
	asked window
	// estimate is true when the query ends with estimate: it is not run.
	estimate bool

	mu   sync.Mutex
	subs []subrun // guarded by mu
}

// subrun is the work of one subquery.
type subrun struct {
	plan   *plan.Run
	source *logs.Source
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

// compile makes what is to be run of q. all are its groups and those of its subqueries.
func (s *Service) compile(ctx context.Context, q *query, parsed *syntax.Query, all *logs.Source) (*run, error) {
	r := &run{service: s, request: &q.request, created: q.created, asked: window{q.request.Start, q.request.End},
		tables: tables{logs: s.Logs, scope: q.request.Scope}}
	var err error
	switch {
	case len(parsed.Sources) > 0:
		r.source, r.asked, err = s.open(ctx, r.request, parsed.Sources, r.created)
	case len(q.request.Subgroups) > 0:
		r.source, err = s.Logs.OpenSource(ctx, q.request.Groups)
	default:
		r.source = all
	}
	if err != nil {
		return nil, err
	}
	env := r.env(r.asked)
	env.Limit = q.request.Limit
	parsed, r.estimate = syntax.CutEstimate(parsed)
	r.program, r.plan, err = r.plans(parsed, env, r.source)
	return r, err
}

func (r *run) env(w window) *exec.Env {
	return &exec.Env{Start: w.start, End: w.end, Now: r.created, Query: r.sub, Table: r.tables.table,
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
	if r.estimate {
		return r.estimated(ctx)
	}
	if err := r.plan.Feed(ctx); err != nil {
		return nil, malformed(err) // what only the rows of a lookup table show
	}
	return r.program.Finish(ctx)
}

// estimated answers estimate: the events of the query's time, times their mean. No
// row when there is nothing to know that by.
func (r *run) estimated(ctx context.Context) (*exec.Result, error) {
	res := &exec.Result{Columns: []string{syntax.EstimateColumn}}
	there, err := r.source.Spread(ctx, engine.ScanQuery{From: r.asked.start, To: r.asked.end})
	if err != nil || there.Rows > 0 && r.source.MeanBytes() == 0 {
		return res, err
	}
	bytes := bytesOf(r.source, float64(there.Rows), 0)
	res.Rows = [][]exec.Field{{{Name: syntax.EstimateColumn, Value: strconv.FormatFloat(bytes, 'f', 0, 64)}}}
	return res, nil
}

// sub runs a query that the query needs the answer of, for as long as it may take.
func (r *run) sub(ctx context.Context, sub exec.Sub) (*exec.Result, error) {
	if !sub.Inner {
		return r.inner(ctx, sub)
	}
	limit := r.service.SubTimeout
	ctx, cancel := r.service.Deadline(ctx, limit, errInner)
	defer cancel()
	result, err := r.inner(ctx, sub)
	if errors.Is(context.Cause(ctx), errInner) {
		return nil, failure(fmt.Sprintf("A subquery ran for more than %v. Filter more in it, or narrow the time range.", limit))
	}
	return result, err
}

func (r *run) inner(ctx context.Context, sub exec.Sub) (*exec.Result, error) {
	q, err := syntax.Prepare(sub.Query)
	if err != nil {
		return nil, malformed(err)
	}
	source, w := r.source, window{sub.Start, sub.End}
	if len(q.Sources) > 0 {
		// Permission for these was asked for with the query's own.
		if source, w, err = r.service.open(ctx, r.request, q.Sources, r.created); err != nil {
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
	r.subs = append(r.subs, subrun{p, source})
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
	return r.program.Partial(ctx)
}

// partialTime is how long a GetQueryResults of a running query may think.
const partialTime = 2 * time.Second

// progress fills in what there is so far of a query that has not ended. Rows that
// are too many to show before it is done are left out.
func (r *run) progress(ctx context.Context, a *Answer) {
	a.Statistics = r.statistics()
	if a.Status != Running {
		return
	}
	if result, err := r.soFar(ctx); err == nil {
		a.Rows = result.Rows
		a.Statistics.ResultCount = float64(len(result.Rows))
	}
}

func (r *run) statistics() Statistics {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Statistics{RecordsMatched: float64(r.program.Matched()), LogGroupsScanned: float64(len(r.groups))}
	for _, sub := range append([]subrun{{r.plan, r.source}}, r.subs...) {
		events, values := sub.plan.Scanned()
		s.RecordsScanned += float64(events)
		s.BytesScanned += bytesOf(sub.source, float64(events), float64(values))
	}
	return s
}

// bytesOf is about how long the messages of so many events are. Where their mean
// is not known it is the length of the values that were read.
func bytesOf(source *logs.Source, events, values float64) float64 {
	if mean := source.MeanBytes(); mean > 0 {
		return math.Round(events * mean)
	}
	return values
}

// explain tells how the query was run. Not before it has ended.
func (r *run) explain() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := r.plan.Explain()
	for _, sub := range r.subs {
		text += "subquery:\n" + sub.plan.Explain()
	}
	return text
}
