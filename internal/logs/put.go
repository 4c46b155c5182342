package logs

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"waybill/internal/awserr"
	"waybill/internal/logs/engine"
	"waybill/internal/logs/journal"
)

// The limits of PutLogEvents (CloudWatch Logs API reference, "PutLogEvents").
const (
	maxEvents     = 10_000
	maxBatchBytes = 1_048_576
	eventOverhead = 26
	maxEventBytes = maxBatchBytes - eventOverhead
	maxSpan       = 24 * time.Hour
	// An event may be this old and this far ahead.
	maxAge   = 14 * 24 * time.Hour
	maxAhead = 2 * time.Hour
)

// maxJournalBytes is how far the journal may run ahead of an engine that does
// not write to disk before events are refused.
const maxJournalBytes = 1 << 30

// PutResult is the answer to PutLogEvents.
type PutResult struct {
	// NextToken is the stream's sequence token now.
	NextToken string
	// Rejected tells which events were left out; nil if none was.
	Rejected *Rejected
}

// Rejected tells which events of a batch were left out. Counts are nil when
// there are none of the kind.
type Rejected struct {
	// TooOldEnd and ExpiredEnd: events before this place are older than 14 days,
	// or than the group's retention.
	TooOldEnd, ExpiredEnd *int
	// TooNewStart: events from this place on are more than two hours ahead.
	TooNewStart *int
}

// PutLogEvents makes the events durable in one batch and returns once they are,
// and once queries see them. token, when not nil, must be the stream's sequence
// token. A batch that was accepted under the same token and has the same events
// is DataAlreadyAcceptedException, any other token InvalidSequenceTokenException;
// both carry expectedSequenceToken. Tokens protect a stream's only writer from
// doubling a batch whose answer it lost; writers without token void those of others.
func (s *Service) PutLogEvents(ctx context.Context, sc Scope, group, stream string, events []InputEvent, token *string) (PutResult, error) {
	if err := checkBatch(events); err != nil {
		return PutResult{}, err
	}
	if err := checkSpan(events, s.millis()); err != nil {
		return PutResult{}, err
	}
	s.applying.RLock()
	defer s.applying.RUnlock()
	st, err := s.streamState(ctx, sc, group, stream)
	if err != nil {
		return PutResult{}, err
	}
	hash := ""
	if token != nil {
		hash = contentHash(events)
		st.putting.Lock()
		defer st.putting.Unlock()
		if err := checkToken(*token, hash, st.marksNow()); err != nil {
			return PutResult{}, err
		}
	}
	now := s.millis()
	accepted, rejected := admit(events, now, st.group.cutoff(now))
	if len(accepted) > 0 {
		b := &batch{tenant: st.group.tenant, stream: st.number, ingested: now, prior: st.marksNow().seq, hash: hash, events: accepted}
		if err := s.keep(ctx, st, b); err != nil {
			return PutResult{}, err
		}
		s.tails.publish(stream, b)
	}
	return PutResult{NextToken: sequenceToken(st.marksNow().seq), Rejected: rejected}, nil
}

// keep journals a batch and gives it to the engine.
func (s *Service) keep(ctx context.Context, st *streamState, b *batch) error {
	if err := s.writable(); err != nil {
		return err
	}
	buffer := encoded.Get().(*[]byte)
	*buffer = b.append((*buffer)[:0])
	seq, err := s.journal.Append(ctx, *buffer)
	encoded.Put(buffer)
	if err != nil {
		return unavailable(err)
	}
	if err := s.engine.Add(b.rows(seq)); err != nil {
		return unavailable(err)
	}
	st.count(b, seq)
	if _, size := s.journal.Size(); size > checkpointBytes {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
	return nil
}

// writable refuses events before they are journaled when they could not go on.
func (s *Service) writable() error {
	if err := s.engine.Ready(); err != nil {
		return unavailable(err)
	}
	if _, size := s.journal.Size(); size > maxJournalBytes {
		return unavailable(fmt.Errorf("the journal of log events has %d bytes that the engine has not written to disk", size))
	}
	return nil
}

func unavailable(cause error) error {
	text := "The service cannot complete the request."
	switch {
	case errors.Is(cause, engine.ErrNoSpace), errors.Is(cause, journal.ErrNoSpace):
		text = "The service cannot accept log events: its disk is almost full."
	case errors.Is(cause, engine.ErrReadOnly), errors.Is(cause, journal.ErrReadOnly):
		text = "The service cannot accept log events: its disk is read-only."
	case errors.Is(cause, journal.ErrDisk):
		text = "The service cannot accept log events: its disk refuses them."
	}
	return &awserr.Error{Code: "ServiceUnavailableException", Message: text, Status: http.StatusServiceUnavailable, Cause: cause}
}

// checkBatch checks what does not depend on the stream or the time.
func checkBatch(events []InputEvent) error {
	if len(events) == 0 || len(events) > maxEvents {
		bound := "greater than or equal to 1"
		if len(events) > maxEvents {
			bound = "less than or equal to " + strconv.Itoa(maxEvents)
		}
		return awserr.New(codeParameter, "1 validation error detected: Value at 'logEvents' failed to satisfy constraint: Member must have length %s", bound)
	}
	size := 0
	for i, e := range events {
		switch {
		case e.Message == "":
			return errConstraint("", "logEvents."+strconv.Itoa(i+1)+".member.message", "Member must have length greater than or equal to 1")
		case e.Timestamp < 0:
			return errConstraint(strconv.FormatInt(e.Timestamp, 10), "logEvents."+strconv.Itoa(i+1)+".member.timestamp", "Member must have value greater than or equal to 0")
		case len(e.Message) > maxEventBytes:
			return awserr.New(codeParameter, "Log event too large: %d bytes exceeds limit of %d", len(e.Message)+eventOverhead, maxBatchBytes)
		case i > 0 && e.Timestamp < events[i-1].Timestamp:
			return awserr.New(codeParameter, "Log events in a single PutLogEvents request must be in chronological order.")
		}
		size += len(e.Message) + eventOverhead
	}
	if size > maxBatchBytes {
		return awserr.New(codeParameter, "Upload too large: %d bytes exceeds limit of %d", size, maxBatchBytes)
	}
	return nil
}

// checkSpan checks the events that are neither too old nor too new: only theirs
// counts (PutLogEvents, "For valid events ... the time span").
func checkSpan(events []InputEvent, now int64) error {
	valid := events[countBefore(events, now-maxAge.Milliseconds()):countBefore(events, now+maxAhead.Milliseconds()+1)]
	if len(valid) > 0 && valid[len(valid)-1].Timestamp-valid[0].Timestamp > maxSpan.Milliseconds() {
		return awserr.New(codeParameter, "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
	}
	return nil
}

// checkToken decides by a given sequence token.
func checkToken(token, hash string, m marks) error {
	expected := sequenceToken(m.seq)
	switch {
	case token == expected:
		return nil
	case m.seq != 0 && token == sequenceToken(m.prior) && hash == m.hash:
		e := awserr.New("DataAlreadyAcceptedException",
			"The given batch of log events has already been accepted. The next batch can be sent with sequenceToken: %s", expected)
		e.Members = map[string]string{"expectedSequenceToken": expected}
		return e
	default:
		e := awserr.New("InvalidSequenceTokenException",
			"The given sequenceToken is invalid. The next expected sequenceToken is: %s", expected)
		e.Members = map[string]string{"expectedSequenceToken": expected}
		return e
	}
}

// contentHash tells batches apart.
func contentHash(events []InputEvent) string {
	h := sha256.New()
	var n [16]byte
	for _, e := range events {
		binary.BigEndian.PutUint64(n[:8], uint64(e.Timestamp))
		binary.BigEndian.PutUint64(n[8:], uint64(len(e.Message)))
		h.Write(n[:])
		h.Write([]byte(e.Message))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// admit returns the events, in order, that are neither too old nor too new.
func admit(events []InputEvent, now, cutoff int64) ([]InputEvent, *Rejected) {
	tooOld := countBefore(events, now-maxAge.Milliseconds())
	expired := countBefore(events, cutoff)
	end := countBefore(events, now+maxAhead.Milliseconds()+1)
	var r Rejected
	if tooOld > 0 {
		r.TooOldEnd = &tooOld
	}
	if expired > tooOld {
		r.ExpiredEnd = &expired
	}
	if end < len(events) {
		r.TooNewStart = &end
	}
	accepted := events[min(max(tooOld, expired), end):end]
	if r == (Rejected{}) {
		return accepted, nil
	}
	return accepted, &r
}

// countBefore returns how many events are earlier than at.
func countBefore(events []InputEvent, at int64) int {
	n := 0
	for n < len(events) && events[n].Timestamp < at {
		n++
	}
	return n
}
