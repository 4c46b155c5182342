package logs

import (
	"encoding/binary"
	"errors"
	"slices"
	"sync"

	"waybill/internal/logs/engine"
)

// InputEvent is one event of a PutLogEvents.
type InputEvent struct {
	// Timestamp is in milliseconds since the Unix epoch.
	Timestamp int64
	Message   string
}

// batch is what one PutLogEvents accepted, as the journal keeps it.
type batch struct {
	tenant   engine.Tenant
	stream   uint64
	ingested int64
	// prior is the stream's last sequence before this batch, hash its contents if
	// it was put with a token: see marks.
	prior  uint64
	hash   string
	events []InputEvent
}

// idBits is how many bits of a row's id are the place in the batch.
const idBits = 14

// rowID makes an id of journal sequence and place; it grows with both.
func rowID(seq uint64, place int) uint64 { return seq<<idBits | uint64(place) }

// rows returns the batch's rows under the sequence it got.
func (b *batch) rows(seq uint64) []engine.Row {
	rows := make([]engine.Row, len(b.events))
	for i, e := range b.events {
		rows[i] = engine.Row{Tenant: b.tenant, Stream: b.stream, ID: rowID(seq, i), Time: e.Timestamp, Ingested: b.ingested, Message: e.Message}
	}
	return rows
}

// span returns the times of the first and the last event; events are in order.
func (b *batch) span() (first, last int64) {
	return b.events[0].Timestamp, b.events[len(b.events)-1].Timestamp
}

// size counts as PutLogEvents' limit does.
func (b *batch) size() int64 {
	n := int64(0)
	for _, e := range b.events {
		n += int64(len(e.Message)) + eventOverhead
	}
	return n
}

// batchVersion begins an encoded batch.
const batchVersion = 1

// append appends the batch as bytes: version, numbers as varints, then each
// event as time since the one before, length and message.
func (b *batch) append(p []byte) []byte {
	p = slices.Grow(p, int(b.size())+256)
	p = append(p, batchVersion)
	for _, n := range []uint64{uint64(b.tenant.Account), uint64(b.tenant.Group), b.stream, uint64(b.ingested), b.prior, uint64(len(b.hash))} {
		p = binary.AppendUvarint(p, n)
	}
	p = append(p, b.hash...)
	p = binary.AppendUvarint(p, uint64(len(b.events)))
	at := int64(0)
	for _, e := range b.events {
		p = binary.AppendVarint(p, e.Timestamp-at)
		at = e.Timestamp
		p = binary.AppendUvarint(p, uint64(len(e.Message)))
		p = append(p, e.Message...)
	}
	return p
}

// encoded are buffers for batches on their way to the journal.
var encoded = sync.Pool{New: func() any { return new([]byte) }}

var errBatch = errors.New("a batch in the journal of log events cannot be read")

// decodeBatch is the inverse of append.
func decodeBatch(p []byte) (*batch, error) {
	r := &reader{p: p}
	if r.byte() != batchVersion {
		return nil, errBatch
	}
	b := &batch{}
	b.tenant.Account = uint32(r.uvarint())
	b.tenant.Group = uint32(r.uvarint())
	b.stream = r.uvarint()
	b.ingested = int64(r.uvarint())
	b.prior = r.uvarint()
	b.hash = r.text()
	n := r.uvarint()
	if r.failed || n == 0 || n > maxEvents {
		return nil, errBatch
	}
	b.events = make([]InputEvent, n)
	at := int64(0)
	for i := range b.events {
		at += r.varint()
		b.events[i] = InputEvent{Timestamp: at, Message: r.text()}
	}
	if r.failed || len(r.p) != 0 {
		return nil, errBatch
	}
	return b, nil
}

// reader reads from p and remembers if it ran out.
type reader struct {
	p      []byte
	failed bool
}

func (r *reader) byte() byte {
	if len(r.p) == 0 {
		r.failed = true
		return 0
	}
	c := r.p[0]
	r.p = r.p[1:]
	return c
}

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.p)
	r.skip(size)
	return n
}

func (r *reader) varint() int64 {
	n, size := binary.Varint(r.p)
	r.skip(size)
	return n
}

func (r *reader) skip(size int) {
	if size <= 0 {
		r.failed = true
		r.p = nil
		return
	}
	r.p = r.p[size:]
}

func (r *reader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.p)) {
		r.failed = true
		return ""
	}
	s := string(r.p[:n])
	r.p = r.p[n:]
	return s
}
