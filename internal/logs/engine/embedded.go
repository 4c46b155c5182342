package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/cgroup"
)

// forever is how far from now the library must keep rows. It would otherwise
// delete by its own clock: at start even what lies ahead of a clock set wrong.
// Retention is the logs package's, by log group.
const forever = 100 * 365 * 24 * time.Hour

// never is how long the library may keep rows in memory by itself. It writes
// them when Sync says so, who first sees whether the disk takes them.
const never = 1000 * time.Hour

// Embedded is VictoriaLogs' storage in one folder. Its methods may be called
// from many goroutines.
type Embedded struct {
	path    string
	minFree uint64
	apart   Apart
	log     *slog.Logger
	lock    *os.File
	storage *logstorage.Storage

	// adders has room for as many Adds as there are cores: more of them are not
	// faster, and each holds its rows three times over.
	adders chan struct{}
	// adding is held shared while rows are added and whole while Sync makes sure
	// that none are left in memory.
	adding sync.RWMutex
	// added counts Adds; shown is how many of them queries see. showing serialises
	// making them visible.
	added, shown atomic.Uint64
	showing      sync.Mutex
	// days that have rows which may not be on disk; guarded by daysMu.
	daysMu sync.Mutex
	days   map[string]struct{}
	names  nameSets
	// spreads of days that are known.
	spreads daySpreads
	// numeric are the columns known to have texts that look like whole numbers; see byone.go.
	numeric sync.Map
	// broken is why rows are refused for good: the library panicked.
	broken atomic.Pointer[error]
}

// Options are what OpenWith opens with.
type Options struct {
	Log *slog.Logger
	// MinFree is the free space in bytes below which Ready refuses; zero means
	// DefaultMinFree.
	MinFree uint64
	// Apart is what rows of one stream are kept apart by.
	Apart Apart
	// Probe calls the function Probe with the folder in a process of its own, and
	// returns an error if that does not end well. Nil means that a part that was
	// damaged inside its blocks is not looked for.
	Probe func(folder string) error
}

// DefaultMinFree leaves room for what is on its way to the disk when another
// program fills it.
const DefaultMinFree = 256 << 20

// Open is OpenWith with defaults.
func Open(path string, log *slog.Logger) (*Embedded, error) { return OpenWith(path, Options{Log: log}) }

// OpenWith opens the engine in the folder path, which it creates. Call Configure
// first. A folder that another process has open is refused.
func OpenWith(path string, o Options) (*Embedded, error) {
	if o.MinFree == 0 {
		o.MinFree = DefaultMinFree
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("open log engine: %w", err)
	}
	lock, err := lockFolder(path)
	if err != nil {
		return nil, fmt.Errorf("open log engine in %s: %w", path, err)
	}
	if err := errors.Join(removeSnapshots(path), inspect(path, o)); err != nil {
		lock.Close()
		return nil, fmt.Errorf("open log engine in %s: %w", path, err)
	}
	e := &Embedded{
		path: path, minFree: o.MinFree, apart: o.Apart, log: o.Log, lock: lock, adders: make(chan struct{}, cgroup.AvailableCPUs()),
		days: map[string]struct{}{}, names: nameSets{sets: map[nameKey]*nameSet{}},
	}
	e.storage = logstorage.MustOpenStorage(filepath.Join(path, "storage"), &logstorage.StorageConfig{
		Retention:             forever,
		FutureRetention:       forever,
		FlushInterval:         never,
		MinFreeDiskSpaceBytes: int64(e.minFree),
	})
	return e, nil
}

// inspect makes sure that the library opens what is there.
func inspect(path string, o Options) error {
	reason, closely := suspected(path)
	if closely {
		o.Log.Error("the log engine ended the last process; all of its parts are read before it opens", "reason", reason)
	}
	q := &quarantine{path: path, log: o.Log, probe: o.Probe}
	if err := q.sweep(closely); err != nil {
		return fmt.Errorf("look for damaged parts: %w", err)
	}
	forgive(path)
	return nil
}

func lockFolder(path string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errors.New("another process has it open")
		}
		return nil, fmt.Errorf("lock it: %w", err)
	}
	return f, nil
}

// Close writes what is in memory to disk and closes. Nothing else may be in
// progress. The Embedded is unusable afterwards. When the disk does not take
// what is in memory the library is left open, for the process to end with it.
func (e *Embedded) Close() error {
	if e.inMemory() > 0 {
		if err := e.flushable(); err != nil {
			return errors.Join(fmt.Errorf("close log engine: what is in memory stays in the journal: %w", err), e.lock.Close())
		}
	}
	e.storage.MustClose()
	return e.lock.Close()
}

// Add takes rows, whatever Ready says. They are visible to queries that begin
// after it returned; they are on disk after the next Sync. After an error some
// of them may be there, and nothing is added any more.
func (e *Embedded) Add(rows []Row) (err error) {
	if len(rows) == 0 {
		return nil
	}
	if err := e.whole(); err != nil {
		return err
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("log engine: the library panicked: %v", p)
		}
		if err != nil {
			e.broken.CompareAndSwap(nil, &err)
		}
	}()
	e.adders <- struct{}{}
	defer func() { <-e.adders }()
	e.adding.RLock()
	defer e.adding.RUnlock()
	days := daysOf(rows)
	e.touch(days)
	e.spreads.touch(days)
	defer e.spreads.touch(days)
	f := flatteners.Get().(*flattener)
	defer flatteners.Put(f)
	lr := logstorage.GetLogRows(nil, nil, nil, nil, "")
	defer logstorage.PutLogRows(lr)
	for i := range rows {
		if err := e.collect(lr, f, rows, i); err != nil {
			return err
		}
		if lr.NeedFlush() {
			e.storage.MustAddRows(lr)
			lr.ResetKeepSettings()
		}
	}
	e.storage.MustAddRows(lr)
	e.added.Add(1)
	return e.taken(days)
}

// whole returns why nothing can be added any more.
func (e *Embedded) whole() error {
	if err := e.broken.Load(); err != nil {
		return fmt.Errorf("log engine: it is out of order until the next start: %w", *err)
	}
	return nil
}

// taken makes sure that the library has the days of added rows. It drops rows
// silently whose day's folder exists but is not open.
func (e *Embedded) taken(days []string) error {
	open := e.storage.PartitionList()
	for _, day := range days {
		if !slices.Contains(open, day) {
			return fmt.Errorf("log engine: the library did not take the rows of day %s", day)
		}
	}
	return nil
}

// collect puts row i into lr.
func (e *Embedded) collect(lr *logstorage.LogRows, f *flattener, rows []Row, i int) error {
	r := &rows[i]
	if i == 0 || f.allowed == nil || r.Tenant != rows[i-1].Tenant || r.Stream != rows[i-1].Stream ||
		floorDiv(r.Time, dayMillis) != floorDiv(rows[i-1].Time, dayMillis) {
		var err error
		if f.allowed, err = e.nameSet(r); err != nil {
			return err
		}
	}
	n := lr.RowsCount()
	fields := f.flatten(r)
	lr.MustAdd(r.Tenant.id(), nanos(r.Time), fields, e.apart.split(fields))
	if lr.RowsCount() != n+1 {
		// Not reached as long as flatten keeps the library's bounds; an event must not vanish if it fails to.
		return fmt.Errorf("log engine: the library refused a row of %d bytes", len(r.Message))
	}
	return nil
}

// touch notes which of the library's daily partitions rows go to.
func (e *Embedded) touch(days []string) {
	e.daysMu.Lock()
	defer e.daysMu.Unlock()
	for _, day := range days {
		e.days[day] = struct{}{}
	}
}

// show makes all rows added so far visible to queries.
func (e *Embedded) show() {
	if e.shown.Load() >= e.added.Load() {
		return
	}
	e.showing.Lock()
	defer e.showing.Unlock()
	if n := e.added.Load(); e.shown.Load() < n {
		e.storage.DebugFlush()
		e.shown.Store(n)
	}
}

func (t Tenant) id() logstorage.TenantID {
	return logstorage.TenantID{AccountID: t.Account, ProjectID: t.Group}
}

// run runs one query of the library's and gives each block of the answer to
// take, one at a time.
func (e *Embedded) run(ctx context.Context, tenants []logstorage.TenantID, query string, from, to int64, take func(*logstorage.DataBlock)) error {
	var mu sync.Mutex
	return e.runParallel(ctx, tenants, query, from, to, func(_ int, b *logstorage.DataBlock) {
		mu.Lock()
		defer mu.Unlock()
		take(b)
	})
}

// runParallel is run, but take is called from several goroutines at a time, each
// with a number of its own below Workers.
func (e *Embedded) runParallel(ctx context.Context, tenants []logstorage.TenantID, query string, from, to int64,
	take func(worker int, b *logstorage.DataBlock),
) error {
	q, err := logstorage.ParseQueryAtTimestamp(query, to)
	if err != nil {
		return fmt.Errorf("log engine query: %w", err)
	}
	q.AddTimeFilter(from, to)
	var stats logstorage.QueryStats
	err = e.storage.RunQuery(logstorage.NewQueryContext(ctx, &stats, tenants, q, false, nil),
		func(worker uint, b *logstorage.DataBlock) { take(int(worker), b) })
	if err != nil {
		return fmt.Errorf("log engine query: %w", err)
	}
	return ctx.Err()
}
