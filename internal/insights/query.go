package insights

import (
	"context"
	"fmt"
	"time"

	"waybill/internal/awserr"
	"waybill/internal/insights/exec"
	"waybill/internal/insights/syntax"
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
	parsed  *syntax.Query
	run     *run
	cancel  context.CancelCauseFunc
	created time.Time

	status       Status
	reason       string
	began, ended time.Time
	result       *exec.Result
	bytes        int64
	// done is closed at the end.
	done chan struct{}
}

// Statistics is what a query looked at. Records are log events.
type Statistics struct {
	RecordsMatched, RecordsScanned, BytesScanned, LogGroupsScanned float64
	ResultCount                                                    float64
}

// Answer is GetQueryResults' answer.
type Answer struct {
	Status Status
	// Rows are all there are, or, while the query runs, those found so far.
	Rows       [][]exec.Field
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
	a := Answer{Status: q.status, Reason: q.reason}
	result, run := q.result, q.run
	s.mu.Unlock()
	a.Statistics = run.statistics()
	switch {
	case a.Status == Running:
		result, err = run.soFar(ctx)
		if err != nil {
			return a, nil // what is there is too much to show before it is done
		}
	case a.Status.Ended() && a.Status != Cancelled:
		a.Plan = run.explain() // a stopped one may not have noticed yet
	}
	if result != nil {
		a.Rows = result.Rows
		a.Statistics.ResultCount = float64(len(result.Rows))
	}
	return a, nil
}

// Ask starts a query, waits for its end and returns the answer. A query whose ctx
// is done is stopped.
func (s *Service) Ask(ctx context.Context, r Request) (Answer, error) {
	id, err := s.Start(ctx, r)
	if err != nil {
		return Answer{}, err
	}
	s.mu.Lock()
	done := s.queries[id].done
	s.mu.Unlock()
	select {
	case <-done:
	case <-ctx.Done():
		_ = s.Stop(r.Account, id) // it may just have ended
		return Answer{}, context.Cause(ctx)
	}
	return s.Results(ctx, r.Account, id)
}

// find returns one of the account's queries. mu is held.
func (s *Service) find(account, id string) (*query, error) {
	q := s.queries[id]
	if q == nil || q.request.Account != account {
		return nil, awserr.New(codeNotFound, "Query with id %s does not exist", id)
	}
	return q, nil
}

// Groups returns the log groups of one of the account's queries.
func (s *Service) Groups(account, id string) ([]logs.GroupName, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(account, id)
	if err != nil {
		return nil, err
	}
	return q.request.all(), nil
}

// Stop cancels a query. One that has ended is InvalidParameterException, as
// CloudWatch Logs has it.
func (s *Service) Stop(account, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(account, id)
	if err != nil {
		return err
	}
	if q.status.Ended() {
		return awserr.New(codeParameter, "Query %s is not running: its status is %s", id, q.status)
	}
	q.status, q.ended = Cancelled, s.Now()
	close(q.done)
	q.cancel(errCancelled)
	return nil
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
	for _, g := range q.request.all() {
		if g.Name == l.Group {
			return true
		}
	}
	return l.Group == ""
}

func (s *Service) info(q *query) Info {
	i := Info{ID: q.id, Text: q.echo(), Status: q.status, Caller: q.request.Caller, Created: q.created.UnixMilli(),
		BytesScanned: q.run.statistics().BytesScanned}
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
	if len(q.parsed.Sources) > 0 {
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
