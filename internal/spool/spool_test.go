package spool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const org = "m-1"

func testLogger(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), nil))
}

// openSpool opens a spool in a folder of the test's own.
func openSpool(t testing.TB) (*Spool, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "spool file?#.db")
	return reopen(t, path), path
}

func reopen(t testing.TB, path string) *Spool {
	t.Helper()
	s, err := Open(t.Context(), path, testLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func appendBatch(t testing.TB, s *Spool, organization, source, blob, position string) int64 {
	t.Helper()
	seq, err := s.Append(t.Context(), Batch{Organization: organization, Source: source, Blob: []byte(blob), Position: []byte(position)})
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

func commit(t testing.TB, s *Spool, c Commit) {
	t.Helper()
	if err := s.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func ids(events []Event) string {
	var all []string
	for _, e := range events {
		all = append(all, e.ID)
	}
	return strings.Join(all, " ")
}

func pending(t testing.TB, s *Spool, organization string, l Limits) []Event {
	t.Helper()
	events, err := s.Pending(t.Context(), organization, l)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func event(id string) Event {
	return Event{ID: id, Time: time.Unix(1764021600, 123456789).UTC(), Blob: []byte("blob of " + id)}
}

func TestAppendThenReopen(t *testing.T) {
	s, path := openSpool(t)
	if p, err := s.Position(t.Context(), "log"); p != nil || err != nil {
		t.Errorf("position before the first batch = %q, %v; want none", p, err)
	}
	first := appendBatch(t, s, org, "log", "one", "10")
	appendBatch(t, s, "m-2", "other", "not ours", "1")
	second := appendBatch(t, s, org, "log", "two", "20")
	if seq := appendBatch(t, s, org, "log", "", "30"); seq != 0 {
		t.Errorf("an empty batch has sequence number %d, want 0", seq)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = reopen(t, path)
	if p, err := s.Position(t.Context(), "log"); string(p) != "30" || err != nil {
		t.Errorf("position = %q, %v; want 30", p, err)
	}
	got, err := s.Next(t.Context(), org, 10)
	if err != nil {
		t.Fatal(err)
	}
	want := []Batch{
		{Seq: first, Organization: org, Source: "log", Blob: []byte("one")},
		{Seq: second, Organization: org, Source: "log", Blob: []byte("two")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("batches after reopening (-want +got):\n%s", diff)
	}
}

func TestSequenceNumbersAreNeverReused(t *testing.T) {
	s, path := openSpool(t)
	seq := appendBatch(t, s, org, "log", "one", "1")
	commit(t, s, Commit{Organization: org, Cursor: seq, Events: []Event{event("a")}})
	done := pending(t, s, org, Limits{})[0].Seq
	if err := s.Done(t.Context(), org, Done{UpTo: done}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = reopen(t, path)
	next := appendBatch(t, s, org, "log", "two", "2")
	if next <= seq {
		t.Errorf("batch after reopening has number %d, not above the consumed %d", next, seq)
	}
	commit(t, s, Commit{Organization: org, Cursor: next, Events: []Event{event("b")}})
	if got := pending(t, s, org, Limits{})[0].Seq; got <= done {
		t.Errorf("event after reopening has number %d, not above the published %d", got, done)
	}
}

func TestCommitIsOneStep(t *testing.T) {
	s, path := openSpool(t)
	first := appendBatch(t, s, org, "log", "one", "1")
	second := appendBatch(t, s, org, "log", "two", "2")
	commit(t, s, Commit{Organization: org, Cursor: first,
		Put:    map[string][]byte{"q/1": []byte("open"), "q/2": []byte("open"), "empty": nil},
		Events: []Event{event("a"), event("b"), event("a")}})
	commit(t, s, Commit{Organization: org, Put: map[string][]byte{"q/1": []byte("changed")}, Delete: []string{"q/2", "never"},
		Events: []Event{event("b"), event("c")}})
	commit(t, s, Commit{Organization: "m-2", Put: map[string][]byte{"q/1": []byte("theirs")}, Events: []Event{event("a")}})
	s.Close()

	s = reopen(t, path)
	batches, err := s.Next(t.Context(), org, 10)
	if err != nil || len(batches) != 1 || batches[0].Seq != second {
		t.Errorf("after the cursor stands %v, %v; want batch %d alone", batches, err, second)
	}
	state, err := s.State(t.Context(), org)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string][]byte{"q/1": []byte("changed"), "empty": nil}, state); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
	if got := ids(pending(t, s, org, Limits{})); got != "a b c" {
		t.Errorf("outbox = %s, want a b c", got)
	}
	if got := ids(pending(t, s, "m-2", Limits{})); got != "a" {
		t.Errorf("the other organization's outbox = %s, want a", got)
	}
	got := pending(t, s, org, Limits{Events: 1})[0]
	if !got.Time.Equal(event("a").Time) || string(got.Blob) != "blob of a" {
		t.Errorf("event = %v %q, want what was committed", got.Time, got.Blob)
	}
}

func TestCursorDoesNotGoBack(t *testing.T) {
	s, _ := openSpool(t)
	first := appendBatch(t, s, org, "log", "one", "1")
	second := appendBatch(t, s, org, "log", "two", "2")
	commit(t, s, Commit{Organization: org, Cursor: second})
	err := s.Commit(t.Context(), Commit{Organization: org, Cursor: first, Events: []Event{event("late")}})
	if err == nil {
		t.Fatal("a commit with an older cursor succeeded")
	}
	if n, _, err := s.Backlog(t.Context(), org); n != 0 || err != nil {
		t.Errorf("%d events in the outbox after a refused commit (%v), want none", n, err)
	}
}

func TestPendingLimits(t *testing.T) {
	s, _ := openSpool(t)
	var events []Event
	for i := range 6 {
		events = append(events, Event{ID: fmt.Sprint(i), Time: time.Unix(int64(i), 0), Blob: make([]byte, 100)})
	}
	commit(t, s, Commit{Organization: org, Events: events})
	all := pending(t, s, org, Limits{})
	tests := []struct {
		name   string
		limits Limits
		want   string
	}{
		{"none", Limits{}, "0 1 2 3 4 5"},
		{"events", Limits{Events: 2}, "0 1"},
		{"bytes exactly", Limits{Bytes: 378, Overhead: 26}, "0 1 2"},
		{"a byte less", Limits{Bytes: 377, Overhead: 26}, "0 1"},
		{"first too large", Limits{Bytes: 1}, "0"},
		{"up to a pinned event", Limits{UpTo: all[3].Seq}, "0 1 2 3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ids(pending(t, s, org, tt.limits)); got != tt.want {
				t.Errorf("Pending(%+v) = %s, want %s", tt.limits, got, tt.want)
			}
		})
	}
}

func TestPinDoneDrop(t *testing.T) {
	s, path := openSpool(t)
	commit(t, s, Commit{Organization: org, Events: []Event{event("a"), event("b"), event("c")}})
	if _, ok, err := s.Pinned(t.Context(), org); ok || err != nil {
		t.Errorf("pinned before Pin: %v, %v", ok, err)
	}
	pin := Pin{LastSeq: pending(t, s, org, Limits{})[1].Seq, Destination: "group", Stream: "day", Token: "t1"}
	for _, token := range []string{"t0", "t1"} {
		pin.Token = token
		if err := s.Pin(t.Context(), org, pin); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	s = reopen(t, path)
	if got, ok, err := s.Pinned(t.Context(), org); got != pin || !ok || err != nil {
		t.Errorf("Pinned after reopening = %+v, %v, %v; want %+v", got, ok, err, pin)
	}

	at := time.Unix(1764021600, 5).UTC()
	if err := s.Done(t.Context(), org, Done{UpTo: pin.LastSeq, Destination: "group", Stream: "day", Token: "t2", Published: 1, Rejected: 1, Time: at}); err != nil {
		t.Fatal(err)
	}
	if _, ok, _ := s.Pinned(t.Context(), org); ok {
		t.Error("still pinned after Done")
	}
	want := Delivery{Destination: "group", Stream: "day", Token: "t2", Published: 1, Rejected: 1, LastSuccess: at}
	if got, err := s.Delivery(t.Context(), org); got != want || err != nil {
		t.Errorf("Delivery = %+v, %v; want %+v", got, err, want)
	}
	n, oldest, err := s.Backlog(t.Context(), org)
	if n != 1 || !oldest.Equal(event("c").Time) || err != nil {
		t.Errorf("Backlog = %d, %v, %v; want the one event left", n, oldest, err)
	}
	if got, err := s.Organizations(t.Context()); !slices.Equal(got, []string{org}) || err != nil {
		t.Errorf("Organizations = %v, %v", got, err)
	}

	if err := s.Pin(t.Context(), org, pin); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Drop(t.Context(), org); n != 1 || err != nil {
		t.Errorf("Drop = %d, %v; want 1", n, err)
	}
	if _, ok, _ := s.Pinned(t.Context(), org); ok {
		t.Error("still pinned after Drop")
	}
	if n, oldest, err := s.Backlog(t.Context(), org); n != 0 || !oldest.IsZero() || err != nil {
		t.Errorf("Backlog after Drop = %d, %v, %v", n, oldest, err)
	}
	if got, _ := s.Delivery(t.Context(), org); got != want {
		t.Errorf("Delivery after Drop = %+v, want it kept", got)
	}
}

func TestWait(t *testing.T) {
	s, path := openSpool(t)
	ctx, cancel := context.WithCancel(t.Context())
	woken := make(chan error, 1)
	go func() { woken <- s.Wait(ctx, org) }()
	appendBatch(t, s, "m-2", "log", "another organization's", "1")
	seq := appendBatch(t, s, org, "log", "one", "1")
	if err := <-woken; err != nil {
		t.Fatal(err)
	}
	s.Close()

	s = reopen(t, path)
	if err := s.Wait(t.Context(), org); err != nil {
		t.Errorf("Wait with a batch left from before: %v", err)
	}
	commit(t, s, Commit{Organization: org, Cursor: seq})
	go func() { woken <- s.Wait(ctx, org) }()
	cancel()
	if err := <-woken; !errors.Is(err, context.Canceled) {
		t.Errorf("Wait with nothing there and a cancelled context = %v", err)
	}
	go func() { woken <- s.Wait(t.Context(), org) }()
	s.Close()
	if err := <-woken; err == nil {
		t.Error("Wait on a closed spool returned without an error")
	}
}

func TestOnEvents(t *testing.T) {
	s, _ := openSpool(t)
	var mu sync.Mutex
	var got []string
	s.OnEvents(func(o string) { mu.Lock(); defer mu.Unlock(); got = append(got, o) })
	commit(t, s, Commit{Organization: org, Events: []Event{event("a")}})
	commit(t, s, Commit{Organization: org, Put: map[string][]byte{"k": nil}})
	commit(t, s, Commit{Organization: org, Events: []Event{event("a")}})
	commit(t, s, Commit{Organization: "m-2", Events: []Event{event("a")}})
	if want := []string{org, "m-2"}; !slices.Equal(got, want) {
		t.Errorf("called for %v, want %v", got, want)
	}
}

func TestConcurrentAppends(t *testing.T) {
	s, _ := openSpool(t)
	const sources, each = 8, 40
	var wg sync.WaitGroup
	for i := range sources {
		wg.Go(func() {
			source := fmt.Sprint("source", i)
			for n := range each {
				_, err := s.Append(t.Context(), Batch{Organization: org, Source: source, Blob: fmt.Appendf(nil, "%d", n), Position: fmt.Appendf(nil, "%d", n)})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	batches, err := s.Next(t.Context(), org, sources*each+1)
	if err != nil || len(batches) != sources*each {
		t.Fatalf("%d batches, %v; want %d", len(batches), err, sources*each)
	}
	next := map[string]int{}
	for _, b := range batches {
		if string(b.Blob) != fmt.Sprint(next[b.Source]) {
			t.Errorf("source %s: batch %s where %d was due", b.Source, b.Blob, next[b.Source])
		}
		next[b.Source]++
	}
}

func TestClosed(t *testing.T) {
	s, _ := openSpool(t)
	s.Close()
	if _, err := s.Append(t.Context(), Batch{Organization: org, Source: "log", Blob: []byte("x")}); !errors.Is(err, ErrClosed) {
		t.Errorf("Append after Close = %v, want ErrClosed", err)
	}
}

func TestCancelledAppendKeepsNothing(t *testing.T) {
	s, _ := openSpool(t)
	ctx, cancel := context.WithCancel(t.Context())
	// The writer is held inside a change, so the append stays in the queue.
	entered, release := make(chan struct{}), make(chan struct{})
	go s.writer.do(t.Context(), func(*transaction) error { close(entered); <-release; return nil })
	<-entered
	failed := make(chan error, 1)
	go func() {
		_, err := s.Append(ctx, Batch{Organization: org, Source: "log", Blob: []byte("x"), Position: []byte("1")})
		failed <- err
	}()
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("Append = %v, want the context's error", err)
	}
	close(release)
	appendBatch(t, s, org, "log2", "y", "1") // behind it in the queue
	batches, err := s.Next(t.Context(), org, 10)
	if err != nil || len(batches) != 1 || batches[0].Source != "log2" {
		t.Errorf("batches = %v, %v; want log2's alone", batches, err)
	}
}
