// Package publish is the service principal: for each organization whose event
// logging is on it assumes the configured role and puts the organization's
// waiting mail events into its log group, in order, each once.
//
// It speaks only the public, signed API (STS AssumeRole, CloudWatch Logs
// CreateLogStream and PutLogEvents), so the same code publishes to Waybill and
// to AWS.
//
// How an event is neither lost nor doubled: a batch is pinned in the spool, with
// its stream and its sequence token, before it is sent, and leaves the outbox
// only once the server is known to have it. While it is not known (a lost reply,
// a crash) the very same request is sent again. A server that honours sequence
// tokens, as Waybill's does, answers DataAlreadyAcceptedException when it has
// the batch already. AWS ignores tokens nowadays: there, a lost reply can double
// a batch.
//
// The token of a stream's first batch is invented, since the role need not allow
// reading streams; a server that wants another one says which
// (InvalidSequenceTokenException), having written nothing.
package publish

import (
	"context"
	"log/slog"
	"net/http"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"waybill/internal/spool"
)

// Target is where an organization's events go and by which right.
type Target struct {
	// LogGroupARN is the group's, with or without the trailing ":*".
	LogGroupARN string
	// Region is the organization's, in which the calls are made.
	Region string
	// RoleARN is the role to assume. It belongs to the log group's account, since
	// PutLogEvents writes to groups of the caller's account alone.
	RoleARN string
	// OrganizationARN and Account say on whose behalf the role is assumed
	// (aws:SourceArn, aws:SourceAccount). Empty, they are not sent.
	OrganizationARN string
	Account         string
}

// Targets looks up settings.
type Targets interface {
	// Target returns the organization's settings; enabled is false while event
	// logging is off or when there is no such organization.
	Target(ctx context.Context, organization string) (t Target, enabled bool, err error)
}

// Doer sends HTTP requests; *http.Client is one.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// Config is what a Publisher is made of.
type Config struct {
	Spool   *spool.Spool
	Targets Targets
	// Endpoint is the base URL of the API; empty means AWS's own endpoints.
	Endpoint string
	HTTP     Doer
	// Credentials are the service principal's.
	Credentials aws.CredentialsProvider
	// Instance names this publisher in stream names, so that no two write to the
	// same stream: "2026/11/24/INSTANCE". It must not contain ":" or "*".
	Instance string
	Logger   *slog.Logger
}

// Publisher publishes for all organizations, with one worker for each.
type Publisher struct {
	cfg Config

	mu sync.Mutex
	// All guarded by mu. start is nil until Run, and nil again after.
	workers map[string]*worker
	start   func(*worker)
}

// New returns a Publisher; Run sets it going.
func New(cfg Config) *Publisher {
	return &Publisher{cfg: cfg, workers: map[string]*worker{}}
}

// Run publishes until ctx ends, beginning with what waits in the spool. What is
// being sent then is sent again by the next Run.
func (p *Publisher) Run(ctx context.Context) error {
	waiting, err := p.cfg.Spool.Organizations(ctx)
	if err != nil {
		return err
	}
	var running sync.WaitGroup
	start := func(w *worker) { running.Go(func() { w.run(ctx) }) }
	p.mu.Lock()
	p.start = start
	for _, w := range p.workers {
		start(w)
	}
	p.mu.Unlock()
	for _, organization := range waiting {
		p.Wake(organization)
	}
	<-ctx.Done()
	p.mu.Lock()
	p.start = nil
	p.mu.Unlock()
	running.Wait()
	return nil
}

// Wake tells that events of the organization wait. It is quick and may be called
// before Run.
func (p *Publisher) Wake(organization string) { signal(p.worker(organization).events) }

// SettingsChanged tells that the organization's event logging was turned on, off
// or elsewhere: it is looked up again at once, also during a back-off.
func (p *Publisher) SettingsChanged(organization string) {
	signal(p.worker(organization).settings)
}

// RetryAll ends every back-off, for example after a role or a policy has
// changed.
func (p *Publisher) RetryAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.workers {
		signal(w.settings)
	}
}

// worker returns the organization's worker, starting it if it is new.
func (p *Publisher) worker(organization string) *worker {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, ok := p.workers[organization]
	if !ok {
		w = newWorker(p.cfg, organization)
		p.workers[organization] = w
		if p.start != nil {
			p.start(w)
		}
	}
	return w
}

// signal leaves one token in a channel of capacity 1.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
