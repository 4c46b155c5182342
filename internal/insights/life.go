package insights

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"waybill/internal/awserr"
	"waybill/internal/insights/exec"
	"waybill/internal/logs"
)

// Why a query's context ended.
var (
	errClosed    = errors.New("the server is closing")
	errCancelled = errors.New("the query was stopped")
	errTimeout   = errors.New("the query took too long")
	errInner     = errors.New("a subquery took too long")
)

// Request is what StartQuery asks for. It is kept as JSON, by these names.
type Request struct {
	// Account and Region are the caller's; Caller is its ARN.
	logs.Scope
	Caller string
	// Groups are the log groups, and Subgroups those that subqueries name by SOURCE.
	// The caller may query them all.
	Groups, Subgroups []logs.GroupName
	// Start and End bound the events' time in milliseconds, both included.
	Start, End int64
	Text       string
	// Limit is the largest number of rows; 0 means exec.DefaultLimit.
	Limit int
}

// groups are the query's groups and those of its subqueries.
func (r *Request) groups() []logs.GroupName { return slices.Concat(r.Groups, r.Subgroups) }

// Start begins a query and returns its id. Errors: MalformedQueryException,
// ResourceNotFoundException for a log group, LimitExceededException.
func (s *Service) Start(ctx context.Context, r Request) (string, error) {
	q, err := s.start(ctx, r)
	if err != nil {
		return "", err
	}
	return q.id, nil
}

func (s *Service) start(ctx context.Context, r Request) (*query, error) {
	q := &query{id: newID(), request: r, created: s.Now(), status: Scheduled, done: make(chan struct{})}
	if err := s.prepare(ctx, q); err != nil {
		return nil, err
	}
	var running context.Context
	running, q.cancel = context.WithCancelCause(s.ctx)
	if err := s.admit(q); err != nil {
		q.cancel(err)
		return nil, err
	}
	q.starting.Add(1)
	defer q.starting.Done()
	s.attend(running, q)
	s.keep(q, keepStart) // meanwhile
	return q, nil
}

// prepare makes a query ready to run.
func (s *Service) prepare(ctx context.Context, q *query) error {
	parsed, err := parse(q.request.Text)
	if err != nil {
		return err
	}
	if err := checkTimes(parsed, window{q.request.Start, q.request.End}, q.created); err != nil {
		return err
	}
	if err := s.checkTables(ctx, q.request.Scope, parsed); err != nil {
		return err
	}
	all, err := s.Logs.OpenSource(ctx, q.request.groups())
	if err != nil {
		return err
	}
	q.own = len(parsed.Sources) > 0
	if q.run, err = s.compile(ctx, q, parsed, all); err == nil {
		q.run.groups = all.Groups()
	}
	return err
}

// admit enters q unless its account has too many.
func (s *Service) admit(q *query) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
	if s.active[q.request.Account] >= s.Active {
		return awserr.New(codeLimit, "Account maximum query concurrency limit of [%d] reached.", s.Active)
	}
	s.enter(q)
	return nil
}

// enter adds q, the newest, to the queries. mu is held.
func (s *Service) enter(q *query) {
	s.queries[q.id] = q
	s.order = append(s.order, q)
	s.bytes += q.size
	if !q.status.Ended() {
		s.active[q.request.Account]++
	}
}

// attend takes q from Scheduled to its end, in the background.
func (s *Service) attend(ctx context.Context, q *query) {
	s.tasks.Go(func() {
		defer q.cancel(nil)
		if q.again {
			// One at a time, and each to the end of its file, so that one that ends the
			// server takes no other with it.
			if err := enterOne(ctx, s.repeats); err != nil {
				s.end(q, nil, err)
				return
			}
			defer func() { <-s.repeats }()
		}
		result, err := s.turn(ctx, q)
		s.end(q, result, err)
	})
}

// turn waits for q's turn and runs it. When ctx ends it returns the cause.
func (s *Service) turn(ctx context.Context, q *query) (*exec.Result, error) {
	if err := enterOne(ctx, s.slots); err != nil {
		return nil, err
	}
	defer func() { <-s.slots }()
	if q.again {
		s.keep(q, keepRepeat)
	}
	s.begin(q)
	ctx, cancel := s.Deadline(ctx, s.Timeout, errTimeout)
	defer cancel()
	result, err := safely(func() (*exec.Result, error) { return q.run.do(ctx) })
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return result, err
}

// enterOne waits for a place.
func enterOne(ctx context.Context, places chan<- struct{}) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case places <- struct{}{}:
		return nil
	}
}

func (s *Service) begin(q *query) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q.status, q.began = Running, s.Now()
}

// safely makes a panic an error: one query must not end the server.
func safely(do func() (*exec.Result, error)) (result *exec.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			result, err = nil, &panicError{value: p, stack: debug.Stack()}
		}
	}()
	return do()
}

// panicError is a panic of a query.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// ending is how a query ended.
type ending struct {
	status     Status
	reason     string
	at         time.Time
	statistics Statistics
	answer     answer
}

// end gives q its last status, once what it answers is kept: what a client is told
// has ended is there after the next start, too.
func (s *Service) end(q *query, result *exec.Result, err error) {
	q.starting.Wait()
	s.mu.Lock()
	q.ending = true // StopQuery comes too late from here on
	stopped := q.stopped
	s.mu.Unlock()
	if !stopped && errors.Is(err, errClosed) {
		// The next start runs it anew. That the server closed is not its fault.
		if q.again {
			s.keep(q, keepStart)
		}
		close(q.done)
		return
	}
	e := s.ending(q, stopped, result, err)
	size, saved := s.keepEnd(q, &e)

	s.mu.Lock()
	defer s.mu.Unlock()
	q.status, q.reason, q.ended, q.statistics = e.status, e.reason, e.at, e.statistics
	s.bytes += size - q.size
	q.size, q.saved, q.run = size, saved, nil
	if s.active[q.request.Account]--; s.active[q.request.Account] == 0 {
		delete(s.active, q.request.Account)
	}
	s.cache(q, &e.answer)
	s.forget()
	close(q.done)
}

// ending says how a query ended. What was found before it was stopped remains.
func (s *Service) ending(q *query, stopped bool, result *exec.Result, err error) ending {
	e := ending{at: s.Now()}
	switch {
	case stopped:
		e.status = Cancelled
	case err == nil:
		e.status = Complete
	case errors.Is(err, errTimeout):
		e.status, e.reason = Timeout, fmt.Sprintf("The query ran for more than %v.", s.Timeout)
	default:
		e.status, e.reason = Failed, s.reason(q, err)
	}
	if err != nil {
		result = nil
	}
	if q.run == nil {
		return e
	}
	if result == nil && e.status != Failed && !q.began.IsZero() {
		result, _ = safely(func() (*exec.Result, error) { return q.run.soFar(context.Background()) })
	}
	e.statistics = q.run.statistics()
	e.answer.plan = q.run.explain()
	if result != nil {
		e.answer.rows, e.answer.columns = result.Rows, result.Columns
		e.statistics.ResultCount = float64(len(result.Rows))
	}
	return e
}
