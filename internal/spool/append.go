package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Batch is evidence of one source for one organization.
type Batch struct {
	// Seq is the batch's place in the spool, rising in the order of appending;
	// Append sets it, Next returns it.
	Seq          int64
	Organization string
	Source       string
	// Blob is the evidence; only the consumer reads it.
	Blob []byte
	// Position is how far the source has read once this batch is safe, in the
	// source's own form; nil leaves the recorded position as it is. Next does
	// not return it.
	Position []byte
}

// Append makes a batch durable together with its source's position. A batch
// whose Blob is empty records the position alone (lines that held no evidence).
// It returns the batch's sequence number, 0 for an empty one.
//
// On an error nothing was kept and the caller may append the same batch again.
func (s *Spool) Append(ctx context.Context, b Batch) (int64, error) {
	var seq int64
	err := s.writer.do(ctx, func(tx *transaction) error {
		if b.Position != nil {
			_, err := tx.exec(`INSERT INTO position (source, position) VALUES (?, ?)
				ON CONFLICT (source) DO UPDATE SET position = excluded.position`, b.Source, b.Position)
			if err != nil {
				return err
			}
		}
		if len(b.Blob) == 0 {
			return nil
		}
		res, err := tx.exec(`INSERT INTO batch (organization, source, blob) VALUES (?, ?, ?)`, b.Organization, b.Source, b.Blob)
		if err != nil {
			return err
		}
		seq, err = res.LastInsertId()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("append evidence of source %q to the spool: %w", b.Source, err)
	}
	if seq != 0 {
		s.feed(b.Organization).appended(seq)
	}
	return seq, nil
}

// Position returns how far the source had read when its last batch became
// durable, nil when none has been recorded.
func (s *Spool) Position(ctx context.Context, source string) ([]byte, error) {
	var position []byte
	err := s.read.QueryRowContext(ctx, `SELECT position FROM position WHERE source = ?`, source).Scan(&position)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the position of source %q: %w", source, explain(err))
	}
	return position, nil
}
