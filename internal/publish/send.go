package publish

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"waybill/internal/spool"
)

// maxTries bounds how often a batch is sent again at once, because the stream
// was missing or the token was another. After that the back-off applies.
const maxTries = 4

// publish sends one batch and settles it.
func (w *worker) publish(ctx context.Context, t Target, p place, b *batch) error {
	s, err := w.assume(ctx, t)
	if err != nil {
		return err
	}
	for range maxTries {
		if err = w.ensureStream(ctx, s, p, b); err != nil {
			break
		}
		var out *cloudwatchlogs.PutLogEventsOutput
		out, err = w.put(ctx, s, p, b)
		if err == nil {
			return w.settle(ctx, b, aws.ToString(out.NextSequenceToken), rejected(out.RejectedLogEventsInfo, len(b.events)))
		}
		var already *types.DataAlreadyAcceptedException
		if errors.As(err, &already) {
			return w.settle(ctx, b, aws.ToString(already.ExpectedSequenceToken), 0)
		}
		again, repairErr := w.repair(ctx, b, err)
		if repairErr != nil {
			return repairErr
		}
		if !again {
			break
		}
	}
	if sessionRefused(err) {
		w.session = nil
	}
	return err
}

// ensureStream creates the batch's stream unless it is known to be there. A
// missing group shows here as ResourceNotFoundException.
func (w *worker) ensureStream(ctx context.Context, s *session, p place, b *batch) error {
	at := stream{b.pin.Destination, b.pin.Stream}
	if w.stream == at {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	w.attempted()
	_, err := s.logs.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{
		LogGroupName: aws.String(p.group), LogStreamName: aws.String(b.pin.Stream),
	})
	var exists *types.ResourceAlreadyExistsException
	if err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("create a log stream in %s: %w", p.group, err)
	}
	w.stream = at
	return nil
}

// put sends the batch once. An error that does not prove that the server
// refused it leaves the batch uncertain.
func (w *worker) put(ctx context.Context, s *session, p place, b *batch) (*cloudwatchlogs.PutLogEventsOutput, error) {
	in := &cloudwatchlogs.PutLogEventsInput{
		LogGroupName: aws.String(p.group), LogStreamName: aws.String(b.pin.Stream),
		LogEvents: make([]types.InputLogEvent, len(b.events)),
	}
	for i, e := range b.events {
		in.LogEvents[i] = types.InputLogEvent{Timestamp: aws.Int64(e.Time.UnixMilli()), Message: aws.String(string(e.Blob))}
	}
	if b.pin.Token != "" {
		in.SequenceToken = aws.String(b.pin.Token)
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	w.attempted()
	out, err := s.logs.PutLogEvents(ctx, in)
	if err == nil {
		return out, nil
	}
	if !refused(err) {
		b.uncertain = true
	}
	return nil, fmt.Errorf("put events into the log group %s: %w", p.group, err)
}

// repair mends what stands in the way of a batch that the server refused, and
// reports whether to send it again at once.
func (w *worker) repair(ctx context.Context, b *batch, err error) (again bool, _ error) {
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) {
		// The stream is gone, or the whole group: creating the stream tells.
		w.stream = stream{}
		return true, nil
	}
	var wrong *types.InvalidSequenceTokenException
	if errors.As(err, &wrong) {
		return true, w.retoken(ctx, b, aws.ToString(wrong.ExpectedSequenceToken))
	}
	return false, nil
}

// retoken pins the batch again with the token that the server expects.
//
// Is the batch then certainly not there? The server compares a batch with the
// last one it accepted and answers DataAlreadyAcceptedException if it is the
// same. Nobody else writes to our stream, and we send one batch at a time, so
// the last one accepted is this batch or the one before: an invalid token means
// that it is not this one. That holds for a batch that was never sent without an
// answer, whoever else wrote. It fails for an uncertain batch if a stranger wrote
// to our stream between our request and its repetition. Then the batch may be
// there already, and sending it again doubles its events (which carry their ids)
// where not sending it would lose them if it is not; the former is chosen, and
// logged. A request still on its way with the old token cannot be accepted any
// more, since the server wants the new one.
func (w *worker) retoken(ctx context.Context, b *batch, expected string) error {
	if b.uncertain {
		w.cfg.Logger.Warn("a batch that may have been accepted is sent again with another token", "organization", w.organization,
			"stream", b.pin.Stream, "events", len(b.events))
	}
	pin := b.pin
	pin.Token = expected
	if err := w.cfg.Spool.Pin(ctx, w.organization, pin); err != nil {
		return err
	}
	// With this token it has not been sent yet.
	b.pin, b.uncertain = pin, false
	return nil
}

// settle takes the batch out of the outbox, also when ctx has just ended.
func (w *worker) settle(ctx context.Context, b *batch, next string, rejected int) error {
	if rejected > 0 {
		w.cfg.Logger.Error("the log group did not take events that are too old, too new or past its retention", "organization", w.organization,
			"events", rejected)
	}
	err := w.cfg.Spool.Done(context.WithoutCancel(ctx), w.organization, spool.Done{
		UpTo: b.pin.LastSeq, Destination: b.pin.Destination, Stream: b.pin.Stream, Token: next,
		Published: int64(len(b.events) - rejected), Rejected: int64(rejected), Time: time.Now(),
	})
	if err != nil {
		// The server has it; it is asked again with the same token.
		b.uncertain = true
		return err
	}
	w.current = nil
	return nil
}

// rejected counts the events of a batch of n that were not taken. The ends are
// exclusive, the start inclusive (CloudWatch Logs API reference,
// RejectedLogEventsInfo).
func rejected(info *types.RejectedLogEventsInfo, n int) int {
	if info == nil {
		return 0
	}
	from := max(aws.ToInt32(info.TooOldLogEventEndIndex), aws.ToInt32(info.ExpiredLogEventEndIndex))
	to := int32(n)
	if info.TooNewLogEventStartIndex != nil {
		to = *info.TooNewLogEventStartIndex
	}
	return n - max(0, int(min(to, int32(n))-min(from, int32(n))))
}
