package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
)

// maxGroup bounds how many requests share one transaction.
const maxGroup = 256

// vacuumEvery is after how many transactions free pages are handed back to the
// file system, vacuumPages how many at a time (4 KiB each).
const (
	vacuumEvery = 512
	vacuumPages = 4096
)

// writer owns the connection that writes. One goroutine takes requests and
// commits as many as wait in one transaction, each in a savepoint of its own, so
// that a request that fails leaves the others alone.
type writer struct {
	log      *slog.Logger
	db       *sql.DB
	conn     *sql.Conn
	requests chan *request
	closing  chan struct{}
	once     sync.Once
	finished chan struct{}

	// Only the goroutine uses these.
	statements map[string]*sql.Stmt
	commits    int
}

// request is one change to be written.
type request struct {
	run  func(*transaction) error
	done chan error
	// taken is set by whoever comes first: the writer that runs it, or the
	// caller that gives up waiting. So a caller never gives up on a change that
	// is being written.
	taken atomic.Bool
	err   error
}

// startWriter takes the one connection of db and starts the goroutine.
func startWriter(ctx context.Context, db *sql.DB, logger *slog.Logger) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, explain(err)
	}
	w := &writer{
		log: logger, db: db, conn: conn,
		requests: make(chan *request, maxGroup), closing: make(chan struct{}), finished: make(chan struct{}),
		statements: map[string]*sql.Stmt{},
	}
	go w.loop()
	return w, nil
}

// do has run executed inside a transaction and returns once it is on disk, or
// has failed and changed nothing. When ctx ends before the writer has begun, the
// change is withdrawn.
func (w *writer) do(ctx context.Context, run func(*transaction) error) error {
	r := &request{run: run, done: make(chan error, 1)}
	select {
	case <-w.closing:
		return ErrClosed
	default:
	}
	select {
	case w.requests <- r:
	case <-w.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		if r.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		return <-r.done
	case <-w.finished:
		// It was queued while the writer stopped: it ran, or it never will.
		if r.taken.CompareAndSwap(false, true) {
			return ErrClosed
		}
		return <-r.done
	}
}

func (w *writer) loop() {
	defer close(w.finished)
	for {
		select {
		case r := <-w.requests:
			w.commit(w.gather(r))
		case <-w.closing:
			for {
				select {
				case r := <-w.requests:
					w.commit(w.gather(r))
				default:
					return
				}
			}
		}
	}
}

// gather takes what else is waiting and leaves out what was withdrawn.
func (w *writer) gather(first *request) []*request {
	var group []*request
	for r := first; ; {
		if r.taken.CompareAndSwap(false, true) {
			group = append(group, r)
		}
		if len(group) == maxGroup {
			return group
		}
		select {
		case r = <-w.requests:
		default:
			return group
		}
	}
}

// commit writes the group in one transaction and answers every request.
func (w *writer) commit(group []*request) {
	if len(group) == 0 {
		return
	}
	err := w.transact(group)
	for _, r := range group {
		if err != nil {
			r.err = err
		}
		r.done <- r.err
	}
	if w.commits++; w.commits%vacuumEvery == 0 {
		w.vacuum()
	}
}

// transact runs the group. The error returned concerns all of them; one that
// concerns a single request is left in it.
func (w *writer) transact(group []*request) error {
	ctx := context.Background()
	if _, err := w.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin a spool transaction: %w", explain(err))
	}
	tx := &transaction{w}
	for _, r := range group {
		if err := w.runOne(ctx, tx, r, len(group) == 1); err != nil {
			return errors.Join(err, w.rollback(ctx))
		}
	}
	if len(group) == 1 && group[0].err != nil {
		return w.rollback(ctx)
	}
	if _, err := w.conn.ExecContext(ctx, "COMMIT"); err != nil {
		return errors.Join(fmt.Errorf("commit a spool transaction: %w", explain(err)), w.rollback(ctx))
	}
	return nil
}

// runOne runs one request in a savepoint, or without one when it is alone and
// the whole transaction can be rolled back.
func (w *writer) runOne(ctx context.Context, tx *transaction, r *request, alone bool) error {
	if alone {
		r.err = r.run(tx)
		return nil
	}
	if _, err := w.conn.ExecContext(ctx, "SAVEPOINT one"); err != nil {
		return fmt.Errorf("begin a spool savepoint: %w", explain(err))
	}
	if r.err = r.run(tx); r.err != nil {
		if _, err := w.conn.ExecContext(ctx, "ROLLBACK TO one"); err != nil {
			// SQLite has rolled back the whole transaction (a full disk): the
			// others are undone with this one.
			return errors.Join(r.err, fmt.Errorf("roll back a spool savepoint: %w", explain(err)))
		}
	}
	if _, err := w.conn.ExecContext(ctx, "RELEASE one"); err != nil {
		return fmt.Errorf("release a spool savepoint: %w", explain(err))
	}
	return nil
}

// rollback ends the transaction. After some errors (a full disk among them)
// SQLite has rolled back by itself, so that there is nothing left to end.
func (w *writer) rollback(ctx context.Context) error {
	if _, err := w.conn.ExecContext(ctx, "ROLLBACK"); err != nil {
		w.log.Debug("spool: roll back", "error", err)
	}
	return nil
}

// vacuum hands free pages back to the file system, some at a time.
func (w *writer) vacuum() {
	ctx := context.Background()
	var free int
	err := w.conn.QueryRowContext(ctx, "PRAGMA freelist_count").Scan(&free)
	if err == nil && free > vacuumPages {
		_, err = w.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA incremental_vacuum(%d)", vacuumPages))
	}
	if err != nil {
		w.log.Warn("spool: return free pages to the file system", "error", err)
	}
}

// close writes what is waiting and closes the connection.
func (w *writer) close() error {
	w.once.Do(func() { close(w.closing) })
	<-w.finished
	var errs []error
	for _, s := range w.statements {
		errs = append(errs, s.Close())
	}
	w.statements = nil
	return errors.Join(append(errs, w.conn.Close(), w.db.Close())...)
}

// transaction is what a request writes through.
type transaction struct{ w *writer }

// exec runs one statement, prepared once for the life of the spool.
func (t *transaction) exec(query string, args ...any) (sql.Result, error) {
	s, err := t.prepare(query)
	if err != nil {
		return nil, err
	}
	res, err := s.Exec(args...)
	return res, explain(err)
}

func (t *transaction) prepare(query string) (*sql.Stmt, error) {
	if s, ok := t.w.statements[query]; ok {
		return s, nil
	}
	s, err := t.w.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, fmt.Errorf("prepare a spool statement: %w", explain(err))
	}
	t.w.statements[query] = s
	return s, nil
}
