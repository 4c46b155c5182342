package insights

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"waybill/internal/awserr"
	"waybill/internal/insights/exec"
	"waybill/internal/insights/keep"
)

// record is the header of a query's file.
type record struct {
	Request Request
	// Own tells whether the text names its log groups itself.
	Own     bool
	Created time.Time
	// Repeated tells that the query, which a server did not see the end of, was begun
	// anew by another.
	Repeated bool `json:",omitempty"`

	// The rest is of a query that has ended.
	Status       Status
	Reason       string `json:",omitempty"`
	Began, Ended time.Time
	Statistics   Statistics
	Columns      []string `json:",omitempty"`
	Plan         string
}

func (q *query) record() record {
	return record{Request: q.request, Own: q.own, Created: q.created, Status: Scheduled}
}

// occasion is when a query that has not ended is written.
type occasion int

const (
	keepStart occasion = iota
	// keepRepeat is before a query runs that may have ended a server already. Should
	// it end this one, the next start must know, whatever happens to the machine.
	keepRepeat
)

// keep writes a query that has not ended, so that the next start can begin it anew.
// If that fails it runs all the same.
func (s *Service) keep(q *query, o occasion) {
	if s.kept == nil {
		return
	}
	r, durability := q.record(), keep.Killed
	if o == keepRepeat {
		r.Repeated, durability = true, keep.PowerCut
	}
	size, err := s.write(q, &r, nil, durability)
	if err != nil {
		s.Logger.Warn("a Logs Insights query cannot be kept on disk; a restart forgets it", "query", q.id, "error", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes += size - q.size
	q.size = size
}

// keepEnd writes a query that has ended with its answer. saved is false if that
// is not possible, on a full disk for example: then it is in memory only. What was
// begun and can be had again by running it stays to be run; what was stopped or
// failed goes.
func (s *Service) keepEnd(q *query, e *ending) (size int64, saved bool) {
	if s.kept == nil {
		return 0, false
	}
	r := q.record()
	r.Status, r.Reason, r.Began, r.Ended, r.Statistics = e.status, e.reason, q.began, e.at, e.statistics
	r.Columns, r.Plan = e.answer.columns, e.answer.plan
	size, err := s.write(q, &r, e.answer.rows, keep.Killed)
	if err == nil {
		return size, true
	}
	s.Logger.Warn("the answer of a Logs Insights query cannot be kept on disk; a restart forgets it", "query", q.id, "error", err)
	if e.status == Complete {
		return q.size, false
	}
	if err := s.kept.Remove(q.id); err != nil {
		s.Logger.Warn("a Logs Insights query that has ended stays on disk as one that has not", "query", q.id, "error", err)
	}
	return 0, false
}

func (s *Service) write(q *query, r *record, rows [][]exec.Field, d keep.Durability) (int64, error) {
	header, err := json.Marshal(r)
	if err != nil {
		return 0, fmt.Errorf("encode query %s: %w", q.id, err)
	}
	return s.kept.Write(q.id, header, rows, d)
}

// load reads what queries there are, not their answers, and begins anew those
// that had not ended.
func (s *Service) load(ctx context.Context) error {
	ids, err := s.kept.IDs()
	if err != nil {
		return err
	}
	var list, unended []*query
	for _, id := range ids {
		q, repeated, err := s.read(id)
		if err != nil {
			s.lost(id, err)
			continue
		}
		list = append(list, q)
		if !q.status.Ended() {
			unended = append(unended, q)
			q.again, q.repeated = true, repeated
		}
	}
	byTime := func(a, b *query) int { return a.created.Compare(b.created) }
	slices.SortStableFunc(list, byTime)
	slices.SortStableFunc(unended, byTime)
	s.mu.Lock()
	for _, q := range list {
		s.enter(q)
	}
	s.forget()
	s.mu.Unlock()
	for _, q := range unended {
		s.resume(ctx, q)
	}
	return nil
}

// read reads a query without its answer.
func (s *Service) read(id string) (q *query, repeated bool, err error) {
	header, size, err := s.kept.Header(id)
	if err != nil {
		return nil, false, err
	}
	var r record
	if err := json.Unmarshal(header, &r); err != nil {
		return nil, false, fmt.Errorf("%w: %T", keep.ErrDamaged, err)
	}
	q = &query{id: id, request: r.Request, own: r.Own, created: r.Created, status: r.Status, reason: r.Reason,
		began: r.Began, ended: r.Ended, statistics: r.Statistics, size: size, saved: true, done: make(chan struct{})}
	if q.status.Ended() {
		close(q.done)
	}
	return q, r.Repeated, nil
}

// lost reports a file that cannot be read. A damaged one is of no use any more.
func (s *Service) lost(id string, err error) {
	if !errors.Is(err, keep.ErrDamaged) {
		s.Logger.Error("a Logs Insights query cannot be read and is left out", "query", id, "error", err)
		return
	}
	s.Logger.Error("A LOGS INSIGHTS QUERY IS DAMAGED on disk and is forgotten", "query", id, "error", err)
	if err := s.kept.Remove(id); err != nil {
		s.Logger.Warn("a damaged Logs Insights query stays on disk", "query", id, "error", err)
	}
}

// answerOf reads an answer from disk.
func (s *Service) answerOf(id string) (*answer, error) {
	header, rows, err := s.kept.Read(id)
	if err != nil {
		return nil, err
	}
	var r record
	if err := json.Unmarshal(header, &r); err != nil {
		return nil, fmt.Errorf("%w: %T", keep.ErrDamaged, err)
	}
	return &answer{rows: rows, columns: r.Columns, plan: r.Plan}, nil
}

// resume begins a query anew that the server before this one did not see the end
// of. What the caller may read was decided by StartQuery and is not decided again,
// so only the groups of then will do: of a query one of whose groups has been
// deleted, or made anew under its name, there is no answer.
func (s *Service) resume(ctx context.Context, q *query) {
	if err := s.prepareAgain(ctx, q); err != nil {
		q.run = nil // it was not run
		s.end(q, nil, err)
		return
	}
	s.Logger.Info("a Logs Insights query that had not ended is run again", "query", q.id)
	var running context.Context
	running, q.cancel = context.WithCancelCause(s.ctx)
	s.attend(running, q)
}

// prepareAgain is prepare for a query that another server was asked for.
func (s *Service) prepareAgain(ctx context.Context, q *query) error {
	if q.repeated {
		return failure("The server ended twice while the query was running. It is not run again.")
	}
	_, err := safely(func() (*exec.Result, error) { return nil, s.prepare(ctx, q) })
	if awserr.HasCode(err, codeNotFound) {
		return failure("A log group of the query was deleted before it had ended.")
	}
	if err != nil {
		return err
	}
	for _, g := range q.run.groups {
		if g.Created > q.created.UnixMilli() {
			return failure(fmt.Sprintf("Log group '%s' of account %s was deleted before the query had ended.", g.Name, g.Account))
		}
	}
	return nil
}

// failure is why a query failed, for its caller.
type failure string

func (f failure) Error() string { return string(f) }
