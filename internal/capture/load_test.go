package capture

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// logWriter writes numbered lines and rotates its file in the meantime, as a
// syslog daemon and logrotate together do.
type logWriter struct {
	path   string
	rand   *rand.Rand
	wake   chan struct{}
	lines  int
	stamps bool
	file   *os.File
	n      int
	moves  int
}

// run writes all lines. Rotation comes every few thousand lines.
func (w *logWriter) run(rotate func() error) error {
	if err := w.open(); err != nil {
		return err
	}
	for w.n < w.lines {
		if err := w.some(200 + w.rand.IntN(2800)); err != nil {
			return err
		}
		if err := rotate(); err != nil {
			return err
		}
	}
	return w.file.Close()
}

func (w *logWriter) open() (err error) {
	w.file, err = os.OpenFile(w.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	return err
}

// some writes lines in pieces that do not end where lines end.
func (w *logWriter) some(lines int) error {
	var text []byte
	for range min(lines, w.lines-w.n) {
		text = fmt.Appendf(text, "%07d %.*s\n", w.n, w.rand.IntN(80), "Nov 23 22:06:00 mx postfix/qmgr[1]: 3A4B5C6D7E: from=<a@example.com>, size=1, nrcpt=1")
		w.n++
	}
	for len(text) > 0 {
		n := min(len(text), 1+w.rand.IntN(20000))
		if _, err := w.file.Write(text[:n]); err != nil {
			return err
		}
		text = text[n:]
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
	return nil
}

// next is the name that the file gets, and moves older ones out of its way.
func (w *logWriter) next() (string, error) {
	w.moves++
	if w.stamps {
		return fmt.Sprintf("%s-%08d", w.path, 20260000+w.moves), nil
	}
	for n := w.moves - 1; n >= 1; n-- {
		if err := os.Rename(fmt.Sprintf("%s.%d", w.path, n), fmt.Sprintf("%s.%d", w.path, n+1)); err != nil {
			return "", err
		}
	}
	return w.path + ".1", nil
}

// byRename renames, writes on into the renamed file for a while and then opens
// the new one.
func (w *logWriter) byRename() error {
	name, err := w.next()
	if err != nil {
		return err
	}
	if err := os.Rename(w.path, name); err != nil {
		return err
	}
	if err := w.some(w.rand.IntN(300)); err != nil {
		return err
	}
	return errors.Join(w.file.Close(), w.open())
}

// byCopy copies and truncates; nothing is written in between, so that no line
// can be lost by nature.
func (w *logWriter) byCopy() error {
	name, err := w.next()
	if err != nil {
		return err
	}
	data, err := os.ReadFile(w.path)
	if err == nil {
		err = os.WriteFile(name, data, 0o600)
	}
	if err == nil {
		err = os.Truncate(w.path, 0)
	}
	return err
}

func TestFileUnderLoad(t *testing.T) {
	for _, kind := range []string{"rename", "copytruncate"} {
		for _, names := range []string{"numbers", "dates"} {
			t.Run(kind+" "+names, func(t *testing.T) { underLoad(t, kind == "copytruncate", names == "dates") })
		}
	}
}

func underLoad(t *testing.T, copies, stamps bool) {
	lines := 100_000
	if testing.Short() {
		lines = 20_000
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	f := newFollow(t)
	f.config.BatchBytes = 20_000
	f.config.MaxLine = 1000
	w := &logWriter{path: f.path, rand: rand.New(rand.NewPCG(seed, 1)), wake: f.wake, lines: lines, stamps: stamps}
	rotate := w.byRename
	if copies {
		rotate = w.byCopy
	}
	written := make(chan error, 1)
	f.write("0000000\n")
	w.n = 1
	f.start()
	f.sync()
	go func() { written <- w.run(rotate) }()
	restarts := 0
	for done := false; !done; {
		select {
		case err := <-written:
			f.must(err)
			done = true
		case f.wake <- struct{}{}:
			if random.IntN(10) == 0 {
				f.stop()
				f.start()
				restarts++
			}
		}
	}
	f.sync()
	f.restart()
	got, gaps := f.sink.lines()
	t.Logf("%d lines, %d rotations, %d restarts, %d batches", len(got), w.moves, restarts, f.sink.appends)
	if len(gaps) != 0 {
		t.Errorf("gaps: %+v", gaps)
	}
	slices.Sort(got)
	for i, line := range got {
		if want := fmt.Sprintf("%07d", i); line[:7] != want {
			t.Fatalf("line %d is %q, want %s", i, line, want)
		}
	}
	if len(got) != lines {
		t.Fatalf("%d lines read, %d written", len(got), lines)
	}
}
