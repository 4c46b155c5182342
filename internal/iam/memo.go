package iam

import (
	"context"
	"database/sql"
	"sync"

	"waybill/internal/store"
)

// maxRemembered bounds the memo. Beyond it the memo starts anew, which costs
// reading again and nothing else.
const maxRemembered = 8192

// database is the metadata database as this package uses it: each write makes
// what the memo holds invalid. That is enough as long as one process writes,
// which the data folder's lock ensures.
type database struct {
	*store.DB
	memo *memo
}

// Write is store.DB's.
func (d database) Write(ctx context.Context, fn func(*sql.Tx) error) error {
	// After a failed commit nobody knows whether it happened.
	defer d.memo.forget()
	return d.DB.Write(ctx, fn)
}

// memo keeps what decisions read of the database until the next write. What is
// remembered is shared by all readers and must not be changed.
type memo struct {
	mu sync.Mutex
	// generation counts the writes; entries were all read since the last one. Both
	// are guarded by mu.
	generation uint64
	entries    map[any]any
}

// look returns what is remembered under key and the generation that a read
// which begins now belongs to.
func (m *memo) look(key any) (value any, found bool, generation uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, found = m.entries[key]
	return value, found, m.generation
}

// keep remembers a value unless there was a write since its generation.
func (m *memo) keep(key, value any, generation uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if generation != m.generation {
		return
	}
	if m.entries == nil || len(m.entries) >= maxRemembered {
		m.entries = make(map[any]any)
	}
	m.entries[key] = value
}

func (m *memo) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.generation++
	m.entries = nil
}

// recall returns what read returns, from the memo if it was read since the last
// write. The type of key tells kinds of values apart. Errors are not remembered.
func recall[V any](ctx context.Context, s *Service, key any, read func(tx *sql.Tx) (V, error)) (V, error) {
	value, found, generation := s.memo.look(key)
	if found {
		return value.(V), nil
	}
	var v V
	err := s.DB.Read(ctx, func(tx *sql.Tx) (err error) {
		v, err = read(tx)
		return err
	})
	if err == nil {
		s.memo.keep(key, v, generation)
	}
	return v, err
}
