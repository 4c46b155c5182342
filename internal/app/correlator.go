package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"waybill/internal/evidence"
	"waybill/internal/mailtrace"
	"waybill/internal/spool"
)

// correlator turns one organization's evidence into mail events: it takes
// batches from the spool, feeds the state machine, and commits what changed
// together with the events and the cursor.
type correlator struct {
	alias        string
	organization string
	spool        *spool.Spool
	newMachine   func() *mailtrace.Machine
	machine      *mailtrace.Machine // of this run
	// publishing tells whether event logging is on. While it is off the machine
	// goes on, so that turning it on finds the messages that are under way, but
	// its events are dropped.
	publishing func(context.Context) (bool, error)
	logger     *slog.Logger

	stats atomic.Pointer[mailtrace.Stats] // for metrics
}

// batchesAtOnce bounds one commit.
const batchesAtOnce = 64

// keep runs until ctx ends. After a failure, such as a full disk, it begins
// again from what was last committed; evidence waits in the spool meanwhile.
func (c *correlator) keep(ctx context.Context) error {
	for {
		err := c.run(ctx)
		if ctx.Err() != nil {
			return nil
		}
		c.logger.Error("correlation stopped", "organization", c.organization, "error", err, "restart_in", restartAfter)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(restartAfter):
		}
	}
}

// run works until ctx ends or something fails. What the machine has applied but
// could not commit is applied again by the next run's fresh machine.
func (c *correlator) run(ctx context.Context) error {
	state, err := c.spool.State(ctx, c.organization)
	if err != nil {
		return err
	}
	c.machine = c.newMachine()
	if err := c.machine.Restore(state); err != nil {
		return fmt.Errorf("restore open messages of %s: %w", c.organization, err)
	}
	for ctx.Err() == nil {
		worked, err := c.step(ctx, clock())
		if err != nil {
			return err
		}
		if !worked {
			if err := c.wait(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// step consumes what has arrived and what has become due.
func (c *correlator) step(ctx context.Context, now time.Time) (worked bool, err error) {
	batches, err := c.spool.Next(ctx, c.organization, batchesAtOnce)
	if err != nil {
		return false, err
	}
	commit := spool.Commit{Organization: c.organization}
	for _, b := range batches {
		records, err := evidence.DecodeBatch(b.Blob)
		if err != nil {
			return false, fmt.Errorf("batch %d of source %s: %w", b.Seq, b.Source, err)
		}
		for _, r := range records {
			c.machine.Apply(now, r)
		}
		commit.Cursor = b.Seq
	}
	c.machine.Advance(now)
	changes := c.machine.Take()
	commit.Put, commit.Delete = changes.Put, changes.Delete
	if commit.Events, err = c.events(ctx, changes.Events); err != nil {
		return false, err
	}
	stats := c.machine.Stats()
	c.stats.Store(&stats)
	if commit.Cursor == 0 && len(commit.Put)+len(commit.Delete)+len(commit.Events) == 0 {
		return false, nil
	}
	return true, c.spool.Commit(ctx, commit)
}

// events encodes what the machine emitted, or drops it while event logging is off.
func (c *correlator) events(ctx context.Context, emitted []mailtrace.Emitted) ([]spool.Event, error) {
	if len(emitted) == 0 {
		return nil, nil
	}
	on, err := c.publishing(ctx)
	if err != nil || !on {
		return nil, err
	}
	list := make([]spool.Event, 0, len(emitted))
	for _, e := range emitted {
		blob, err := json.Marshal(e.Event)
		if err != nil {
			return nil, fmt.Errorf("encode %s event: %w", e.Event.Name(), err)
		}
		list = append(list, spool.Event{ID: e.ID, Time: e.Time, Blob: blob})
	}
	return list, nil
}

// wait returns when evidence has arrived or the machine's next deadline has come.
func (c *correlator) wait(ctx context.Context) error {
	until := ctx
	if deadline, ok := c.machine.Next(); ok {
		var cancel context.CancelFunc
		until, cancel = context.WithDeadline(ctx, deadline)
		defer cancel()
	}
	if err := c.spool.Wait(until, c.organization); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}
