package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/klauspost/compress/snappy"
	"golang.org/x/sync/errgroup"

	"waybill/bench/corpus"
	"waybill/internal/event"
)

// batchBytes is about how much text one push has.
const batchBytes = 1 << 20

// pushers is how many push at a time. Each has streams of its own, since Loki
// wants a stream about in order of time.
const pushers = 2

// labels are those of an event's stream. The event name is a label, as there are
// few of them and most questions are about one; what has many values is not.
func labels(name string) string { return `{event="` + name + `", job="mail"}` }

// push pushes the corpus and returns how many bytes its lines have.
func (l *loki) push(ctx context.Context, c corpus.Config) (int64, error) {
	tasks, ctx := errgroup.WithContext(ctx)
	var queues [pushers]chan map[string][]entry
	for i := range queues {
		queues[i] = make(chan map[string][]entry, 4)
		tasks.Go(func() error { return l.pushAll(ctx, queues[i]) })
	}
	size := int64(0)
	tasks.Go(func() (err error) {
		for _, q := range queues {
			defer close(q)
		}
		size, err = batches(ctx, c, queues)
		return err
	})
	err := tasks.Wait()
	return size, err
}

// batches makes batches of the corpus. The events of one millisecond get
// nanoseconds, so that they keep their order and Loki does not take equal ones
// for one. It returns how many bytes all lines have.
func batches(ctx context.Context, c corpus.Config, to [pushers]chan map[string][]entry) (int64, error) {
	var list [pushers]map[string][]entry
	var size [pushers]int
	all, last, same := int64(0), int64(0), int64(0)
	for i := range list {
		list[i] = map[string][]entry{}
	}
	send := func(i int) error {
		select {
		case to[i] <- list[i]:
			list[i], size[i] = map[string][]entry{}, 0
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for e := range c.All() {
		if same++; e.Timestamp != last {
			last, same = e.Timestamp, 0
		}
		line, err := event.Marshal(e)
		if err != nil {
			return all, err
		}
		i := pusherOf[e.Name()]
		key := labels(e.Name())
		list[i][key] = append(list[i][key], entry{e.Timestamp*1e6 + same, line})
		size[i] += len(line)
		all += int64(len(line))
		if size[i] >= batchBytes {
			if err := send(i); err != nil {
				return all, err
			}
		}
	}
	for i := range list {
		if err := send(i); err != nil {
			return all, err
		}
	}
	return all, nil
}

// pusherOf gives half of the corpus to each pusher.
var pusherOf = map[string]int{event.NameDelivered: 1, event.NameSubmitted: 1}

func (l *loki) pushAll(ctx context.Context, from <-chan map[string][]entry) error {
	var plain, packed []byte
	for batch := range from {
		plain = appendRequest(plain[:0], batch)
		packed = snappy.Encode(packed[:cap(packed)], plain)
		if err := l.post(ctx, "/loki/api/v1/push", packed); err != nil {
			return err
		}
	}
	return nil
}

// post posts a body, Protocol Buffers in snappy, and expects no content.
func (l *loki) post(ctx context.Context, path string, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, l.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-protobuf")
	resp, err := l.client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusNoContent {
		err = fmt.Errorf("POST %s: %s: %.300s", path, resp.Status, text)
	}
	return err
}

// flush has the chunks that are in memory written, and waits until they are.
func (l *loki) flush(ctx context.Context) error {
	if err := l.post(ctx, "/flush", nil); err != nil {
		return err
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		left, err := l.metric(ctx, "loki_ingester_memory_chunks")
		if err != nil || left == 0 {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("flush: %v chunks left: %w", left, ctx.Err())
		}
	}
}
