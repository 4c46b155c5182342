package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Limits bound one answer of Pending. Zero means no limit.
type Limits struct {
	// Events is how many at most.
	Events int
	// Bytes is how much at most, counting Overhead for each event on top of its
	// blob. The first event is returned however large it is.
	Bytes    int
	Overhead int
	// UpTo is the Seq of the last event wanted.
	UpTo int64
}

// Pin says which events have been or are about to be sent, and how.
type Pin struct {
	// LastSeq is the Seq of the last event of the batch; it begins with the
	// first that waits.
	LastSeq int64
	// Destination and Stream say where to, Token what goes with it, in the
	// publisher's own terms.
	Destination string
	Stream      string
	Token       string
}

// Delivery is what publication has achieved for one organization.
type Delivery struct {
	// Destination and Stream are where the last batch went, Token what the next
	// batch to the same place must carry.
	Destination string
	Stream      string
	Token       string
	// Published and Rejected count events since the beginning.
	Published int64
	Rejected  int64
	// LastSuccess is when a batch was last accepted; zero before the first.
	LastSuccess time.Time
}

// Done is the outcome of one sent batch.
type Done struct {
	// UpTo is the Seq of the last event settled.
	UpTo int64
	// Destination, Stream and Token become those of Delivery.
	Destination string
	Stream      string
	Token       string
	// Published and Rejected are added to Delivery's counts.
	Published int64
	Rejected  int64
	// Time becomes LastSuccess; zero leaves it.
	Time time.Time
}

// OnEvents has f called with the organization whenever events were added to its
// outbox. f must return at once. It is set once, before the first Commit.
func (s *Spool) OnEvents(f func(organization string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onEvents = f
}

func (s *Spool) announce(organization string) {
	s.mu.Lock()
	f := s.onEvents
	s.mu.Unlock()
	if f != nil {
		f(organization)
	}
}

// Pending returns the events that wait, in the order they were committed.
func (s *Spool) Pending(ctx context.Context, organization string, l Limits) ([]Event, error) {
	query := `SELECT seq, id, time, blob FROM outbox WHERE organization = ?`
	args := []any{organization}
	if l.UpTo != 0 {
		query, args = query+` AND seq <= ?`, append(args, l.UpTo)
	}
	query += ` ORDER BY seq`
	if l.Events != 0 {
		query, args = query+` LIMIT ?`, append(args, l.Events)
	}
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read the outbox of %s: %w", organization, explain(err))
	}
	defer rows.Close()
	var events []Event
	for size := 0; rows.Next(); {
		var e Event
		var nanos int64
		if err := rows.Scan(&e.Seq, &e.ID, &nanos, &e.Blob); err != nil {
			return nil, fmt.Errorf("read the outbox of %s: %w", organization, explain(err))
		}
		e.Time = time.Unix(0, nanos).UTC()
		size += len(e.Blob) + l.Overhead
		if l.Bytes != 0 && size > l.Bytes && len(events) > 0 {
			return events, nil
		}
		events = append(events, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the outbox of %s: %w", organization, explain(err))
	}
	return events, nil
}

// Pin records durably which batch is about to be sent, replacing an earlier pin.
func (s *Spool) Pin(ctx context.Context, organization string, p Pin) error {
	err := s.writer.do(ctx, func(tx *transaction) error {
		_, err := tx.exec(`INSERT INTO pin (organization, last_seq, destination, stream, token) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (organization) DO UPDATE SET last_seq = excluded.last_seq, destination = excluded.destination,
			stream = excluded.stream, token = excluded.token`, organization, p.LastSeq, p.Destination, p.Stream, p.Token)
		return err
	})
	if err != nil {
		return fmt.Errorf("pin a batch of %s: %w", organization, err)
	}
	return nil
}

// Pinned returns the pin; ok is false when nothing is pinned.
func (s *Spool) Pinned(ctx context.Context, organization string) (p Pin, ok bool, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT last_seq, destination, stream, token FROM pin WHERE organization = ?`, organization).
		Scan(&p.LastSeq, &p.Destination, &p.Stream, &p.Token)
	if errors.Is(err, sql.ErrNoRows) {
		return Pin{}, false, nil
	}
	if err != nil {
		return Pin{}, false, fmt.Errorf("read the pinned batch of %s: %w", organization, explain(err))
	}
	return p, true, nil
}

// Done removes the events that are settled and the pin, and records the outcome.
func (s *Spool) Done(ctx context.Context, organization string, d Done) error {
	success := int64(0)
	if !d.Time.IsZero() {
		success = d.Time.UnixNano()
	}
	err := s.writer.do(ctx, func(tx *transaction) error {
		if err := clear(tx, organization, d.UpTo); err != nil {
			return err
		}
		_, err := tx.exec(`INSERT INTO delivery (organization, destination, stream, token, published, rejected, last_success)
			VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (organization) DO UPDATE SET destination = excluded.destination,
			stream = excluded.stream, token = excluded.token, published = delivery.published + excluded.published,
			rejected = delivery.rejected + excluded.rejected,
			last_success = CASE WHEN excluded.last_success = 0 THEN delivery.last_success ELSE excluded.last_success END`,
			organization, d.Destination, d.Stream, d.Token, d.Published, d.Rejected, success)
		return err
	})
	if err != nil {
		return fmt.Errorf("record a batch of %s as done: %w", organization, err)
	}
	return nil
}

// Drop removes everything that waits, and the pin: event logging was turned
// off. It returns how many events are gone.
func (s *Spool) Drop(ctx context.Context, organization string) (int64, error) {
	var n int64
	err := s.writer.do(ctx, func(tx *transaction) error {
		res, err := tx.exec(`DELETE FROM outbox WHERE organization = ?`, organization)
		if err != nil {
			return err
		}
		if n, err = res.RowsAffected(); err != nil {
			return err
		}
		_, err = tx.exec(`DELETE FROM pin WHERE organization = ?`, organization)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("drop the outbox of %s: %w", organization, err)
	}
	return n, nil
}

func clear(tx *transaction, organization string, upTo int64) error {
	if _, err := tx.exec(`DELETE FROM outbox WHERE organization = ? AND seq <= ?`, organization, upTo); err != nil {
		return err
	}
	_, err := tx.exec(`DELETE FROM pin WHERE organization = ?`, organization)
	return err
}

// Delivery returns what publication has achieved, the zero value before the
// first batch.
func (s *Spool) Delivery(ctx context.Context, organization string) (Delivery, error) {
	var d Delivery
	var success int64
	err := s.read.QueryRowContext(ctx, `SELECT destination, stream, token, published, rejected, last_success
		FROM delivery WHERE organization = ?`, organization).
		Scan(&d.Destination, &d.Stream, &d.Token, &d.Published, &d.Rejected, &success)
	if errors.Is(err, sql.ErrNoRows) {
		return Delivery{}, nil
	}
	if err != nil {
		return Delivery{}, fmt.Errorf("read the delivery of %s: %w", organization, explain(err))
	}
	if success != 0 {
		d.LastSuccess = time.Unix(0, success).UTC()
	}
	return d, nil
}

// Backlog returns how many events wait and when the one that has waited longest
// happened (zero when none waits).
func (s *Spool) Backlog(ctx context.Context, organization string) (count int64, oldest time.Time, err error) {
	var nanos sql.NullInt64
	err = s.read.QueryRowContext(ctx, `SELECT COUNT(*), (SELECT time FROM outbox WHERE organization = ? ORDER BY seq LIMIT 1)
		FROM outbox WHERE organization = ?`, organization, organization).Scan(&count, &nanos)
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("count the outbox of %s: %w", organization, explain(err))
	}
	if nanos.Valid {
		oldest = time.Unix(0, nanos.Int64).UTC()
	}
	return count, oldest, nil
}

// Organizations returns those that have events waiting.
func (s *Spool) Organizations(ctx context.Context) ([]string, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT DISTINCT organization FROM outbox ORDER BY organization`)
	if err != nil {
		return nil, fmt.Errorf("list organizations with events waiting: %w", explain(err))
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var o string
		if err := rows.Scan(&o); err != nil {
			return nil, fmt.Errorf("list organizations with events waiting: %w", explain(err))
		}
		all = append(all, o)
	}
	return all, explain(rows.Err())
}
