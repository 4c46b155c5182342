package logs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"waybill/internal/logs/engine"
)

// groupState is what PutLogEvents needs of a group.
type groupState struct {
	tenant engine.Tenant
	// retention in days (0: for ever) and hidden may change while it is in use.
	retention, hidden atomic.Int64
	// added and addedEvents count bytes and events put since they were last saved.
	added, addedEvents atomic.Int64
}

// stored counts events and their bytes, overhead included.
type stored struct{ events, bytes int64 }

func (g *groupState) add(n stored) {
	g.added.Add(n.bytes)
	g.addedEvents.Add(n.events)
}

func (g *groupState) cutoff(now int64) int64 {
	group := Group{RetentionDays: int(g.retention.Load()), hidden: g.hidden.Load()}
	return group.cutoff(now)
}

// streamState is a stream in use. What has changed since it was saved is in
// memory and, as batches, in the journal.
type streamState struct {
	number uint64
	group  *groupState
	// putting is held by a PutLogEvents with a sequence token, so that the check
	// of the token and the batch are one step.
	putting sync.Mutex
	mu      sync.Mutex // guards what follows
	marks
	dirty bool
}

// marks are the columns of log_streams that every batch changes.
type marks struct {
	hasEvents               bool
	first, last, lastIngest int64
	// seq is the journal sequence of the last batch, prior what it was before,
	// hash the contents of that batch if it was put with a token.
	seq, prior uint64
	hash       string
}

// count takes a batch into account.
func (st *streamState) count(b *batch, seq uint64) {
	st.mu.Lock()
	defer st.mu.Unlock()
	first, last := b.span()
	if !st.hasEvents {
		st.first, st.last = first, last
	}
	st.hasEvents = true
	st.first, st.last = min(st.first, first), max(st.last, last)
	st.lastIngest = max(st.lastIngest, b.ingested)
	if seq > st.seq {
		st.prior, st.seq, st.hash = b.prior, seq, b.hash
	}
	st.dirty = true
	st.group.add(stored{events: int64(len(b.events)), bytes: b.size()})
}

func (st *streamState) marksNow() marks {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.marks
}

type streamKey struct {
	Scope
	group, stream string
}

// streamTable is the streams and groups in use.
type streamTable struct {
	mu       sync.RWMutex
	byName   map[streamKey]*streamState
	byNumber map[uint64]*streamState
	groups   map[uint32]*groupState
	// saving is held while what is dirty is taken and written.
	saving sync.Mutex
}

// maxStreams bounds the table; beyond it clean streams are forgotten.
const maxStreams = 100_000

func (t *streamTable) init() {
	t.byName = map[streamKey]*streamState{}
	t.byNumber = map[uint64]*streamState{}
	t.groups = map[uint32]*groupState{}
}

func (t *streamTable) get(k streamKey) *streamState {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.byName[k]
}

// put enters a loaded stream, or returns the one that is there already.
func (t *streamTable) put(k streamKey, g Group, number uint64, m marks) *streamState {
	t.mu.Lock()
	defer t.mu.Unlock()
	if st := t.byNumber[number]; st != nil {
		t.byName[k] = st
		return st
	}
	gs := t.groups[g.tenant.Group]
	if gs == nil {
		gs = &groupState{tenant: g.tenant}
		gs.retention.Store(int64(g.RetentionDays))
		gs.hidden.Store(g.hidden)
		t.groups[g.tenant.Group] = gs
	}
	st := &streamState{number: number, group: gs, marks: m}
	t.byName[k], t.byNumber[number] = st, st
	return st
}

func (t *streamTable) groupState(number uint32) *groupState {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.groups[number]
}

func (t *streamTable) drop(number uint64) {
	t.remove(func(st *streamState) bool { return st.number == number })
}

func (t *streamTable) dropGroup(group uint32) {
	t.remove(func(st *streamState) bool { return st.group.tenant.Group == group })
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.groups, group)
}

func (t *streamTable) remove(gone func(*streamState) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, st := range t.byName {
		if gone(st) {
			delete(t.byName, k)
			delete(t.byNumber, st.number)
		}
	}
}

// shrink forgets clean streams when there are many. No batch may be on its way.
func (t *streamTable) shrink() {
	t.mu.RLock()
	n := len(t.byNumber)
	t.mu.RUnlock()
	if n > maxStreams {
		t.remove(func(st *streamState) bool {
			st.mu.Lock()
			defer st.mu.Unlock()
			return !st.dirty
		})
	}
}

// streamState returns the state of a stream by name.
func (s *Service) streamState(ctx context.Context, sc Scope, groupName, name string) (*streamState, error) {
	key := streamKey{sc, groupName, name}
	if st := s.streams.get(key); st != nil {
		return st, nil
	}
	var g Group
	var number uint64
	var m marks
	err := s.db.Read(ctx, func(tx *sql.Tx) (err error) {
		if g, err = group(ctx, tx, sc, groupName); err != nil {
			return err
		}
		number, m, err = readMarks(tx.QueryRowContext(ctx, marksQuery+`WHERE group_number = ? AND name = ?`, g.tenant.Group, name))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errNoStream()
	}
	if err != nil {
		return nil, err
	}
	return s.streams.put(key, g, number, m), nil
}

// streamByNumber is streamState for a replay; nil means that the stream was deleted.
func (s *Service) streamByNumber(ctx context.Context, number uint64) (*streamState, error) {
	s.streams.mu.RLock()
	st := s.streams.byNumber[number]
	s.streams.mu.RUnlock()
	if st != nil {
		return st, nil
	}
	var g Group
	var name string
	var m marks
	err := s.db.Read(ctx, func(tx *sql.Tx) (err error) {
		var groupNumber uint32
		err = tx.QueryRowContext(ctx, `SELECT group_number, name FROM log_streams WHERE number = ?`, number).Scan(&groupNumber, &name)
		if err != nil {
			return err
		}
		if g, err = scanGroup(tx.QueryRowContext(ctx, `SELECT `+groupColumns+`WHERE g.number = ?`, groupNumber)); err != nil {
			return err
		}
		_, m, err = readMarks(tx.QueryRowContext(ctx, marksQuery+`WHERE number = ?`, number))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read log stream %d: %w", number, err)
	}
	return s.streams.put(streamKey{Scope{g.Account, g.Region}, g.Name, name}, g, number, m), nil
}

const marksQuery = `SELECT number, first_event_ms, last_event_ms, last_ingest_ms, last_seq, prior_seq, last_hash FROM log_streams `

func readMarks(row scanner) (number uint64, m marks, err error) {
	var first, last, ingest sql.NullInt64
	err = row.Scan(&number, &first, &last, &ingest, &m.seq, &m.prior, &m.hash)
	m.hasEvents = first.Valid
	m.first, m.last, m.lastIngest = first.Int64, last.Int64, ingest.Int64
	return number, m, err
}
