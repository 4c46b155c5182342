package logs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"waybill/internal/awserr"
)

// What is told of a stream tells nothing of expired events.
func TestStreamsDoNotShowTheTimesOfExpiredEvents(t *testing.T) {
	f := newFixture(t)
	f.make(t, "g", "mixed", "old", "empty")
	f.put(t, "g", "mixed", ev(-2*dayMillis, "expired"))
	f.put(t, "g", "mixed", ev(-5, "kept"), ev(0, "kept"))
	f.put(t, "g", "old", ev(-3*dayMillis, "expired"))
	must(t, f.PutRetentionPolicy(t.Context(), here, "g", 1))
	streams, _, err := f.DescribeLogStreams(t.Context(), here, "g", StreamList{Limit: 10})
	must(t, err)
	for _, st := range streams {
		if (st.Name == "mixed") != st.HasEvents {
			t.Errorf("%s: has events %v", st.Name, st.HasEvents)
		}
		if st.HasEvents && (st.FirstEvent != noon-5 || st.LastEvent != noon) {
			t.Errorf("%s: from %d to %d", st.Name, st.FirstEvent-noon, st.LastEvent-noon)
		}
	}
}

// A group is deleted and made anew under readers, writers and a live tail: each
// sees a group of that name, an error of AWS's, or nothing; the new group has none of
// the old one's events, and its neighbour has all of its own.
func TestDeletingUnderReadersAndWriters(t *testing.T) {
	f := newFixture(t)
	f.make(t, "g", "s")
	f.make(t, "neighbour", "s")
	f.put(t, "neighbour", "s", ev(0, "mine"))
	tail := f.tail(t, TailQuery{}, "g", "neighbour")
	ctx, stop := context.WithCancel(t.Context())
	var busy sync.WaitGroup
	repeat := func(do func(i int) error) {
		busy.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				var e *awserr.Error
				if err := do(i); err != nil && !errors.As(err, &e) && ctx.Err() == nil {
					t.Errorf("not an answer: %v", err)
					return
				}
			}
		})
	}
	round := make(chan int, 1) // the number of the group that is there now
	round <- 0
	repeat(func(int) error {
		n := <-round
		_, err := f.PutLogEvents(ctx, here, "g", "s", []InputEvent{ev(0, fmt.Sprint("round ", n))}, nil)
		round <- n
		return err
	})
	repeat(func(int) error {
		_, err := f.GetLogEvents(ctx, here, GetQuery{Group: "g", Stream: "s"})
		return err
	})
	repeat(func(int) error {
		_, _, err := f.FilterLogEvents(ctx, here, FilterQuery{Group: "g"})
		return err
	})
	for n := 1; n <= 20; n++ {
		<-round // no put is under way
		must(t, f.DeleteLogGroup(ctx, here, "g"))
		f.make(t, "g", "s")
		if got := f.texts(t, FilterQuery{Group: "g"}); len(got) != 0 {
			t.Fatalf("the group made anew has %d events", len(got))
		}
		round <- n
	}
	stop()
	busy.Wait()
	for _, text := range f.texts(t, FilterQuery{Group: "g"}) {
		if text != "round 20" {
			t.Errorf("the last group has an event of %s", text)
		}
	}
	if got := f.texts(t, FilterQuery{Group: "neighbour"}); !slices.Equal(got, []string{"mine"}) {
		t.Errorf("the neighbour has %v", got)
	}
	texts, _ := next(t, tail)
	for _, text := range texts {
		if text != "round 0" {
			t.Errorf("the tail of a deleted group got %s", text)
		}
	}
}
