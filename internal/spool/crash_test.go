package spool

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// childEnv names the spool file to a child process of TestKilled.
const childEnv = "SPOOL_CRASH_TEST_FILE"

const (
	crashRounds  = 10
	crashSources = 4
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		crashChild(path)
	}
	os.Exit(m.Run())
}

// TestKilled kills a process that appends, consumes and publishes, at random
// moments, ten times over. Each batch that a source was told is safe must have
// come out of the outbox exactly once, in order.
func TestKilled(t *testing.T) {
	_, path := openSpool(t)
	acked := map[string]int{}
	for range crashRounds {
		killAfter(t, path, 20+rand.IntN(200), acked)
	}
	s := reopen(t, path)
	for i := range crashSources {
		consumeAll(t, s, fmt.Sprint("m-", i%2))
	}
	seen := map[string][]string{}
	for i := range 2 {
		for _, e := range pending(t, s, fmt.Sprint("m-", i), Limits{}) {
			source, n, _ := strings.Cut(string(e.Blob), " ")
			seen[source] = append(seen[source], n)
		}
	}
	for i := range crashSources {
		source := fmt.Sprint("s", i)
		got := seen[source]
		if len(got) < acked[source] || acked[source] == 0 {
			t.Errorf("%s: %d events, of %d acknowledged", source, len(got), acked[source])
		}
		for n, s := range got {
			if s != fmt.Sprint(n+1) {
				t.Fatalf("%s: event %d is number %s", source, n+1, s)
			}
		}
		if p, _ := s.Position(t.Context(), source); string(p) != fmt.Sprint(len(got)) {
			t.Errorf("%s: position %s after %d batches", source, p, len(got))
		}
	}
	t.Logf("acknowledged over %d kills: %v", crashRounds, acked)
}

// killAfter starts a child and kills it once it has acknowledged so many batches.
func killAfter(t *testing.T, path string, lines int, acked map[string]int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(out)
	for n := 0; in.Scan(); n++ {
		source, number, ok := strings.Cut(in.Text(), " ")
		v, err := strconv.Atoi(number)
		if !ok || err != nil {
			t.Fatalf("child says %q", in.Text())
		}
		acked[source] = max(acked[source], v)
		if n == lines {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
}

// crashChild appends without end, from several sources, and consumes what it
// appends, until it is killed.
func crashChild(path string) {
	fail := func(err error) {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(3)
	}
	ctx := context.Background()
	s, err := Open(ctx, path, slog.New(slog.DiscardHandler))
	if err != nil {
		fail(err)
	}
	var wg sync.WaitGroup
	var out sync.Mutex
	for i := range crashSources {
		wg.Go(func() {
			source := fmt.Sprint("s", i)
			p, err := s.Position(ctx, source)
			if err != nil {
				fail(err)
			}
			n, _ := strconv.Atoi(string(p))
			for {
				n++
				_, err := s.Append(ctx, Batch{Organization: fmt.Sprint("m-", i%2), Source: source,
					Blob: fmt.Appendf(nil, "%s %d", source, n), Position: fmt.Appendf(nil, "%d", n)})
				if err != nil {
					fail(err)
				}
				out.Lock()
				fmt.Printf("%s %d\n", source, n)
				out.Unlock()
			}
		})
	}
	for i := range 2 {
		wg.Go(func() {
			organization := fmt.Sprint("m-", i)
			for {
				if err := s.Wait(ctx, organization); err != nil {
					fail(err)
				}
				if err := consume(ctx, s, organization); err != nil {
					fail(err)
				}
			}
		})
	}
	wg.Wait()
}

// consume takes some batches and makes an event of each. The event's ID is new
// each time, so that a batch consumed twice shows as two events; the state
// counts batches by source and contradicts a batch lost or repeated.
func consume(ctx context.Context, s *Spool, organization string) error {
	batches, err := s.Next(ctx, organization, 1+rand.IntN(5))
	if err != nil || len(batches) == 0 {
		return err
	}
	state, err := s.State(ctx, organization)
	if err != nil {
		return err
	}
	c := Commit{Organization: organization, Put: map[string][]byte{}}
	for _, b := range batches {
		var count int
		if v, ok := state[b.Source]; ok {
			if err := json.Unmarshal(v, &count); err != nil {
				return err
			}
		}
		count++
		if want := fmt.Sprintf("%s %d", b.Source, count); string(b.Blob) != want {
			return fmt.Errorf("batch %q where %q was due", b.Blob, want)
		}
		state[b.Source] = fmt.Appendf(nil, "%d", count)
		c.Put[b.Source] = state[b.Source]
		c.Cursor = b.Seq
		c.Events = append(c.Events, Event{ID: fmt.Sprint(rand.Uint64()), Time: time.Unix(int64(count), 0), Blob: b.Blob})
	}
	return s.Commit(ctx, c)
}

func consumeAll(t *testing.T, s *Spool, organization string) {
	t.Helper()
	for {
		batches, err := s.Next(t.Context(), organization, 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(batches) == 0 {
			return
		}
		if err := consume(t.Context(), s, organization); err != nil {
			t.Fatal(err)
		}
	}
}
