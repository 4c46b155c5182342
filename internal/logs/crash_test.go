package logs

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"waybill/internal/store"
)

// crashFolder is the environment variable that makes this test binary a writer
// to be killed.
const crashFolder = "WAYBILL_TEST_CRASH_FOLDER"

const crashWriters = 3

// writeUntilKilled opens the service and writes from several clients. Each
// acknowledged event is one line on standard output. It never returns.
func writeUntilKilled(folder string) {
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
	}
	ctx := context.Background()
	quiet := slog.New(slog.DiscardHandler)
	db, err := store.Open(ctx, filepath.Join(folder, "meta.db"), quiet)
	fail(err)
	s, err := Open(ctx, Config{DB: db, Folder: folder, Logger: quiet})
	fail(err)
	var out sync.Mutex
	for w := range crashWriters {
		go func() {
			for n := 0; ; n++ {
				events := crashBatch(fmt.Sprintf("%d.%d.%d", os.Getpid(), w, n))
				_, err := s.PutLogEvents(ctx, here, "g", fmt.Sprint("s", w), events, nil)
				fail(err)
				out.Lock()
				for _, e := range events {
					fmt.Println(e.Message)
				}
				out.Unlock()
			}
		}()
	}
	for { // checkpoints as often as can be, so that kills fall into them
		fail(s.Checkpoint(ctx))
		if rand.IntN(4) == 0 {
			time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
		}
	}
}

func crashBatch(name string) []InputEvent {
	events := make([]InputEvent, 1+rand.IntN(50))
	now := time.Now().UnixMilli()
	for i := range events {
		events[i] = InputEvent{now - int64(rand.IntN(2))*dayMillis/2 + int64(i), fmt.Sprintf(`{"id":"%s.%d","name":"x"}`, name, i)}
	}
	return ordered(events)
}

func ordered(events []InputEvent) []InputEvent {
	for i := 1; i < len(events); i++ {
		events[i].Timestamp = max(events[i].Timestamp, events[i-1].Timestamp)
	}
	return events
}

// crashRounds is how often the writer is killed; the fault harness does more.
const crashRounds = 10

func TestKilledAtAnyMomentNothingIsLostOrDoubled(t *testing.T) {
	f := newFixture(t)
	f.clock.ms.Store(time.Now().UnixMilli())
	f.make(t, "g", "s0", "s1", "s2")
	f.close(t)
	acked := map[string]bool{}
	for round := range crashRounds {
		for _, id := range writeAndKill(t, f.folder, 50+rand.IntN(400)) {
			acked[id] = true
		}
		f.clock.ms.Store(time.Now().UnixMilli())
		f.open(t)
		checkExactlyOnce(t, f, acked, round)
		f.close(t)
	}
	t.Logf("%d acknowledged events in %d rounds", len(acked), crashRounds)
}

// writeAndKill runs the writer, kills it after so many milliseconds of writing,
// and returns what it had acknowledged.
func writeAndKill(t *testing.T, folder string, ms int) []string {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^$")
	c.Env = append(os.Environ(), crashFolder+"="+folder)
	c.Stderr = os.Stderr
	pipe, err := c.StdoutPipe()
	must(t, err)
	must(t, c.Start())
	var acked []string
	var kill *time.Timer
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		if kill == nil { // it writes: from now on the clock runs
			kill = time.AfterFunc(time.Duration(ms)*time.Millisecond, func() { _ = c.Process.Kill() })
		}
		acked = append(acked, lines.Text())
	}
	err = c.Wait()
	if kill == nil || c.ProcessState.Exited() {
		t.Fatalf("the writer ended by itself: %v", err)
	}
	if n := len(acked); n > 0 && !strings.HasSuffix(acked[n-1], "}") {
		acked = acked[:n-1] // cut off by the kill
	}
	return acked
}

func checkExactlyOnce(t *testing.T, f *fixture, acked map[string]bool, round int) {
	t.Helper()
	found := map[string]int{}
	for _, e := range f.filter(t, FilterQuery{Group: "g"}) {
		found[e.Message]++
		if found[e.Message] > 1 {
			t.Fatalf("round %d: event %s is there twice", round, e.Message)
		}
	}
	for id := range acked {
		if found[id] == 0 {
			t.Fatalf("round %d: acknowledged event %s is lost (%d of %d found)", round, id, len(found), len(acked))
		}
	}
}

// A copy of the folder taken while nothing is between journal and engine is
// what a power cut would leave. It must open and have everything once, however
// much of it the engine had on disk.
func TestCopiesTakenMidFlightOpenComplete(t *testing.T) {
	f := newFixture(t)
	f.make(t, "g", "s")
	var want []string
	for i := range 40 {
		for j := range 5 {
			m := fmt.Sprintf(`{"n":%d}`, i*5+j)
			want = append(want, m)
			f.put(t, "g", "s", ev(int64(len(want)), m))
		}
		switch i % 4 {
		case 1: // on the engine's disk, still in the journal
			must(t, f.engine.Sync(t.Context()))
		case 2:
			must(t, f.Checkpoint(t.Context()))
		case 0: // counted, still in the journal
			must(t, f.saveStats(t.Context()))
		}
		if i%4 == 3 || i%10 == 9 {
			continue
		}
		copied := &fixture{clock: f.clock, folder: f.copyFolder(t)}
		copied.open(t)
		if got := copied.texts(t, FilterQuery{Group: "g"}); strings.Join(got, "") != strings.Join(want, "") {
			t.Fatalf("copy %d has %d events, want %d", i, len(got), len(want))
		}
		streams, _, err := copied.DescribeLogStreams(t.Context(), here, "g", StreamList{Limit: 1})
		must(t, err)
		if streams[0].LastEvent != noon+int64(len(want)) {
			t.Fatalf("copy %d: last event %d", i, streams[0].LastEvent-noon)
		}
		g, err := copied.Group(t.Context(), here, "g")
		must(t, err)
		n := int64(0)
		for _, m := range want {
			n += int64(len(m)) + eventOverhead
		}
		if g.StoredBytes != n {
			t.Fatalf("copy %d: %d bytes counted, want %d", i, g.StoredBytes, n)
		}
		copied.close(t)
	}
}

// copyFolder copies until no part of the engine came or went meanwhile.
func (f *fixture) copyFolder(t *testing.T) string {
	t.Helper()
	for range 100 {
		before := names(t, f.folder)
		to := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(to, os.DirFS(f.folder)); err == nil && names(t, f.folder) == before {
			return to
		}
	}
	t.Fatal("no quiet moment in 100 attempts")
	return ""
}

func names(t *testing.T, folder string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // it went while we looked: the next look differs
		}
		if info, err := d.Info(); err == nil && !d.IsDir() {
			fmt.Fprintln(&b, path, info.Size(), info.ModTime())
		}
		return nil
	})
	must(t, err)
	return b.String()
}

func FuzzDecodeBatch(f *testing.F) {
	b := &batch{stream: 3, ingested: noon, prior: 7, hash: "abc", events: []InputEvent{ev(0, "one"), ev(5, "two")}}
	f.Add(b.append(nil))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, p []byte) {
		b, err := decodeBatch(p)
		if err != nil {
			return
		}
		again, err := decodeBatch(b.append(nil))
		if err != nil || fmt.Sprintf("%+v", again) != fmt.Sprintf("%+v", b) {
			t.Fatalf("%+v became %+v, %v", b, again, err)
		}
	})
}
