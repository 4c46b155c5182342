package logs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"waybill/internal/logs/engine"
	"waybill/internal/logs/journal"
)

// Checkpoint has the engine write to disk what the journal has, and trims the
// journal. Run does it by itself.
func (s *Service) Checkpoint(ctx context.Context) error {
	s.trimming.Lock()
	defer s.trimming.Unlock()
	if n, _ := s.journal.Size(); n == 0 {
		return s.saveStats(ctx)
	}
	through, err := s.saveStatsThrough(ctx)
	if err != nil {
		return err
	}
	// No batch up to through was on its way, so the engine was given all of them.
	if err := s.engine.Sync(ctx); err != nil {
		return err
	}
	return s.journal.Trim(ctx, through)
}

// Snapshot makes a snapshot of the engine and has pin take snapshots of the
// databases such that, put together, they lose and double nothing: pin is called
// while no batch is on its way, after the engine's snapshot was made, and the
// journal is not trimmed between the two. So what the engine's snapshot lacks of
// what was acknowledged is in the journal, and what it has too is found there by
// a replay. pin must be quick: events wait for it.
func (s *Service) Snapshot(ctx context.Context, pin func() error) (*engine.Snapshot, error) {
	if err := s.Checkpoint(ctx); err != nil { // a short journal
		return nil, err
	}
	s.trimming.Lock()
	defer s.trimming.Unlock()
	e, ok := s.engine.(interface {
		Snapshot(context.Context) (*engine.Snapshot, error)
	})
	if !ok {
		return nil, errors.New("this log engine makes no snapshots")
	}
	snapshot, err := e.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	s.applying.Lock()
	err = pin()
	s.applying.Unlock()
	if err != nil {
		return nil, errors.Join(err, snapshot.Close())
	}
	return snapshot, nil
}

func (s *Service) saveStats(ctx context.Context) error {
	_, err := s.saveStatsThrough(ctx)
	return err
}

// savedStream is a stream's marks to be written.
type savedStream struct {
	state *streamState
	marks
}

// saveStatsThrough writes what changed in streams and groups, and returns the
// journal sequence up to which it counts.
func (s *Service) saveStatsThrough(ctx context.Context) (through uint64, err error) {
	s.streams.saving.Lock()
	defer s.streams.saving.Unlock()
	s.applying.Lock()
	through = s.journal.Last()
	streams, sizes := s.streams.takeDirty()
	s.streams.shrink()
	s.applying.Unlock()
	if len(streams) == 0 {
		return through, nil
	}
	err = s.db.Write(ctx, func(tx *sql.Tx) error { return writeStats(ctx, tx, streams, sizes, through) })
	if err != nil {
		s.streams.putBack(streams, sizes)
		return 0, fmt.Errorf("save what is counted of log streams: %w", err)
	}
	return through, nil
}

func writeStats(ctx context.Context, tx *sql.Tx, streams []savedStream, sizes map[*groupState]stored, through uint64) error {
	for _, st := range streams {
		_, err := tx.ExecContext(ctx, `UPDATE log_streams SET first_event_ms = ?, last_event_ms = ?, last_ingest_ms = ?,
			last_seq = ?, prior_seq = ?, last_hash = ? WHERE number = ?`,
			st.first, st.last, st.lastIngest, int64(st.seq), int64(st.prior), st.hash, int64(st.state.number))
		if err != nil {
			return err
		}
	}
	for g, n := range sizes {
		_, err := tx.ExecContext(ctx, `UPDATE log_groups SET stored_bytes = stored_bytes + ?, stored_events = stored_events + ? WHERE number = ?`,
			n.bytes, n.events, g.tenant.Group)
		if err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `UPDATE log_counted SET through = ?`, int64(through))
	return err
}

// takeDirty returns what is to be saved and marks it clean.
func (t *streamTable) takeDirty() ([]savedStream, map[*groupState]stored) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var list []savedStream
	sizes := map[*groupState]stored{}
	for _, st := range t.byNumber {
		st.mu.Lock()
		if st.dirty {
			st.dirty = false
			list = append(list, savedStream{st, st.marks})
			if n := st.group.added.Swap(0); n != 0 {
				sum := sizes[st.group]
				sizes[st.group] = stored{events: sum.events + st.group.addedEvents.Swap(0), bytes: sum.bytes + n}
			}
		}
		st.mu.Unlock()
	}
	return list, sizes
}

func (t *streamTable) putBack(list []savedStream, sizes map[*groupState]stored) {
	for _, st := range list {
		st.state.mu.Lock()
		st.state.dirty = true
		st.state.mu.Unlock()
	}
	for g, n := range sizes {
		g.add(n)
	}
}

// replayRows is how many rows are compared with the engine at a time.
const replayRows = 200_000

// replay gives the engine what the journal has and the engine has not.
func (s *Service) replay(ctx context.Context) error {
	var counted uint64
	err := s.db.Read(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT through FROM log_counted`).Scan(&counted)
	})
	if err != nil {
		return err
	}
	r := replayer{s: s, counted: counted}
	err = s.journal.Replay(ctx, func(seq uint64, data []byte) error {
		b, err := decodeBatch(data)
		if err != nil {
			return fmt.Errorf("batch %d: %w: %w", seq, journal.ErrDamaged, err)
		}
		return r.take(ctx, seq, b)
	})
	// What stands before a damaged place is good.
	if ferr := r.flush(ctx); ferr != nil {
		return errors.Join(err, ferr)
	}
	if r.batches > 0 {
		s.log.Info("journal of log events replayed", "batches", r.batches, "events", r.rows, "added", r.added)
	}
	return err
}

type replayer struct {
	s       *Service
	counted uint64
	pending []engine.Row

	batches, rows, added int
}

func (r *replayer) take(ctx context.Context, seq uint64, b *batch) error {
	r.batches++
	st, err := r.s.streamByNumber(ctx, b.stream)
	if err != nil {
		return err
	}
	if st == nil {
		return nil // deleted since
	}
	if seq > r.counted {
		st.count(b, seq)
	}
	r.pending = append(r.pending, b.rows(seq)...)
	if len(r.pending) < replayRows {
		return nil
	}
	return r.flush(ctx)
}

// flush adds those of the pending rows that the engine does not have.
func (r *replayer) flush(ctx context.Context) error {
	if len(r.pending) == 0 {
		return nil
	}
	first, last, from := int64(math.MaxInt64), int64(0), uint64(math.MaxUint64)
	seen := map[engine.Tenant]struct{}{}
	var tenants []engine.Tenant
	for i := range r.pending {
		row := &r.pending[i]
		first, last, from = min(first, row.Time), max(last, row.Time), min(from, row.ID)
		if _, ok := seen[row.Tenant]; !ok {
			seen[row.Tenant] = struct{}{}
			tenants = append(tenants, row.Tenant)
		}
	}
	have, err := r.s.engine.IDs(ctx, tenants, first, last, from)
	if err != nil {
		return err
	}
	missing := r.pending[:0]
	r.rows += len(r.pending)
	for _, row := range r.pending {
		if _, ok := have[row.ID]; !ok {
			missing = append(missing, row)
		}
	}
	r.added += len(missing)
	if err := r.s.engine.Add(missing); err != nil {
		return err
	}
	r.pending = r.pending[:0]
	return nil
}
