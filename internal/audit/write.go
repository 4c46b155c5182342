package audit

import (
	"context"
	"errors"
	"slices"
	"time"

	"waybill/internal/awserr"
	"waybill/internal/logs"
)

// The bounds of one PutLogEvents.
const (
	maxBatch      = 5_000
	maxBatchBytes = 1_000_000
	eventOverhead = 26
	maxSpan       = 23 * time.Hour
)

// Run writes records until ctx ends; call Flush after it for the last ones. A
// store that fails is tried again, at first soon, then less often.
func (t *Trail) Run(ctx context.Context) error {
	pause := gather
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.wake:
		}
		if t.waiting() < early {
			sleep(ctx, gather)
		}
		err := t.Flush(ctx)
		if err == nil || ctx.Err() != nil {
			pause = gather
			continue
		}
		t.cfg.Logger.Error("audit records could not be written; they wait", "error", err, "bytes", t.waiting(), "again_in", pause)
		sleep(ctx, pause)
		pause = min(2*pause, maxPause)
		t.awake()
	}
}

// maxPause is the longest time between attempts.
const maxPause = 30 * time.Second

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// awake lets Run write.
func (t *Trail) awake() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// Flush writes all records that wait. Those of an account whose store fails go
// back to wait.
func (t *Trail) Flush(ctx context.Context) error {
	t.writing.Lock()
	defer t.writing.Unlock()
	list := t.take()
	slices.SortStableFunc(list, byScopeAndTime)
	var failed error
	for len(list) > 0 {
		n := batchOf(list)
		if err := t.put(ctx, list[:n]); err != nil {
			failed = errors.Join(failed, err)
			t.giveBack(list[:n])
		}
		list = list[n:]
	}
	return failed
}

// batchOf returns how many of the first entries go into one PutLogEvents.
func batchOf(list []entry) int {
	size := 0
	for i, e := range list {
		size += len(e.text) + eventOverhead
		if i > 0 && (i == maxBatch || size > maxBatchBytes || e.scope != list[0].scope || e.at-list[0].at > maxSpan.Milliseconds()) {
			return i
		}
	}
	return len(list)
}

// put writes one batch; the first one of a group makes the group.
func (t *Trail) put(ctx context.Context, list []entry) error {
	scope := list[0].scope
	stream := scope.Account + "_Waybill_" + scope.Region
	events := make([]logs.InputEvent, len(list))
	for i, e := range list {
		events[i] = logs.InputEvent{Timestamp: e.at, Message: e.text}
	}
	result, err := t.cfg.Store.PutLogEvents(ctx, scope, Group, stream, events, nil)
	if awserr.HasCode(err, "ResourceNotFoundException") {
		if err := t.create(ctx, scope, stream); err != nil {
			return err
		}
		result, err = t.cfg.Store.PutLogEvents(ctx, scope, Group, stream, events, nil)
	}
	if err != nil {
		return err
	}
	refused := rejected(result.Rejected, len(events))
	t.written.Add(int64(len(events) - refused))
	t.lost.Add(int64(refused))
	return nil
}

func (t *Trail) create(ctx context.Context, scope logs.Scope, stream string) error {
	err := t.cfg.Store.CreateLogGroup(ctx, scope, logs.NewGroup{Name: Group})
	if err == nil {
		err = t.cfg.Store.PutRetentionPolicy(ctx, scope, Group, retentionDays)
	}
	if err != nil && !awserr.HasCode(err, "ResourceAlreadyExistsException") {
		return err
	}
	err = t.cfg.Store.CreateLogStream(ctx, scope, Group, stream)
	if awserr.HasCode(err, "ResourceAlreadyExistsException") {
		return nil
	}
	return err
}

// rejected counts the events of a batch that the store left out: those of a
// clock that was far off.
func rejected(r *logs.Rejected, n int) int {
	if r == nil {
		return 0
	}
	old, end := 0, n
	if r.TooOldEnd != nil {
		old = *r.TooOldEnd
	}
	if r.ExpiredEnd != nil {
		old = max(old, *r.ExpiredEnd)
	}
	if r.TooNewStart != nil {
		end = *r.TooNewStart
	}
	return n - max(0, end-old)
}

// giveBack lets entries wait on, as far as there is room.
func (t *Trail) giveBack(list []entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	kept := 0
	for _, e := range list {
		size := len(e.text) + overhead
		if t.bytes+size > maxQueue {
			break
		}
		t.bytes += size
		kept++
	}
	t.queue = append(slices.Clone(list[:kept]), t.queue...)
	t.lost.Add(int64(len(list) - kept))
}
