package audit

import (
	"cmp"
	"context"
	"log/slog"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"waybill/internal/api"
	"waybill/internal/arn"
	"waybill/internal/iam"
	"waybill/internal/logs"
)

// Store is where records go: *logs.Service.
type Store interface {
	CreateLogGroup(ctx context.Context, sc logs.Scope, n logs.NewGroup) error
	PutRetentionPolicy(ctx context.Context, sc logs.Scope, group string, days int) error
	CreateLogStream(ctx context.Context, sc logs.Scope, group, stream string) error
	PutLogEvents(ctx context.Context, sc logs.Scope, group, stream string, events []logs.InputEvent, token *string) (logs.PutResult, error)
}

// Accounts knows which accounts there are: *iam.Service.
type Accounts interface {
	AccountExists(ctx context.Context, account string) (bool, error)
	User(ctx context.Context, account, name string) (iam.User, error)
	// ResolveAccount returns the number that an alias stands for; anything else is its own.
	ResolveAccount(ctx context.Context, name string) (string, error)
}

// Config is what a Trail is made of.
type Config struct {
	Store    Store
	Accounts Accounts
	Logger   *slog.Logger
	Now      func() time.Time
	// Account and Region receive what no other account can be found for.
	Account, Region string
}

// Counts are what /metrics shows.
type Counts struct {
	Written int64
	// Lost did not fit into memory or were refused by the store; Suppressed are of
	// callers who could not be authenticated and were too many.
	Lost, Suppressed int64
	// Waiting are bytes not written yet.
	Waiting int
}

// Trail is the audit trail of a server. It is safe for concurrent use.
type Trail struct {
	cfg   Config
	limit limiter
	wake  chan struct{}

	mu      sync.Mutex
	queue   []entry         // guarded by mu
	bytes   int             // of queue; guarded by mu
	known   map[string]bool // accounts that exist; guarded by mu
	writing sync.Mutex      // held by whoever writes, so that records keep their order

	written, lost, suppressed atomic.Int64
}

// entry is one record for one account.
type entry struct {
	scope logs.Scope
	at    int64 // milliseconds since the epoch
	text  string
}

// overhead is what an entry costs beyond its text.
const overhead = 96

// New returns a Trail. Records wait until Run or Flush writes them.
func New(c Config) *Trail {
	return &Trail{cfg: c, limit: limiter{now: c.Now}, wake: make(chan struct{}, 1), known: map[string]bool{}}
}

// Counts returns what was written and lost so far.
func (t *Trail) Counts() Counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Counts{Written: t.written.Load(), Lost: t.lost.Load(), Suppressed: t.suppressed.Load(), Waiting: t.bytes}
}

// Record implements api.Auditor. It keeps nothing of r.
func (t *Trail) Record(ctx context.Context, r api.Record) {
	if stranger(&r.Call.Caller) && !t.limit.allow() {
		t.suppressed.Add(1)
		return
	}
	recipients := t.recipients(ctx, &r)
	shared := ""
	if len(recipients) > 1 {
		shared = api.NewRequestID()
	}
	region := t.region(r.Call.Region)
	for _, account := range recipients {
		t.add(logs.Scope{Account: account, Region: region}, r.Call.Time, encode(&r, account, region, api.NewRequestID(), shared))
	}
}

// recipients are the caller's account and, of a call that was permitted, those
// that own the resources. A service's calls go to the account it acts for.
func (t *Trail) recipients(ctx context.Context, r *api.Record) []string {
	list := make([]string, 0, 2)
	add := func(account string, sure bool) {
		if account != "" && !contains(list, account) && (sure || t.exists(ctx, account)) {
			list = append(list, account)
		}
	}
	caller := &r.Call.Caller
	add(caller.Account, !stranger(caller) && caller.Type != iam.TypeWebIdentity)
	add(caller.SourceAccount, false)
	if r.Decision.Allowed() {
		for _, n := range r.Needs {
			if a, err := arn.Parse(n.Resource); err == nil {
				add(a.Account, false)
			}
		}
	}
	if len(list) == 0 {
		list = append(list, t.cfg.Account)
	}
	return list
}

// exists asks for an account and remembers those that are there; accounts do
// not go away.
func (t *Trail) exists(ctx context.Context, account string) bool {
	t.mu.Lock()
	known := t.known[account]
	t.mu.Unlock()
	if known {
		return true
	}
	found, err := t.cfg.Accounts.AccountExists(ctx, account)
	if err != nil {
		t.cfg.Logger.Error("look for the account of an audit record", "account", account, "error", err)
	}
	if found {
		t.mu.Lock()
		t.known[account] = true
		t.mu.Unlock()
	}
	return found
}

var regionForm = regexp.MustCompile(`^[a-z]{2}(-[a-z]{2,10}){1,2}-[0-9]$`)

// region keeps what is no Region's name from becoming one.
func (t *Trail) region(name string) string {
	if len(name) > 32 || !regionForm.MatchString(name) {
		return t.cfg.Region
	}
	return name
}

// add queues a record, or counts it as lost.
func (t *Trail) add(scope logs.Scope, at time.Time, text string) {
	t.mu.Lock()
	size := len(text) + overhead
	fits := t.bytes+size <= maxQueue
	if fits {
		t.queue = append(t.queue, entry{scope, at.UnixMilli(), text})
		t.bytes += size
	}
	urgent := len(t.queue) == 1 || t.bytes >= early
	t.mu.Unlock()
	if !fits {
		t.lost.Add(1)
	}
	if urgent {
		t.awake()
	}
}

// take empties the queue, ordered by account, Region and time.
func (t *Trail) take() []entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := t.queue
	t.queue, t.bytes = nil, 0
	return list
}

func (t *Trail) waiting() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.bytes
}

func byScopeAndTime(a, b entry) int {
	return cmp.Or(cmp.Compare(a.scope.Account, b.scope.Account), cmp.Compare(a.scope.Region, b.scope.Region), cmp.Compare(a.at, b.at))
}
