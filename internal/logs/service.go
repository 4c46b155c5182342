package logs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"waybill/internal/event"
	"waybill/internal/logs/engine"
	"waybill/internal/logs/journal"
	"waybill/internal/store"
)

// Engine is what logs needs of a log engine. *engine.Embedded is one.
type Engine interface {
	// Ready tells why no rows should be added now, if they should not.
	Ready() error
	// Add takes rows; queries that begin after it returned see them.
	Add(rows []engine.Row) error
	// Sync returns once every row added before is on disk.
	Sync(ctx context.Context) error
	// Page finds events in order.
	Page(ctx context.Context, q engine.PageQuery) (engine.Page, error)
	// Scan gives columns of rows, in no order; Spread counts rows and tells their first and last time.
	Scan(ctx context.Context, q engine.ScanQuery, take func(worker int, b *engine.Block) error) (engine.ScanStats, error)
	Spread(ctx context.Context, q engine.ScanQuery) (engine.Spread, error)
	Count(ctx context.Context, q engine.ScanQuery) (int, error)
	// Fields counts rows by the columns they have.
	Fields(ctx context.Context, q engine.ScanQuery) (counts map[string]int, rows int, err error)
	// IDs tells which rows of a range of times there are, of ids at least from.
	IDs(ctx context.Context, tenants []engine.Tenant, first, last int64, from uint64) (map[uint64]struct{}, error)
	// Delete begins to delete rows; Left counts those it has not deleted.
	Delete(ctx context.Context, d engine.Deletion) error
	Left(ctx context.Context, d engine.Deletion) (int, error)
	// DropEmpty gives up days without rows, to which none will be added.
	DropEmpty(ctx context.Context, before int64) error
	// Quarantined names what was found damaged and moved out of the way.
	Quarantined() []string
	Close() error
}

// Config is what a Service is made of.
type Config struct {
	DB *store.DB
	// Folder is where journal.db and the engine's folder logs are. Call
	// engine.Configure before Open.
	Folder string
	// MinFree is the free space in bytes below which events are refused; zero
	// means engine.DefaultMinFree.
	MinFree uint64
	// Probe is the engine's; see engine.Options.
	Probe func(folder string) error
	// Checkpoint is how often Run makes one; zero means every 10 seconds.
	Checkpoint time.Duration
	// Now is the clock; nil means time.Now.
	Now    func() time.Time
	Logger *slog.Logger
	// Engine replaces the embedded engine in tests.
	Engine Engine
}

// Service answers for all log groups of a server. It is safe for concurrent use.
type Service struct {
	db      *store.DB
	engine  Engine
	journal *journal.Journal
	now     func() time.Time
	log     *slog.Logger

	// applying is held shared while a batch is on its way from the journal to the
	// engine, and whole by whoever needs none to be: a checkpoint, a deletion.
	applying sync.RWMutex
	// trimming is held while the journal may be trimmed, and by whoever needs it not to be.
	trimming sync.Mutex
	// streams are those in use, by number and by name; see state.go.
	streams streamTable
	// wake asks Run for an early checkpoint.
	wake chan struct{}
	// policies caches parsed resource policies; see policies.go.
	policies policyCache
	// guards caches which policies guard what.
	guards guardCache
	// tails are the live tails; see tailhub.go.
	tails  tailHub
	closed atomic.Bool
	every  time.Duration // between checkpoints
}

// Open opens the service and replays what a crash left in the journal.
func Open(ctx context.Context, c Config) (*Service, error) {
	s := &Service{db: c.DB, engine: c.Engine, now: c.Now, log: c.Logger, wake: make(chan struct{}, 1), every: c.Checkpoint}
	if s.every <= 0 {
		s.every = checkpointEvery
	}
	s.streams.init()
	s.tails.init()
	if s.now == nil {
		s.now = time.Now
	}
	var err error
	if s.journal, err = openJournal(ctx, c); err != nil {
		return nil, err
	}
	if s.engine == nil {
		if s.engine, err = engine.OpenWith(filepath.Join(c.Folder, "logs"), engine.Options{
			Log: c.Logger, MinFree: c.MinFree, Probe: c.Probe, Apart: engine.Apart{Column: "event.eventName", Texts: event.Names}}); err != nil {
			return nil, errors.Join(err, s.journal.Close())
		}
	}
	err = s.replay(ctx)
	if errors.Is(err, journal.ErrDamaged) {
		err = s.replaceJournal(ctx, c, err)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("replay the journal of log events: %w", err), s.engine.Close(), s.journal.Close())
	}
	return s, nil
}

// Close makes everything durable in its place and closes. No other method may
// be in progress or follow.
func (s *Service) Close(ctx context.Context) error {
	if s.closed.Swap(true) {
		return nil
	}
	s.tails.close()
	err := s.Checkpoint(ctx)
	return errors.Join(err, s.engine.Close(), s.journal.Close())
}

const (
	// checkpointEvery is how often the journal is trimmed; a replay after a crash
	// has this much to do.
	checkpointEvery = 10 * time.Second
	// checkpointBytes of journal ask for one at once.
	checkpointBytes = 64 << 20
	reclaimEvery    = time.Hour
)

// Run keeps the journal short and reclaims the space of expired and deleted
// events, until ctx is done. What fails is logged and tried again. Its end ends
// the live tails too, which would keep the server from stopping.
func (s *Service) Run(ctx context.Context) error {
	defer s.tails.close()
	check := time.NewTicker(s.every)
	defer check.Stop()
	reclaim := time.NewTicker(reclaimEvery)
	defer reclaim.Stop()
	s.tend(ctx, "reclaim space of log events", s.Reclaim)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-check.C:
			s.tend(ctx, "checkpoint log events", s.Checkpoint)
		case <-s.wake:
			s.tend(ctx, "checkpoint log events", s.Checkpoint)
		case <-reclaim.C:
			s.tend(ctx, "reclaim space of log events", s.Reclaim)
		}
	}
}

func (s *Service) tend(ctx context.Context, what string, f func(context.Context) error) {
	if err := f(ctx); err != nil && ctx.Err() == nil {
		s.log.Error(what+" failed; it will be tried again", "error", err)
	}
}

// Health is what an operator wants to know of a Service.
type Health struct {
	// Refuses is why events are refused now; nil if they are not.
	Refuses error
	// Damaged is how many parts of the log engine are in quarantine.
	Damaged int
	// Journaled batches, and their bytes, are not in the engine's files for certain yet.
	Journaled      int
	JournaledBytes int64
}

// Health tells how the service is.
func (s *Service) Health() Health {
	h := Health{Refuses: s.writable(), Damaged: len(s.engine.Quarantined())}
	h.Journaled, h.JournaledBytes = s.journal.Size()
	return h
}

// Scope is an account and a Region, within which group names are unique.
type Scope struct {
	Account string
	Region  string
}

// millis returns the present time as AWS counts it.
func (s *Service) millis() int64 { return s.now().UnixMilli() }

// nextNumber returns a number that was never used for the kind.
func nextNumber(ctx context.Context, tx *sql.Tx, kind string) (int64, error) {
	if _, err := tx.ExecContext(ctx, `UPDATE log_numbers SET last = last + 1 WHERE kind = ?`, kind); err != nil {
		return 0, err
	}
	var n int64
	err := tx.QueryRowContext(ctx, `SELECT last FROM log_numbers WHERE kind = ?`, kind).Scan(&n)
	return n, err
}
