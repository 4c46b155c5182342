package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go"
)

// sent is an event that a writer sent.
type sent struct {
	at      int64
	message string
	acked   bool
}

// writer is the only one that writes to its stream.
type writer struct {
	group, stream string
	client        *cloudwatchlogs.Client
	random        *rand.Rand
	// tokens: the writer gives sequence tokens, and sends a batch again until it
	// knows that it was taken. Without, a batch is sent once.
	tokens bool
	token  string

	at int64 // of the last event
	n  int
	// pending is the batch, by its place in sent, whose fate a writer with
	// tokens does not know yet.
	pending int

	mu      sync.Mutex
	sent    []sent
	refused map[string]int // error codes of unsuccessful puts
}

// batch appends the next batch to sent, as not acknowledged, and returns where
// it begins. Times never go back; many are the same.
func (w *writer) batch() (from int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	from = len(w.sent)
	w.at = max(w.at, time.Now().UnixMilli())
	for range 1 + w.random.IntN(40) {
		w.at += int64(w.random.IntN(2))
		w.n++
		w.sent = append(w.sent, sent{at: w.at, message: fmt.Sprintf(`{"stream":"%s","n":%d,"pad":"%0*d"}`, w.stream, w.n, w.random.IntN(300), 0)})
	}
	return from
}

func (w *writer) events(from int) []types.InputLogEvent {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []types.InputLogEvent
	for _, e := range w.sent[from:] {
		list = append(list, types.InputLogEvent{Timestamp: aws.Int64(e.at), Message: aws.String(e.message)})
	}
	return list
}

func (w *writer) ack(from int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := from; i < len(w.sent); i++ {
		w.sent[i].acked = true
	}
}

func (w *writer) fail(err error) {
	code := "transport"
	var api smithy.APIError
	if errors.As(err, &api) {
		code = api.ErrorCode()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refused[code]++
}

// run writes until ctx ends. What it returns is against the service's promises.
func (w *writer) run(ctx context.Context) error {
	for ctx.Err() == nil {
		if w.pending < 0 {
			w.pending = w.batch()
		}
		done, err := w.put(ctx)
		if err != nil {
			return err
		}
		if !done {
			pause(ctx, 10*time.Millisecond)
		}
		if w.random.IntN(4) == 0 {
			pause(ctx, time.Duration(w.random.IntN(10))*time.Millisecond)
		}
	}
	return nil
}

// settle sends the pending batch of a writer with tokens until its fate is known.
func (w *writer) settle(ctx context.Context) error {
	for w.pending >= 0 {
		if _, err := w.put(ctx); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("stream %s: no answer to the last batch: %v", w.stream, w.refused)
		}
		if w.pending >= 0 {
			pause(ctx, 10*time.Millisecond)
		}
	}
	return nil
}

// put sends the pending batch once.
func (w *writer) put(ctx context.Context) (done bool, err error) {
	in := &cloudwatchlogs.PutLogEventsInput{LogGroupName: &w.group, LogStreamName: &w.stream, LogEvents: w.events(w.pending)}
	if w.tokens && w.token != "" {
		in.SequenceToken = &w.token
	}
	// A batch on its way is not given up: its answer tells what to expect.
	out, err := w.client.PutLogEvents(context.WithoutCancel(ctx), in)
	var accepted *types.DataAlreadyAcceptedException
	var invalid *types.InvalidSequenceTokenException
	switch {
	case err == nil && out.RejectedLogEventsInfo != nil:
		return false, fmt.Errorf("stream %s: events of now were rejected", w.stream)
	case err == nil:
		w.token = aws.ToString(out.NextSequenceToken)
	case errors.As(err, &accepted):
		w.token = aws.ToString(accepted.ExpectedSequenceToken)
	case errors.As(err, &invalid):
		return false, fmt.Errorf("stream %s: the only writer's token %s is invalid: %w", w.stream, w.token, err)
	default:
		w.fail(err)
		if !w.tokens {
			w.pending = -1 // it may be there or not
		}
		return false, nil
	}
	w.ack(w.pending)
	w.pending = -1
	return true, nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
