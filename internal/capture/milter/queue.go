package milter

import (
	"context"
	"fmt"
	"time"

	"waybill/internal/capture"
	"waybill/internal/evidence"
)

// captured is a transaction that waits for the sink, and the host that saw it.
type captured struct {
	host string
	tx   evidence.Transaction
}

const (
	// batchSize is how many transactions go to the sink at once at most.
	batchSize = 500
	// firstRetry and lastRetry are the waits between tries when the sink fails.
	firstRetry = 100 * time.Millisecond
	lastRetry  = 5 * time.Second
)

// take queues a transaction without ever waiting.
func (s *Server) take(c captured) {
	select {
	case s.queue <- c:
	default:
		s.dropped.Add(1)
	}
}

// store hands transactions to the sink until ctx is done. A batch that the sink
// refused is tried again; what comes meanwhile waits in the queue. What is left
// when ctx is done goes back into the queue, as far as there is room.
func (s *Server) store(ctx context.Context, sink capture.Sink) {
	for {
		select {
		case <-ctx.Done():
			return
		case first := <-s.queue:
			records, waiting := s.batch(&first)
			if !s.storeBatch(ctx, sink, records) {
				s.dropped.Add(lost(records))
				for _, c := range waiting {
					s.take(c)
				}
				return
			}
		}
	}
}

// batch makes records of what waits, first a Gap for what was dropped.
func (s *Server) batch(first *captured) (records []evidence.Record, waiting []captured) {
	if first != nil {
		waiting = append(waiting, *first)
	}
	for len(waiting) < batchSize && len(s.queue) > 0 {
		waiting = append(waiting, <-s.queue)
	}
	if n := s.dropped.Swap(0); n > 0 {
		s.config.Logger.Warn("milter transactions were dropped", "source", s.config.Name, "count", n)
		records = append(records, evidence.Record{Source: s.config.Name, Time: s.config.Now(),
			Fact: evidence.Gap{Reason: "the queue of milter transactions was full", Lost: n}})
	}
	for _, c := range waiting {
		records = append(records, evidence.Record{Source: s.config.Name, Host: c.host, Time: c.tx.Ended, Fact: c.tx})
	}
	return records, waiting
}

// lost is what the Gap in records counts.
func lost(records []evidence.Record) int64 {
	for _, r := range records {
		if gap, ok := r.Fact.(evidence.Gap); ok {
			return gap.Lost
		}
	}
	return 0
}

// storeBatch tries until the sink takes the records; false when ctx is done
// before.
func (s *Server) storeBatch(ctx context.Context, sink capture.Sink, records []evidence.Record) bool {
	wait := firstRetry
	for {
		err := sink.Append(ctx, s.config.Name, records, nil)
		if err == nil {
			s.meter.Stored(records)
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		s.config.Logger.Error("milter transactions cannot be stored", "source", s.config.Name, "error", err, "retry_in", wait)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(wait):
		}
		wait = min(2*wait, lastRetry)
	}
}

// storeRest stores what waits when the server stops.
func (s *Server) storeRest(ctx context.Context, sink capture.Sink) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	for len(s.queue) > 0 || s.dropped.Load() > 0 {
		records, _ := s.batch(nil)
		if err := sink.Append(ctx, s.config.Name, records, nil); err != nil {
			return fmt.Errorf("milter %s: %d records are lost: %w", s.config.Name, len(records)+len(s.queue), err)
		}
		s.meter.Stored(records)
	}
	return nil
}
