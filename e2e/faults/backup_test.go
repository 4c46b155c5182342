package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// A backup taken while writers write, restored into another folder, has every
// event that was acknowledged before it began, each once and in order; of those
// sent meanwhile it has some. The restored server then goes on, and a kill does
// not bring back what the backup did not have.
func TestABackupOfARunningServerRestores(t *testing.T) {
	seed := fromEnv(t, "WAYBILL_FAULT_SEED", time.Now().UnixNano())
	t.Logf("WAYBILL_FAULT_SEED=%d", seed)
	l := newLabOn(t, rand.New(rand.NewPCG(uint64(seed), 2)), filepath.Join(t.TempDir(), "data"))
	for _, form := range []string{"folder", "file.tar"} {
		to := filepath.Join(t.TempDir(), form)
		before := l.backUpWhileWriting(to)
		restored := filepath.Join(t.TempDir(), "restored")
		l.must(l.server.run("restore", "--from", to, "--data", restored))
		if out, err := l.server.run("restore", "--from", to, "--data", restored); err == nil || !strings.Contains(out, "not empty") {
			t.Errorf("a restore over a data folder: %v %s", err, out)
		}
		l.checkRestored(restored, before)
		for _, c := range l.checkers { // the first server went on
			if err := c.checkNew(t.Context(), l.client); err != nil {
				t.Errorf("the server that was backed up: %v", err)
			}
		}
	}
}

func (l *lab) must(output string, err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatalf("%v\n%s", err, output)
	}
}

// backUpWhileWriting returns how many events each writer had sent before the
// backup began.
func (l *lab) backUpWhileWriting(to string) (before []int) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	writing, stop := context.WithCancel(ctx)
	defer stop()
	var group errgroup.Group
	for _, w := range l.writers {
		group.Go(func() error { return w.run(writing) })
	}
	l.moment(ctx, 1000)
	for _, w := range l.writers {
		w.mu.Lock()
		n := len(w.sent)
		for n > 0 && !w.sent[n-1].acked {
			n--
		}
		before = append(before, n)
		w.mu.Unlock()
	}
	l.must(l.server.run("backup", "--config", l.server.config, "--data", l.server.data, "--to", to, "--key"))
	l.moment(ctx, 300)
	stop()
	if err := group.Wait(); err != nil {
		l.t.Fatal(err)
	}
	for _, w := range l.writers {
		if err := w.settle(ctx); err != nil {
			l.t.Fatal(err)
		}
		w.pending = -1
	}
	return before
}

// checkRestored reads a restored data folder through a server of its own.
func (l *lab) checkRestored(data string, before []int) {
	l.t.Helper()
	s := newServer(l.t, data)
	if err := s.start(); err != nil {
		l.t.Fatal(err)
	}
	defer s.kill()
	client := s.client(l.t)
	var copies []*checker
	for i, w := range l.writers {
		// What was sent after the backup began may be there or not.
		was := &writer{group: w.group, stream: w.stream, client: client, at: w.at, pending: -1,
			random: w.random, refused: map[string]int{}}
		was.sent = append(was.sent, w.sent...)
		for j := before[i]; j < len(was.sent); j++ {
			was.sent[j].acked = false
		}
		c := &checker{w: was}
		if err := c.checkNew(l.t.Context(), client); err != nil {
			l.t.Errorf("restored: %v", err)
		}
		copies = append(copies, c)
		was.n = 1_000_000 // messages unlike those of the first server
		was.pending = was.batch()
		if done, err := was.put(l.t.Context()); err != nil || !done {
			l.t.Errorf("restored: put: %v %v", err, was.refused)
		}
	}
	s.kill()
	if err := s.start(); err != nil {
		l.t.Fatal(err)
	}
	for _, c := range copies {
		if err := c.checkNew(l.t.Context(), client); err != nil {
			l.t.Errorf("restored, written to and killed: %v", err)
		}
	}
	if err := checkAll(l.t.Context(), client, copies); err != nil {
		l.t.Errorf("restored, written to and killed: %v", err)
	}
}

// A stopped server's folder is backed up by the command itself; a damaged
// backup is refused and leaves nothing.
func TestABackupOfAStoppedServer(t *testing.T) {
	l := newLabOn(t, rand.New(rand.NewPCG(3, 3)), filepath.Join(t.TempDir(), "data"))
	if err := l.round(kinds[0]); err != nil {
		t.Fatal(err)
	}
	l.server.kill()
	to := filepath.Join(t.TempDir(), "backup")
	l.must(l.server.run("backup", "--data", l.server.data, "--to", to, "--key"))
	whole := filepath.Join(t.TempDir(), "whole")
	l.must(l.server.run("restore", "--from", to, "--data", whole))
	before := make([]int, len(l.writers))
	for i, w := range l.writers {
		before[i] = len(w.sent)
	}
	l.checkRestored(whole, before)

	name := filepath.Join(to, "meta.db")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(t.TempDir(), "target")
	if out, err := l.server.run("restore", "--from", to, "--data", target); err == nil || !strings.Contains(out, "meta.db is not what was backed up") {
		t.Errorf("a damaged backup: %v %s", err, out)
	}
	if list, _ := filepath.Glob(target + "*"); len(list) > 0 {
		t.Errorf("a refused restore left %v", list)
	}
	if out, err := l.server.run("backup", "--data", fmt.Sprint(whole, "x"), "--to", target); err == nil {
		t.Errorf("a backup of no folder: %s", out)
	}
}
