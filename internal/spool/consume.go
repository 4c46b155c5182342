package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Commit is what one step of an organization's consumer changed.
type Commit struct {
	Organization string
	// Cursor is the Seq of the last batch consumed. Batches up to it are gone
	// after the commit. Zero leaves the cursor (a step made by the clock alone).
	Cursor int64
	// Put writes state rows, Delete removes them; a key stands in one of the two.
	Put    map[string][]byte
	Delete []string
	// Events go to the outbox in this order.
	Events []Event
}

// Event is one event in the outbox.
type Event struct {
	// Seq is its place in the outbox, rising in the order of committing; Pending
	// returns it.
	Seq int64
	// ID names the event. While an event waits, another with the same ID in the
	// same organization is ignored.
	ID string
	// Time is when it happened, kept to the nanosecond.
	Time time.Time
	Blob []byte
}

// Next returns up to limit batches after the organization's cursor, oldest
// first; none when there is nothing to consume (see Wait).
func (s *Spool) Next(ctx context.Context, organization string, limit int) ([]Batch, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT seq, source, blob FROM batch WHERE organization = ?
		AND seq > COALESCE((SELECT seq FROM cursor WHERE organization = ?), 0) ORDER BY seq LIMIT ?`, organization, organization, limit)
	if err != nil {
		return nil, fmt.Errorf("read evidence of %s: %w", organization, explain(err))
	}
	defer rows.Close()
	var batches []Batch
	for rows.Next() {
		b := Batch{Organization: organization}
		if err := rows.Scan(&b.Seq, &b.Source, &b.Blob); err != nil {
			return nil, fmt.Errorf("read evidence of %s: %w", organization, explain(err))
		}
		batches = append(batches, b)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read evidence of %s: %w", organization, explain(err))
	}
	return batches, nil
}

// Commit writes one step of a consumer: state, events and cursor, all or
// nothing. A cursor that goes backwards is an error.
func (s *Spool) Commit(ctx context.Context, c Commit) error {
	added := false
	err := s.writer.do(ctx, func(tx *transaction) error {
		if err := advance(tx, c.Organization, c.Cursor); err != nil {
			return err
		}
		if err := writeState(tx, c); err != nil {
			return err
		}
		var err error
		added, err = addEvents(tx, c.Organization, c.Events)
		return err
	})
	if err != nil {
		return fmt.Errorf("commit a step of %s to the spool: %w", c.Organization, err)
	}
	if c.Cursor != 0 {
		s.feed(c.Organization).consumed(c.Cursor)
	}
	if added {
		s.announce(c.Organization)
	}
	return nil
}

// advance moves the cursor and removes what it has passed.
func advance(tx *transaction, organization string, cursor int64) error {
	if cursor == 0 {
		return nil
	}
	res, err := tx.exec(`INSERT INTO cursor (organization, seq) VALUES (?, ?)
		ON CONFLICT (organization) DO UPDATE SET seq = excluded.seq WHERE excluded.seq >= cursor.seq`, organization, cursor)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(fmt.Errorf("cursor %d lies before the recorded one", cursor), err)
	}
	_, err = tx.exec(`DELETE FROM batch WHERE organization = ? AND seq <= ?`, organization, cursor)
	return err
}

func writeState(tx *transaction, c Commit) error {
	for key, value := range c.Put {
		if value == nil {
			value = []byte{}
		}
		_, err := tx.exec(`INSERT INTO state (organization, key, value) VALUES (?, ?, ?)
			ON CONFLICT (organization, key) DO UPDATE SET value = excluded.value`, c.Organization, key, value)
		if err != nil {
			return err
		}
	}
	for _, key := range c.Delete {
		if _, err := tx.exec(`DELETE FROM state WHERE organization = ? AND key = ?`, c.Organization, key); err != nil {
			return err
		}
	}
	return nil
}

// addEvents reports whether any event was new.
func addEvents(tx *transaction, organization string, events []Event) (bool, error) {
	var added int64
	for _, e := range events {
		blob := e.Blob
		if blob == nil {
			blob = []byte{}
		}
		res, err := tx.exec(`INSERT INTO outbox (organization, id, time, blob) VALUES (?, ?, ?, ?)
			ON CONFLICT (organization, id) DO NOTHING`, organization, e.ID, e.Time.UnixNano(), blob)
		if err != nil {
			return false, err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return false, err
		}
		added += n
	}
	return added > 0, nil
}

// State returns every state row of the organization, to restore its consumer.
func (s *Spool) State(ctx context.Context, organization string) (map[string][]byte, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT key, value FROM state WHERE organization = ?`, organization)
	if err != nil {
		return nil, fmt.Errorf("read the state of %s: %w", organization, explain(err))
	}
	defer rows.Close()
	state := map[string][]byte{}
	for rows.Next() {
		var key string
		var value []byte
		if err := rows.Scan(&key, &value); err != nil {
			return nil, fmt.Errorf("read the state of %s: %w", organization, explain(err))
		}
		state[key] = value
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the state of %s: %w", organization, explain(err))
	}
	return state, nil
}

// Wait returns once the organization has a batch after its cursor, or with ctx's
// error. It is woken by Append and does not poll.
func (s *Spool) Wait(ctx context.Context, organization string) error {
	f := s.feed(organization)
	if err := s.prime(ctx, organization, f); err != nil {
		return err
	}
	for {
		ready, changed := f.state()
		if ready {
			return nil
		}
		select {
		case <-changed:
		case <-s.writer.closing:
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// prime tells the feed once what the file held when the spool was opened.
func (s *Spool) prime(ctx context.Context, organization string, f *feed) error {
	f.mu.Lock()
	primed := f.primed
	f.mu.Unlock()
	if primed {
		return nil
	}
	var last, cursor sql.NullInt64
	err := s.read.QueryRowContext(ctx, `SELECT (SELECT MAX(seq) FROM batch WHERE organization = ?),
		(SELECT seq FROM cursor WHERE organization = ?)`, organization, organization).Scan(&last, &cursor)
	if err != nil {
		return fmt.Errorf("read the cursor of %s: %w", organization, explain(err))
	}
	f.consumed(cursor.Int64)
	f.appended(last.Int64)
	f.mu.Lock()
	f.primed = true
	f.mu.Unlock()
	return nil
}

// feed knows whether an organization has evidence to consume, without asking
// the file.
type feed struct {
	mu sync.Mutex
	// All guarded by mu. changed is closed and replaced when last grows.
	primed       bool
	last, cursor int64
	changed      chan struct{}
}

func (s *Spool) feed(organization string) *feed {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.feeds[organization]
	if !ok {
		f = &feed{changed: make(chan struct{})}
		s.feeds[organization] = f
	}
	return f
}

func (f *feed) appended(seq int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if seq > f.last {
		f.last = seq
		close(f.changed)
		f.changed = make(chan struct{})
	}
}

func (f *feed) consumed(seq int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cursor = max(f.cursor, seq)
}

func (f *feed) state() (ready bool, changed <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last > f.cursor, f.changed
}
