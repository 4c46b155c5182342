// Package journal keeps batches durable between their acknowledgement and the
// moment they are on disk elsewhere. It is one SQLite file (WAL mode,
// synchronous FULL), one row a batch; what a batch holds is the caller's.
//
// Append returns once the batch is fsynced. Batches that arrive while a commit
// is under way share the next one, so many writers share few fsyncs. Replay
// gives after a restart what was not trimmed, in order.
//
// Sequence numbers only ever grow, over restarts too. A new file starts at the
// present time in milliseconds, so that numbers stay unique even if the file
// was lost: nobody commits more than a thousand batches a second for years.
package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"
	_ "modernc.org/sqlite" // the "sqlite" driver
)

// ErrClosed is returned by Append after Close.
var ErrClosed = errors.New("the journal is closed")

// Journal is an open journal. Its methods may be called from many goroutines.
type Journal struct {
	path string
	db   *sql.DB

	requests chan *request
	closing  chan struct{}
	done     chan struct{}
	once     sync.Once

	mu    sync.Mutex
	next  uint64 // the number of the next batch; the committer's alone to advance
	last  uint64 // the highest number of a batch that was committed
	bytes int64  // compressed bytes of the batches that are there
	count int
}

// request is one batch waiting for its commit.
type request struct {
	data []byte
	seq  uint64
	err  chan error
}

// maxGroup bounds one commit, so that the first batch in it need not wait for ever.
const maxGroup = 64

// Open opens the journal in the file path, which it creates.
func Open(ctx context.Context, path string) (*Journal, error) {
	j, err := open(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open journal %s: %w", path, explain(err))
	}
	go j.run()
	return j, nil
}

func open(ctx context.Context, path string) (*Journal, error) {
	q := url.Values{"_pragma": {
		"busy_timeout(10000)", "page_size(16384)", "journal_mode(WAL)", "synchronous(FULL)",
		"wal_autocheckpoint(2000)", "journal_size_limit(67108864)",
	}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	j := &Journal{
		path: path, db: db,
		requests: make(chan *request, 4*maxGroup),
		closing:  make(chan struct{}), done: make(chan struct{}),
	}
	if err := j.load(ctx); err != nil {
		db.Close()
		return nil, err
	}
	return j, nil
}

func (j *Journal) load(ctx context.Context) error {
	const schema = `
		CREATE TABLE IF NOT EXISTS batch (seq INTEGER PRIMARY KEY, data BLOB NOT NULL);
		CREATE TABLE IF NOT EXISTS trimmed (id INTEGER PRIMARY KEY CHECK (id = 1), through INTEGER NOT NULL);`
	if _, err := j.db.ExecContext(ctx, schema); err != nil {
		return err
	}
	if _, err := j.db.ExecContext(ctx, `INSERT INTO trimmed (id, through) VALUES (1, ?) ON CONFLICT (id) DO NOTHING`,
		time.Now().UnixMilli()); err != nil {
		return err
	}
	var through, last int64
	if err := j.db.QueryRowContext(ctx, `SELECT through FROM trimmed`).Scan(&through); err != nil {
		return err
	}
	const sums = `SELECT COALESCE(MAX(seq), 0), COUNT(*), COALESCE(SUM(LENGTH(data)), 0) FROM batch`
	if err := j.db.QueryRowContext(ctx, sums).Scan(&last, &j.count, &j.bytes); err != nil {
		return err
	}
	j.last = uint64(max(through, last))
	j.next = j.last + 1
	return nil
}

// Close waits for batches under way and closes.
func (j *Journal) Close() error {
	j.once.Do(func() { close(j.closing) })
	<-j.done
	return j.db.Close()
}

// Append makes data durable and returns its sequence number; it does not keep data. If it fails, the
// batch may nevertheless come back in a Replay after a crash, once.
func (j *Journal) Append(ctx context.Context, data []byte) (uint64, error) {
	packed := buffers.Get().(*[]byte)
	*packed = s2.Encode((*packed)[:cap(*packed)], data)
	r := &request{data: *packed, err: make(chan error, 1)}
	select {
	case j.requests <- r:
	case <-j.closing:
		return 0, ErrClosed
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	// From here on the batch may become durable, so the answer is waited for.
	select {
	case err := <-r.err:
		buffers.Put(packed) // the committer is done with it
		return r.seq, err
	case <-j.done:
		select {
		case err := <-r.err:
			return r.seq, err
		default:
			return 0, ErrClosed
		}
	}
}

// buffers are for compressed batches: a megabyte each, as often as there are writers.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// Last returns the highest sequence number of a batch that was made durable; 0
// never. A batch after it, whose Append failed, may still come back in a Replay;
// one before it cannot any more, since the later commit took its place on disk.
func (j *Journal) Last() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

// Size returns how many batches are there and their bytes as stored.
func (j *Journal) Size() (batches int, bytes int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.count, j.bytes
}

// Replay calls f with each batch in order. Nothing may be appended meanwhile.
func (j *Journal) Replay(ctx context.Context, f func(seq uint64, data []byte) error) error {
	after := int64(0)
	for {
		var seq int64
		var stored []byte
		err := j.db.QueryRowContext(ctx, `SELECT seq, data FROM batch WHERE seq > ? ORDER BY seq LIMIT 1`, after).Scan(&seq, &stored)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("replay journal %s: %w", j.path, explain(err))
		}
		data, err := s2.Decode(nil, stored)
		if err != nil {
			return fmt.Errorf("replay journal %s: batch %d: %w: %w", j.path, seq, ErrDamaged, err)
		}
		if err := f(uint64(seq), data); err != nil {
			return err
		}
		after = seq
	}
}

// Trim forgets the batches up to and including through.
func (j *Journal) Trim(ctx context.Context, through uint64) error {
	var count int
	var bytes int64
	err := j.transact(ctx, func(tx *sql.Tx) error {
		const sums = `SELECT COUNT(*), COALESCE(SUM(LENGTH(data)), 0) FROM batch WHERE seq <= ?`
		if err := tx.QueryRowContext(ctx, sums, int64(through)).Scan(&count, &bytes); err != nil {
			return err
		}
		if count == 0 {
			return nil
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM batch WHERE seq <= ?`, int64(through)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE trimmed SET through = ? WHERE through < ?`, int64(through), int64(through))
		return err
	})
	if err != nil {
		return fmt.Errorf("trim journal %s: %w", j.path, err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.count -= count
	j.bytes -= bytes
	return nil
}

func (j *Journal) transact(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := j.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}
