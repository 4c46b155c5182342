package exec_test

import (
	"context"
	"errors"
	"runtime"
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
	p, err := compileQuery("fields v | limit 10000", exec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := p.Start(ctx); err != nil {
		t.Fatal(err)
	}
	b := batchOf(1000)
	b.Ptr = func(i int) string { // called for each row
		if i == 100 {
			cancel()
		}
		runtime.Gosched()
		return "pointer"
	}
	if err := p.Worker().Push(b); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if n := p.Matched(); n <= 100 || n == 1000 {
		t.Errorf("it ended after %d rows", n)
	}
}

// TestAskingDoesNotWaitForABatch holds that Matched and Partial answer while a
// worker is in the middle of a batch, and see part of it.
func TestAskingDoesNotWaitForABatch(t *testing.T) {
	p, err := compileQuery("fields v | limit 10000", exec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	seen := make(chan int, 2)
	b := batchOf(1000)
	b.Ptr = func(i int) string {
		switch i {
		case 100:
			go func() {
				seen <- int(p.Matched())
				res, err := p.Partial(context.Background())
				if err != nil {
					t.Error(err)
				}
				seen <- len(res.Rows)
			}()
		case 999:
			if len(seen) < 2 {
				t.Error("nobody was answered before all was done")
			}
		}
		runtime.Gosched()
		return "pointer"
	}
	if err := p.Worker().Push(b); err != nil {
		t.Fatal(err)
	}
	if first, second := <-seen, <-seen; first < 100 || second < first || second == 1000 {
		t.Errorf("seen %d rows, then %d", first, second)
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
