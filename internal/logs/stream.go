package logs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"waybill/internal/awserr"
	"waybill/internal/logs/engine"
)

// Stream is a log stream. Times are milliseconds since the Unix epoch.
type Stream struct {
	Name    string
	Created int64
	// HasEvents tells whether the next three are set.
	HasEvents  bool
	FirstEvent int64
	LastEvent  int64
	LastIngest int64
	// Token is the sequence token that a PutLogEvents may give.
	Token string

	number uint64
}

const streamColumns = `number, name, created_ms, first_event_ms, last_event_ms, last_ingest_ms, last_seq FROM log_streams `

func scanStream(row scanner) (Stream, error) {
	var st Stream
	var first, last, ingest sql.NullInt64
	var seq uint64
	err := row.Scan(&st.number, &st.Name, &st.Created, &first, &last, &ingest, &seq)
	st.HasEvents = first.Valid
	st.FirstEvent, st.LastEvent, st.LastIngest = first.Int64, last.Int64, ingest.Int64
	st.Token = sequenceToken(seq)
	return st, err
}

// stream finds a stream of a group; a missing one is AWS's error.
func stream(ctx context.Context, tx *sql.Tx, g Group, name string) (Stream, error) {
	st, err := scanStream(tx.QueryRowContext(ctx, `SELECT `+streamColumns+`WHERE group_number = ? AND name = ?`, g.tenant.Group, name))
	if errors.Is(err, sql.ErrNoRows) {
		return Stream{}, errNoStream()
	}
	if err != nil {
		return Stream{}, fmt.Errorf("read log stream: %w", err)
	}
	return st, nil
}

// CreateLogStream makes an empty stream.
func (s *Service) CreateLogStream(ctx context.Context, sc Scope, groupName, name string) error {
	return s.db.Write(ctx, func(tx *sql.Tx) error {
		g, err := group(ctx, tx, sc, groupName)
		if err != nil {
			return err
		}
		_, err = stream(ctx, tx, g, name)
		if err == nil {
			return awserr.New(codeExists, "The specified log stream already exists")
		}
		if !awserr.HasCode(err, codeNotFound) {
			return err
		}
		number, err := nextNumber(ctx, tx, "stream")
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO log_streams (number, group_number, name, created_ms, last_seq, prior_seq, last_hash)
			VALUES (?, ?, ?, ?, 0, 0, '')`, number, g.tenant.Group, name, s.millis())
		return err
	})
}

// DeleteLogStream deletes a stream and its events, as DeleteLogGroup does.
func (s *Service) DeleteLogStream(ctx context.Context, sc Scope, groupName, name string) error {
	err := s.deleteLogStream(ctx, sc, groupName, name)
	if err == nil {
		s.askReclaim()
	}
	return err
}

func (s *Service) deleteLogStream(ctx context.Context, sc Scope, groupName, name string) error {
	s.applying.Lock()
	defer s.applying.Unlock()
	var number uint64
	err := s.db.Write(ctx, func(tx *sql.Tx) error {
		g, err := group(ctx, tx, sc, groupName)
		if err != nil {
			return err
		}
		st, err := stream(ctx, tx, g, name)
		if err != nil {
			return err
		}
		if g.Protected {
			return errProtected()
		}
		number = st.number
		if err := addPurge(ctx, tx, g.tenant, number, s.millis()); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM log_streams WHERE number = ?`, number)
		return err
	})
	if err == nil {
		s.streams.drop(number)
	}
	return err
}

// addPurge notes events to delete for good. The engine deletes by event time;
// events lie at most two hours ahead.
func addPurge(ctx context.Context, tx *sql.Tx, t engine.Tenant, stream uint64, now int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO log_purges (account_number, group_number, stream_number, before_ms) VALUES (?, ?, ?, ?)`,
		t.Account, t.Group, stream, now+2*dayMillis)
	return err
}

// StreamList asks for streams of a group.
type StreamList struct {
	Prefix string
	// ByLastEvent orders by the last event's time instead of by name.
	ByLastEvent bool
	Descending  bool
	// After is the token of the page before; empty for the first.
	After string
	Limit int
}

// DescribeLogStreams returns a page of streams and the token of the next; it is
// empty with the last page.
func (s *Service) DescribeLogStreams(ctx context.Context, sc Scope, groupName string, l StreamList) ([]Stream, string, error) {
	if l.Prefix != "" && l.ByLastEvent {
		return nil, "", awserr.New(codeParameter, "Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	if err := s.saveStats(ctx); err != nil {
		return nil, "", err
	}
	query, args, err := l.sql()
	if err != nil {
		return nil, "", err
	}
	var streams []Stream
	var g Group
	err = s.db.Read(ctx, func(tx *sql.Tx) (err error) {
		if g, err = group(ctx, tx, sc, groupName); err != nil {
			return err
		}
		streams, err = selectStreams(ctx, tx, query, append([]any{g.tenant.Group}, args...)...)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	token := ""
	if len(streams) > l.Limit {
		streams = streams[:l.Limit]
		token = l.token(streams[l.Limit-1])
	}
	return streams, token, s.hideExpired(ctx, g, streams)
}

// hideExpired takes the times of expired events from what is told of streams.
func (s *Service) hideExpired(ctx context.Context, g Group, streams []Stream) error {
	cutoff := g.cutoff(s.millis())
	for i := range streams {
		st := &streams[i]
		switch {
		case !st.HasEvents || st.FirstEvent >= cutoff:
			continue
		case st.LastEvent >= cutoff:
			page, err := s.engine.Page(ctx, engine.PageQuery{
				Tenant: g.tenant, Streams: []uint64{st.number}, From: cutoff, To: latest, Limit: 1, MaxBytes: maxPageBytes,
			})
			if err != nil {
				return err
			}
			if len(page.Events) > 0 {
				st.FirstEvent = page.Events[0].Time
				continue
			}
		}
		st.HasEvents, st.FirstEvent, st.LastEvent, st.LastIngest = false, 0, 0, 0
	}
	return nil
}

func selectStreams(ctx context.Context, tx *sql.Tx, where string, args ...any) ([]Stream, error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+streamColumns+`WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read log streams: %w", err)
	}
	defer rows.Close()
	var list []Stream
	for rows.Next() {
		st, err := scanStream(rows)
		if err != nil {
			return nil, fmt.Errorf("read log streams: %w", err)
		}
		list = append(list, st)
	}
	return list, rows.Err()
}

// lastRune is above every character of a name, so prefix+lastRune bounds the
// names that begin with prefix.
const lastRune = "\U0010FFFF"

// sql returns the condition after the group's number, its arguments, and order
// and limit: one row more than asked for.
func (l StreamList) sql() (string, []any, error) {
	order, than := "ASC", ">"
	if l.Descending {
		order, than = "DESC", "<"
	}
	query, args := `group_number = ?`, []any{}
	if l.Prefix != "" {
		query += ` AND name >= ? AND name < ?`
		args = append(args, l.Prefix, l.Prefix+lastRune)
	}
	if l.After != "" {
		at, name, err := parseStreamToken(l.After)
		if err != nil {
			return "", nil, err
		}
		if l.ByLastEvent {
			query += fmt.Sprintf(` AND (COALESCE(last_event_ms, 0) %s ? OR COALESCE(last_event_ms, 0) = ? AND name %s ?)`, than, than)
			args = append(args, at, at, name)
		} else {
			query += ` AND name ` + than + ` ?`
			args = append(args, name)
		}
	}
	by := `name ` + order
	if l.ByLastEvent {
		by = `COALESCE(last_event_ms, 0) ` + order + `, ` + by
	}
	return query + ` ORDER BY ` + by + fmt.Sprintf(` LIMIT %d`, l.Limit+1), args, nil
}

func (l StreamList) token(last Stream) string {
	return streamToken(last.LastEvent, last.Name)
}
