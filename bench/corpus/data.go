package corpus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"waybill/internal/event"
	"waybill/internal/logs"
	"waybill/internal/logs/engine"
	"waybill/internal/store"
)

// Group is the log group that Open fills, in Scope. Its streams are named as
// the publisher names them, one a day: "2026/11/24/mx1".
const Group = "/aws/workmail/events/example"

// Scope is the account and Region of Group.
var Scope = logs.Scope{Account: "111122223333", Region: "us-east-1"}

// Data is a log service that has a corpus.
type Data struct {
	*logs.Service
	Config
	Folder string
	db     *store.DB
	clock  *atomic.Int64
}

// Open opens the log service in folder, which holds the corpus; it is written
// first if the folder does not have it. A folder with another corpus is refused.
// The service's clock stands at the time of the last event. The library below is
// configured with its default memory unless engine.Configure was called before.
func Open(ctx context.Context, folder string, c Config) (*Data, error) {
	if err := engine.Configure(engine.Settings{}); err != nil {
		return nil, err
	}
	there, err := complete(folder, c)
	if err != nil {
		return nil, fmt.Errorf("open corpus: %w", err)
	}
	if !there {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, fmt.Errorf("open corpus: %w", err)
		}
	}
	d := &Data{Config: c, Folder: folder, clock: &atomic.Int64{}}
	d.clock.Store(c.Start.Add(c.Span).UnixMilli())
	quiet := slog.New(slog.DiscardHandler)
	if d.db, err = store.Open(ctx, filepath.Join(folder, "waybill.db"), quiet); err != nil {
		return nil, err
	}
	now := func() time.Time { return time.UnixMilli(d.clock.Load()) }
	if d.Service, err = logs.Open(ctx, logs.Config{DB: d.db, Folder: folder, Now: now, Logger: quiet}); err != nil {
		return nil, errors.Join(err, d.db.Close())
	}
	if there {
		return d, nil
	}
	if err := d.fill(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("write corpus: %w", err), d.Close())
	}
	return d, nil
}

// Close closes the service and its database.
func (d *Data) Close() error {
	return errors.Join(d.Service.Close(context.Background()), d.db.Close())
}

func mark(folder string) string { return filepath.Join(folder, "corpus.json") }

// complete reports whether folder has the whole corpus.
func complete(folder string, c Config) (bool, error) {
	b, err := os.ReadFile(mark(folder))
	if errors.Is(err, os.ErrNotExist) {
		entries, err := os.ReadDir(folder)
		if len(entries) > 0 {
			return false, fmt.Errorf("%s is not empty and has no whole corpus: remove it", folder)
		}
		if errors.Is(err, os.ErrNotExist) {
			err = nil
		}
		return false, err
	}
	var has Config
	if err == nil {
		err = json.Unmarshal(b, &has)
	}
	if err == nil && (has.Seed != c.Seed || has.Events != c.Events || !has.Start.Equal(c.Start) || has.Span != c.Span) {
		err = fmt.Errorf("%s has another corpus: %s", folder, b)
	}
	return err == nil, err
}

// fill puts the corpus, the clock going with the events.
func (d *Data) fill(ctx context.Context) error {
	if err := d.CreateLogGroup(ctx, Scope, logs.NewGroup{Name: Group}); err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	tasks, ctx := errgroup.WithContext(ctx)
	tasks.Go(func() error { return d.Run(running) })
	batches := make(chan []logs.InputEvent, 4)
	tasks.Go(func() error {
		defer close(batches)
		return d.batches(ctx, batches)
	})
	tasks.Go(func() error {
		defer stop()
		return d.put(ctx, batches)
	})
	if err := tasks.Wait(); err != nil {
		return err
	}
	if err := d.Checkpoint(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	b, err := json.Marshal(d.Config)
	if err != nil {
		return err
	}
	return os.WriteFile(mark(d.Folder), b, 0o600)
}

// The batches that the corpus is put in: full, and within one day.
const (
	batchEvents = 2_500
	batchBytes  = 1_000_000
)

func (d *Data) batches(ctx context.Context, to chan<- []logs.InputEvent) error {
	var list []logs.InputEvent
	size := 0
	send := func() error {
		select {
		case to <- list:
			list, size = make([]logs.InputEvent, 0, batchEvents), 0
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for e := range d.All() {
		text, err := event.Marshal(e)
		if err != nil {
			return err
		}
		full := len(list) == batchEvents || size+len(text)+26 > batchBytes
		if len(list) > 0 && (full || Stream(list[0].Timestamp) != Stream(e.Timestamp)) {
			if err := send(); err != nil {
				return err
			}
		}
		list = append(list, logs.InputEvent{Timestamp: e.Timestamp, Message: string(text)})
		size += len(text) + 26
	}
	return send()
}

func (d *Data) put(ctx context.Context, from <-chan []logs.InputEvent) error {
	at := ""
	for list := range from {
		d.clock.Store(list[len(list)-1].Timestamp)
		name := Stream(list[0].Timestamp)
		if name != at {
			if err := d.CreateLogStream(ctx, Scope, Group, name); err != nil {
				return err
			}
			at = name
		}
		if _, err := d.PutLogEvents(ctx, Scope, Group, name, list, nil); err != nil {
			return err
		}
	}
	d.clock.Store(max(d.clock.Load(), d.Start.Add(d.Span).UnixMilli()))
	return ctx.Err()
}

// Stream is the log stream of a time in milliseconds.
func Stream(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006/01/02") + "/mx1" }
