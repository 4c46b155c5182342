package logs

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"waybill/internal/awserr"
	"waybill/internal/logs/engine"
)

// RecordPointer names one log event of the server: GetLogRecord's
// logRecordPointer, which Logs Insights gives as @ptr. It says where the event
// is and nothing of what is in it; whoever has it still needs permission on the
// log group.
type RecordPointer struct {
	// Group and Stream are the numbers of the log group and the log stream.
	Group  uint32
	Stream uint64
	engine.Position
}

// PointerTo returns the pointer to an event of a group.
func PointerTo(t engine.Tenant, e *engine.Event) RecordPointer {
	return RecordPointer{t.Group, e.Stream, e.Position()}
}

// pointerVersion begins an encoded pointer.
const pointerVersion = 1

// String encodes the pointer: version and four varints, in base64 of the kind
// that is safe in URLs.
func (p RecordPointer) String() string {
	b := []byte{pointerVersion}
	for _, n := range []uint64{uint64(p.Group), p.Stream, uint64(p.Time), p.ID} {
		b = binary.AppendUvarint(b, n)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// ParseRecordPointer is the inverse of String. The error is
// InvalidParameterException.
func ParseRecordPointer(s string) (RecordPointer, error) {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	r := &reader{p: raw}
	version := r.byte()
	group, stream, at, id := r.uvarint(), r.uvarint(), r.uvarint(), r.uvarint()
	p := RecordPointer{uint32(group), stream, engine.Position{Time: int64(at), ID: id}}
	// Only what String writes: a pointer has one spelling.
	if err != nil || r.failed || version != pointerVersion || id == 0 || p.String() != s {
		return RecordPointer{}, awserr.New(codeParameter, "The specified logRecordPointer is invalid.")
	}
	return p, nil
}

// Record is one log event with the names of where it is.
type Record struct {
	Group  Group
	Stream string
	engine.Event
}

// PointedGroup returns the log group that a pointer is about, so that permission
// can be asked for. A deleted one is ResourceNotFoundException.
func (s *Service) PointedGroup(ctx context.Context, p RecordPointer) (Group, error) {
	var g Group
	err := s.db.Read(ctx, func(tx *sql.Tx) (err error) {
		g, err = groupByNumber(ctx, tx, p.Group)
		return err
	})
	return g, err
}

func groupByNumber(ctx context.Context, tx *sql.Tx, number uint32) (Group, error) {
	g, err := scanGroup(tx.QueryRowContext(ctx, `SELECT `+groupColumns+`WHERE g.number = ?`, number))
	if errors.Is(err, sql.ErrNoRows) {
		return Group{}, errNoGroup()
	}
	if err != nil {
		return Group{}, fmt.Errorf("read log group %d: %w", number, err)
	}
	return g, nil
}

// LogRecord returns the event that p points to. One that has expired or was
// deleted is ResourceNotFoundException.
func (s *Service) LogRecord(ctx context.Context, p RecordPointer) (Record, error) {
	var r Record
	err := s.db.Read(ctx, func(tx *sql.Tx) (err error) {
		if r.Group, err = groupByNumber(ctx, tx, p.Group); err != nil {
			return err
		}
		streams, err := selectStreams(ctx, tx, `group_number = ? AND number = ?`, p.Group, int64(p.Stream))
		if err == nil && len(streams) == 0 {
			err = errNoStream()
		}
		if err == nil {
			r.Stream = streams[0].Name
		}
		return err
	})
	if err != nil {
		return Record{}, err
	}
	page, err := s.engine.Page(ctx, engine.PageQuery{
		Tenant: r.Group.tenant, Streams: []uint64{p.Stream}, From: max(p.Time, r.Group.cutoff(s.millis())), To: p.Time,
		Cursor: &engine.Position{Time: p.Time, ID: p.ID - 1}, Limit: 1, MaxBytes: maxPageBytes,
	})
	if err != nil {
		return Record{}, err
	}
	if len(page.Events) == 0 || page.Events[0].Position() != p.Position {
		return Record{}, awserr.New(codeNotFound, "The specified log record does not exist.")
	}
	r.Event = page.Events[0]
	return r, nil
}

// Fields returns the record as GetLogRecord gives it: the fields of Logs
// Insights that every event has, and the members of a JSON message.
func (r *Record) Fields() map[string]string {
	fields := engine.Members(r.Message)
	fields["@ptr"] = PointerTo(r.Group.tenant, &r.Event).String()
	fields["@message"] = r.Message
	fields["@timestamp"] = strconv.FormatInt(r.Time, 10)
	fields["@ingestionTime"] = strconv.FormatInt(r.Ingested, 10)
	fields["@log"] = r.Group.Account + ":" + r.Group.Name
	fields["@logStream"] = r.Stream
	return fields
}
