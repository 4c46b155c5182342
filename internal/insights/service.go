package insights

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"waybill/internal/awserr"
	"waybill/internal/insights/exec"
	"waybill/internal/logs"
)

// The codes of CloudWatch Logs' model that this package answers with.
const (
	codeMalformed = "MalformedQueryException"
	codeParameter = "InvalidParameterException"
	codeLimit     = "LimitExceededException"
	codeNotFound  = "ResourceNotFoundException"
)

// Config is what a Service is made of. Logs and Logger are needed; zero values
// of the rest mean the defaults below.
type Config struct {
	Logs   *logs.Service
	Logger *slog.Logger
	// Now is the clock.
	Now func() time.Time
	// Running is how many queries run at a time; the others are Scheduled.
	Running int
	// Active is how many queries of one account may be Running or Scheduled.
	Active int
	// Timeout ends a query.
	Timeout time.Duration
	// Memory is how many bytes the rows and groups of one query may take.
	Memory int64
	// Kept and KeptBytes bound how long, and how many of, the answers are kept.
	Kept      time.Duration
	KeptBytes int64
}

// The defaults of Config. A query uses all cores by itself, so more than two at a
// time only make each other slow; Active, Timeout and Kept are CloudWatch Logs'.
const (
	defaultRunning   = 2
	defaultActive    = 100
	defaultTimeout   = time.Hour
	defaultMemory    = 256 << 20
	defaultKept      = 7 * 24 * time.Hour
	defaultKeptBytes = 128 << 20
	// maxKept bounds how many queries are remembered.
	maxKept = 10_000
)

// Service keeps the queries of a server. It is safe for concurrent use. Queries
// and their answers are in memory: a restart forgets them.
type Service struct {
	Config
	ctx   context.Context
	stop  context.CancelCauseFunc
	tasks sync.WaitGroup
	slots chan struct{}

	mu      sync.Mutex
	queries map[string]*query // guarded by mu
	// order has the queries, the oldest first; bytes is what their answers take.
	order []*query // guarded by mu
	bytes int64    // guarded by mu
}

// New returns a service without queries.
func New(c Config) *Service {
	c.Running = cmp.Or(c.Running, defaultRunning)
	c.Active = cmp.Or(c.Active, defaultActive)
	c.Timeout = cmp.Or(c.Timeout, defaultTimeout)
	c.Memory = cmp.Or(c.Memory, defaultMemory)
	c.Kept = cmp.Or(c.Kept, defaultKept)
	c.KeptBytes = cmp.Or(c.KeptBytes, defaultKeptBytes)
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Service{Config: c, queries: map[string]*query{}, slots: make(chan struct{}, c.Running)}
	s.ctx, s.stop = context.WithCancelCause(context.Background())
	return s
}

// Close cancels what runs and waits for it.
func (s *Service) Close() error {
	s.stop(errClosed)
	s.tasks.Wait()
	return nil
}

// Why a query's context ended.
var (
	errClosed    = errors.New("the server is closing")
	errCancelled = errors.New("the query was stopped")
	errTimeout   = errors.New("the query took too long")
)

// Request is what StartQuery asks for.
type Request struct {
	// Account and Region are the caller's; Caller is its ARN.
	logs.Scope
	Caller string
	// Groups are the log groups, and Others those that subqueries name by SOURCE. The
	// caller may query them all.
	Groups, Others []logs.GroupName
	// Start and End bound the events' time in milliseconds, both included.
	Start, End int64
	Text       string
	// Limit is the largest number of rows; 0 means exec.DefaultLimit.
	Limit int
}

// Start begins a query and returns its id. Errors: MalformedQueryException,
// ResourceNotFoundException for a log group, LimitExceededException.
func (s *Service) Start(ctx context.Context, r Request) (string, error) {
	parsed, err := parse(r.Text)
	if err != nil {
		return "", err
	}
	q := &query{id: newID(), request: r, parsed: parsed, created: s.Now(), status: Scheduled, done: make(chan struct{})}
	if err := checkTimes(parsed, window{r.Start, r.End}, q.created); err != nil {
		return "", err
	}
	if err := s.checkTables(ctx, r.Scope, parsed); err != nil {
		return "", err
	}
	if q.run, err = s.compile(ctx, q); err != nil {
		return "", err
	}
	var run context.Context
	run, q.cancel = context.WithCancelCause(s.ctx)
	if err := s.admit(q); err != nil {
		q.cancel(err)
		return "", err
	}
	s.tasks.Go(func() { s.attend(run, q) })
	return q.id, nil
}

// all are all the log groups that permission was given for, each once.
func (r *Request) all() []logs.GroupName {
	var list []logs.GroupName
	for _, g := range slices.Concat(r.Groups, r.Others) {
		if !slices.Contains(list, g) {
			list = append(list, g)
		}
	}
	return list
}

// admit enters q unless its account has too many.
func (s *Service) admit(q *query) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
	active := 0
	for _, other := range s.queries {
		if other.request.Account == q.request.Account && !other.status.Ended() {
			active++
		}
	}
	if active >= s.Active {
		return awserr.New(codeLimit, "Account maximum query concurrency limit of [%d] reached.", s.Active)
	}
	s.queries[q.id] = q
	s.order = append(s.order, q)
	return nil
}

// forget drops the oldest answers that are too old or too many. mu is held.
func (s *Service) forget() {
	before := s.Now().Add(-s.Kept)
	left := s.order[:0]
	excess := len(s.order) - maxKept
	for _, q := range s.order {
		tooMuch := excess > 0 || s.bytes > s.KeptBytes
		if q.status.Ended() && (tooMuch || q.created.Before(before)) {
			s.bytes -= q.bytes
			excess--
			delete(s.queries, q.id)
			continue
		}
		left = append(left, q)
	}
	clear(s.order[len(left):])
	s.order = left
}

// attend takes q from Scheduled to its end.
func (s *Service) attend(ctx context.Context, q *query) {
	defer q.cancel(nil)
	defer q.run.release()
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		s.end(q, nil, context.Cause(ctx))
		return
	}
	if !s.begin(q) {
		return
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.Timeout, errTimeout)
	defer cancel()
	result, err := safely(func() (*exec.Result, error) { return q.run.do(ctx) })
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	s.end(q, result, err)
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

func (s *Service) begin(q *query) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q.status != Scheduled {
		return false
	}
	q.status, q.began = Running, s.Now()
	return true
}

// end gives q its last status. One that StopQuery has ended stays as it is.
func (s *Service) end(q *query, result *exec.Result, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q.status.Ended() {
		return
	}
	q.ended = s.Now()
	close(q.done)
	switch {
	case err == nil:
		q.status, q.result = Complete, result
		q.bytes = size(result)
		s.bytes += q.bytes
	case errors.Is(err, errTimeout):
		q.status, q.reason = Timeout, fmt.Sprintf("The query ran for more than %v.", s.Timeout)
	case errors.Is(err, errCancelled), errors.Is(err, errClosed):
		q.status = Cancelled
	default:
		q.status, q.reason = Failed, s.reason(q, err)
	}
	s.forget()
}

// reason tells the caller why a query failed. Only what is in the caller's hands
// is told; the rest is for our own log.
func (s *Service) reason(q *query, err error) string {
	var limit *exec.LimitError
	var known *awserr.Error
	switch {
	case errors.As(err, &limit):
		return limit.Error()
	case errors.As(err, &known):
		return known.Message
	}
	s.Logger.Error("a Logs Insights query failed", append([]any{"query", q.id}, kind(err)...)...)
	return "The query failed because of a fault of the server."
}

// kind tells our own log what sort of error it was. Its text stays out of there: it
// may quote the query or an event, and so an address or a subject. So does the
// value of a panic; its stack has places in the program and addresses in memory.
func kind(err error) []any {
	var panicked *panicError
	if errors.As(err, &panicked) {
		return []any{"kind", fmt.Sprintf("panic of %T", panicked.value), "stack", string(panicked.stack)}
	}
	types := ""
	for ; err != nil; err = errors.Unwrap(err) {
		types += fmt.Sprintf(" %T", err)
	}
	return []any{"kind", strings.TrimSpace(types)}
}

// size is about what an answer takes in memory.
func size(r *exec.Result) int64 {
	n := int64(0)
	for _, row := range r.Rows {
		n += 24
		for _, f := range row {
			n += int64(32 + len(f.Value))
		}
	}
	return n
}

// newID returns a random UUID (RFC 9562, version 4).
func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
