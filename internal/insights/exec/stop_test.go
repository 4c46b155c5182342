package exec_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"waybill/internal/insights/exec"
)

// batchOf is one batch of n rows.
func batchOf(n int) (b *exec.Batch) {
	_ = wide(n)(context.Background(), func(one *exec.Batch) error { b = one; return nil })
	return b
}

// TestAStopEndsWithinABatch holds that a query that is stopped does not go through
// the rest of its batch, whose rows may each take long.
func TestAStopEndsWithinABatch(t *testing.T) {
	p, err := compileQuery("stats count(v)", exec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := p.Start(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	w := p.Worker()
	if err := w.Push(batchOf(1000)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if n := p.Matched(); n == 0 || n > 64 {
		t.Errorf("%d rows were evaluated after the end", n)
	}
}

// looking is a context that calls back whenever it is looked at.
type looking struct {
	context.Context
	look func()
}

func (l looking) Err() error {
	l.look()
	return l.Context.Err()
}

// TestAskingDoesNotWaitForABatch holds that Matched and Partial answer while a
// worker is in the middle of a batch, and see part of it.
func TestAskingDoesNotWaitForABatch(t *testing.T) {
	p, err := compileQuery("stats count(*) as c", exec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int64]bool{}
	ctx := looking{t.Context(), func() {
		res, err := p.Partial(context.Background())
		if err != nil {
			t.Error(err)
		}
		if len(res.Rows) == 1 && res.Rows[0][0].Value == fmt.Sprint(p.Matched()) {
			seen[p.Matched()] = true
		}
	}}
	if err := p.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := p.Worker().Push(batchOf(1000)); err != nil {
		t.Fatal(err)
	}
	if len(seen) < 15 || seen[1000] {
		t.Errorf("seen within a batch of 1000 rows: %v", seen)
	}
}

// TestAskingWhileItFinishes holds that a partial answer can be asked for at any
// time, also while the answer is put together.
func TestAskingWhileItFinishes(t *testing.T) {
	for range 50 {
		p, err := compileQuery("stats count(*) as c, values(w % 3) by w % 100", exec.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			if err := p.Worker().Push(batchOf(500)); err != nil {
				t.Fatal(err)
			}
		}
		var asking sync.WaitGroup
		asking.Go(func() {
			for range 10 {
				if _, err := p.Partial(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
		if res, err := p.Finish(t.Context()); err != nil || len(res.Rows) != 100 {
			t.Errorf("%v", err)
		}
		asking.Wait()
	}
}
