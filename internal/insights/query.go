package insights

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"waybill/internal/awserr"
	"waybill/internal/insights/exec"
	"waybill/internal/insights/keep"
	"waybill/internal/logs"
)

// Status is where a query is in its life, as CloudWatch Logs spells it.
type Status string

// The statuses of a query. The last four are final.
const (
	Scheduled Status = "Scheduled"
	Running   Status = "Running"
	Complete  Status = "Complete"
	Failed    Status = "Failed"
	Cancelled Status = "Cancelled"
	Timeout   Status = "Timeout"
)

// Ended reports whether a status is final.
func (s Status) Ended() bool { return s != Scheduled && s != Running }

// query is one query. What changes is guarded by Service.mu.
type query struct {
	id      string
	request Request
	created time.Time
	// own tells whether the text names its log groups itself.
	own bool
	// again is set if a server before this one began the query, repeated if one
	// before that did, too.
	again, repeated bool
	// starting is done once the query is on disk, or cannot be.
	starting sync.WaitGroup
	// done is closed at the end.
	done chan struct{}

	// run is nil once it has ended.
	run    *run
	cancel context.CancelCauseFunc
	// stopped is set by StopQuery; ending once it is decided how the query ends.
	stopped, ending bool

	status       Status
	reason       string
	began, ended time.Time
	statistics   Statistics
	// answer is nil if it is on disk only. inMemory is what it takes in memory.
	answer   *answer
	inMemory int64
	// size is that of the file; saved tells whether the answer is in it.
	size  int64
	saved bool
}

// Statistics is what a query looked at. Records are log events; BytesScanned are about
// those of their messages, the events times the groups' mean.
type Statistics struct {
	RecordsMatched, RecordsScanned, BytesScanned, LogGroupsScanned float64
	ResultCount                                                    float64
}

// Answer is GetQueryResults' answer.
type Answer struct {
	Status Status
	// Rows are all there are, or, while the query runs, those found so far. Columns
	// are the names in order, without @ptr, once it has ended.
	Rows       [][]exec.Field
	Columns    []string
	Statistics Statistics
	// Reason says why the query did not complete; empty for the others.
	Reason string
	// Plan tells how it was run; empty before it ends.
	Plan string
}

// Results returns what there is of the answer of one of the account's queries.
func (s *Service) Results(ctx context.Context, account, id string) (Answer, error) {
	s.mu.Lock()
	q, err := s.find(account, id)
	if err != nil {
		s.mu.Unlock()
		return Answer{}, err
	}
	a := Answer{Status: q.status, Reason: q.reason, Statistics: q.statistics}
	run, known := q.run, q.answer
	s.mu.Unlock()
	if !a.Status.Ended() {
		run.progress(ctx, &a)
		return a, nil
	}
	if known == nil {
		if known, err = s.recall(q); err != nil {
			return Answer{}, err
		}
	}
	a.Rows, a.Columns, a.Plan = known.rows, known.columns, known.plan
	return a, nil
}

// recall fetches an answer from disk. One that is damaged is gone.
func (s *Service) recall(q *query) (*answer, error) {
	a, err := s.answerOf(q.id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.cache(q, a)
		return a, nil
	}
	if s.queries[q.id] != q {
		return nil, noQuery(q.id) // it has just been forgotten
	}
	if !errors.Is(err, keep.ErrDamaged) && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	s.lost(q.id, err)
	s.discard(q)
	return nil, noQuery(q.id)
}

// Ask starts a query, waits for its end and returns the answer. A query whose ctx
// is done is stopped.
func (s *Service) Ask(ctx context.Context, r Request) (Answer, error) {
	q, err := s.start(ctx, r)
	if err != nil {
		return Answer{}, err
	}
	select {
	case <-q.done:
	case <-ctx.Done():
		_ = s.Stop(context.WithoutCancel(ctx), r.Account, q.id) // it may just have ended
		return Answer{}, context.Cause(ctx)
	}
	return s.Results(ctx, r.Account, q.id)
}

// find returns one of the account's queries. mu is held.
func (s *Service) find(account, id string) (*query, error) {
	q := s.queries[id]
	if q == nil || q.request.Account != account {
		return nil, noQuery(id)
	}
	return q, nil
}

func noQuery(id string) error {
	return awserr.New(codeNotFound, "Query with id %s does not exist", id)
}

// Groups returns the log groups of one of the account's queries.
func (s *Service) Groups(account, id string) ([]logs.GroupName, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(account, id)
	if err != nil {
		return nil, err
	}
	return q.request.groups(), nil
}

// Stop cancels a query and returns once nothing of it runs any more; what it had
// found remains. One that has ended is InvalidParameterException, as CloudWatch
// Logs has it.
func (s *Service) Stop(ctx context.Context, account, id string) error {
	s.mu.Lock()
	q, err := s.find(account, id)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	if !q.ending && !q.status.Ended() {
		q.stopped = true
		q.cancel(errCancelled)
	}
	late := !q.stopped || q.status.Ended()
	s.mu.Unlock()
	select {
	case <-q.done:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if !late {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return awserr.New(codeParameter, "Query %s is not running: its status is %s", id, q.status)
}

// Info describes a query.
type Info struct {
	ID     string
	Text   string
	Status Status
	Group  string
	Caller string
	// Created is in milliseconds since the Unix epoch; Duration is how long it ran.
	Created      int64
	Duration     time.Duration
	BytesScanned float64
}

// List asks for queries, the newest first.
type List struct {
	Account, Region string
	// Group and Status restrict; empty means all.
	Group  string
	Status Status
	// After is the id of the last query of the page before.
	After string
	Limit int
}

// Describe returns a page of queries and whether there are more.
func (s *Service) Describe(l List) (page []Info, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
	skipping := l.After != "" && s.queries[l.After] != nil
	for i := len(s.order) - 1; i >= 0; i-- {
		q := s.order[i]
		if skipping {
			skipping = q.id != l.After
			continue
		}
		if !q.in(l) {
			continue
		}
		if len(page) == l.Limit {
			return page, true
		}
		page = append(page, s.info(q))
	}
	return page, false
}

func (q *query) in(l List) bool {
	if q.request.Account != l.Account || q.request.Region != l.Region || l.Status != "" && q.status != l.Status {
		return false
	}
	for _, g := range q.request.groups() {
		if g.Name == l.Group {
			return true
		}
	}
	return l.Group == ""
}

func (s *Service) info(q *query) Info {
	i := Info{ID: q.id, Text: q.echo(), Status: q.status, Caller: q.request.Caller, Created: q.created.UnixMilli(),
		BytesScanned: q.statistics.BytesScanned}
	if q.run != nil {
		i.BytesScanned = q.run.statistics().BytesScanned
	}
	if len(q.request.Groups) > 0 {
		i.Group = q.request.Groups[0].Name
	}
	switch {
	case q.began.IsZero():
	case q.ended.IsZero():
		i.Duration = s.Now().Sub(q.began)
	default:
		i.Duration = q.ended.Sub(q.began)
	}
	return i
}

// echo is the text as DescribeQueries gives it: with the log groups and the time.
func (q *query) echo() string {
	if q.own {
		return q.request.Text
	}
	source := ""
	for i, g := range q.request.Groups {
		if i > 0 {
			source += ","
		}
		source += `"` + g.Name + `"`
	}
	return fmt.Sprintf("SOURCE %s START=%d END=%d | %s", source, q.request.Start, q.request.End, q.request.Text)
}
