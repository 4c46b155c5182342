package insights

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"waybill/internal/awserr"
	"waybill/internal/insights/exec"
	"waybill/internal/insights/keep"
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
	// Timeout ends a query, SubTimeout one that stands in another's text.
	Timeout, SubTimeout time.Duration
	// Deadline ends a context after a time; nil means context.WithTimeoutCause.
	Deadline func(ctx context.Context, after time.Duration, cause error) (context.Context, context.CancelFunc)
	// Memory is how many bytes the rows and groups of one query may take.
	Memory int64
	// Folder is where queries are kept; empty keeps them in memory only.
	Folder string
	// Kept and KeptBytes bound how long, and how many of, the answers are kept.
	Kept      time.Duration
	KeptBytes int64
	// Cached is how many bytes of answers stay in memory as well, or at all.
	Cached int64
}

// The defaults of Config. A query uses all cores by itself, so more than two at a
// time only make each other slow; Active, Timeout and Kept are CloudWatch Logs'.
const (
	defaultRunning = 2
	defaultActive  = 100
	defaultTimeout = time.Hour
	// Logs user guide, "subqueries": the inner query has 30 seconds.
	defaultSubTimeout = 30 * time.Second
	defaultMemory     = 256 << 20
	defaultKept       = 7 * 24 * time.Hour
	defaultKeptBytes  = 512 << 20
	defaultCached     = 64 << 20
	// maxKept bounds how many queries are remembered.
	maxKept = 10_000
)

// Service keeps the queries of a server. It is safe for concurrent use.
type Service struct {
	Config
	kept  *keep.Folder // nil without Config.Folder
	ctx   context.Context
	stop  context.CancelCauseFunc
	tasks sync.WaitGroup
	slots chan struct{}
	// repeats has one place, for a query that is run again after a restart.
	repeats chan struct{}

	mu      sync.Mutex
	queries map[string]*query // guarded by mu
	// order has the queries, the oldest first; cached those whose rows are in
	// memory, in the order they came there.
	order, cached []*query // guarded by mu
	// active counts the queries that have not ended, by account.
	active map[string]int // guarded by mu
	// bytes is what the files of all queries take, inMemory what the rows in memory do.
	bytes, inMemory int64 // guarded by mu
}

// Open returns a service with the queries that its folder has, and begins anew
// those that had not ended.
func Open(ctx context.Context, c Config) (*Service, error) {
	c.Running = cmp.Or(c.Running, defaultRunning)
	c.Active = cmp.Or(c.Active, defaultActive)
	c.Timeout = cmp.Or(c.Timeout, defaultTimeout)
	c.SubTimeout = cmp.Or(c.SubTimeout, defaultSubTimeout)
	c.Memory = cmp.Or(c.Memory, defaultMemory)
	c.Kept = cmp.Or(c.Kept, defaultKept)
	c.KeptBytes = cmp.Or(c.KeptBytes, defaultKeptBytes)
	c.Cached = cmp.Or(c.Cached, defaultCached)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Deadline == nil {
		c.Deadline = context.WithTimeoutCause
	}
	s := &Service{Config: c, queries: map[string]*query{}, active: map[string]int{}, slots: make(chan struct{}, c.Running), repeats: make(chan struct{}, 1)}
	s.ctx, s.stop = context.WithCancelCause(context.Background())
	if c.Folder == "" {
		return s, nil
	}
	s.kept = keep.Open(c.Folder)
	if err := s.load(ctx); err != nil {
		return nil, err
	}
	s.tasks.Go(s.tidy)
	return s, nil
}

// Close ends what runs and waits for it. The next Open begins it anew.
func (s *Service) Close() error {
	s.stop(errClosed)
	s.tasks.Wait()
	return nil
}

// reason tells the caller why a query failed. Only what is in the caller's hands
// is told; the rest is for our own log.
func (s *Service) reason(q *query, err error) string {
	var limit *exec.LimitError
	var known *awserr.Error
	var told failure
	switch {
	case errors.As(err, &told):
		return told.Error()
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

// newID returns a random UUID (RFC 9562, version 4).
func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
