package capture

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"waybill/internal/capture/logline"
	"waybill/internal/evidence"
)

// parseAny makes a record of every line, but for those that begin like one of
// the other outcomes.
func parseAny(line string, dst []evidence.Record) ([]evidence.Record, logline.Outcome) {
	for _, o := range []logline.Outcome{logline.Ignored, logline.Foreign, logline.Unparsed} {
		if strings.HasPrefix(line, o.String()) {
			return dst, o
		}
	}
	fact := evidence.MessageID{QueueID: "Q", ID: strings.Clone(line)}
	return append(dst, evidence.Record{Time: time.Unix(1, 0), Fact: fact}), logline.Evidence
}

// follow runs a File over a folder of the test.
type follow struct {
	t      *testing.T
	path   string
	sink   *memorySink
	config FileConfig
	wake   chan struct{}
	source *File
	cancel context.CancelFunc
	done   chan error

	mu  sync.Mutex
	now time.Time
}

func newFollow(t *testing.T) *follow {
	f := &follow{t: t, path: filepath.Join(t.TempDir(), "mail.log"), sink: newMemorySink(t), wake: make(chan struct{}), now: time.Unix(1e9, 0)}
	f.config = FileConfig{Name: "mx", Path: f.path, Parse: parseAny, Logger: slog.New(slog.DiscardHandler), Wake: f.wake, Now: f.clock}
	t.Cleanup(func() {
		if f.cancel != nil {
			f.stop()
		}
	})
	return f
}

func (f *follow) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *follow) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

func (f *follow) start() {
	ctx, cancel := context.WithCancel(context.Background())
	f.source, f.cancel, f.done = NewFile(f.config), cancel, make(chan error, 1)
	source := f.source
	go func() { f.done <- source.Run(ctx, f.sink) }()
}

func (f *follow) stop() {
	f.t.Helper()
	f.cancel()
	if err := <-f.done; err != nil {
		f.t.Errorf("stopped with %v", err)
	}
	f.cancel = nil
}

// sync returns when everything that was there at the call has been read: the
// second wake is only taken after the pass that the first began.
func (f *follow) sync() {
	f.t.Helper()
	for range 2 {
		select {
		case f.wake <- struct{}{}:
		case err := <-f.done:
			f.done <- err
			f.t.Fatalf("source stopped: %v", err)
		}
	}
}

// want compares what was read so far.
func (f *follow) want(gaps int, lines ...string) {
	f.t.Helper()
	got, gotGaps := f.sink.lines()
	if !slices.Equal(got, lines) {
		f.t.Errorf("read %q, want %q", got, lines)
	}
	if len(gotGaps) != gaps {
		f.t.Errorf("gaps %+v, want %d", gotGaps, gaps)
	}
}

// restart stops and starts with f.config as it is, and reads everything.
func (f *follow) restart() {
	f.t.Helper()
	f.stop()
	f.start()
	f.sync()
}

func (f *follow) append(name, text string) {
	f.t.Helper()
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = file.WriteString(text)
	}
	if err == nil {
		err = file.Close()
	}
	f.must(err)
}

func (f *follow) write(text string) { f.t.Helper(); f.append(f.path, text) }

func (f *follow) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// rotate renames as logrotate does: .1 becomes .2, the path becomes .1.
func (f *follow) rotate() {
	f.t.Helper()
	f.shift()
	f.must(os.Rename(f.path, f.path+".1"))
}

func (f *follow) shift() {
	f.t.Helper()
	for n := 8; n >= 1; n-- {
		for _, suffix := range []string{"", ".gz"} {
			from := fmt.Sprintf("%s.%d%s", f.path, n, suffix)
			if _, err := os.Stat(from); err == nil {
				f.must(os.Rename(from, fmt.Sprintf("%s.%d%s", f.path, n+1, suffix)))
			}
		}
	}
}

// copytruncate copies and truncates as logrotate's option does.
func (f *follow) copytruncate() {
	f.t.Helper()
	f.shift()
	data, err := os.ReadFile(f.path)
	f.must(err)
	f.must(os.WriteFile(f.path+".1", data, 0o600))
	f.must(os.Truncate(f.path, 0))
}

// compress makes NAME.gz of a file as gzip does: same modification time.
func (f *follow) compress(name string) {
	f.t.Helper()
	info, err := os.Stat(name)
	f.must(err)
	data, err := os.ReadFile(name)
	f.must(err)
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err = z.Write(data)
	f.must(err)
	f.must(z.Close())
	f.must(os.WriteFile(name+".gz", b.Bytes(), 0o600))
	f.must(os.Chtimes(name+".gz", info.ModTime(), info.ModTime()))
	f.must(os.Remove(name))
}

func TestFileReadsPresentFileFromItsBeginning(t *testing.T) {
	f := newFollow(t)
	f.append(f.path+".1", "old\n")
	f.write("a\nignored\n")
	f.start()
	f.sync()
	f.write("b\nunparsed one\nforeign\nc")
	f.sync()
	f.want(0, "a", "b")
	f.write("d\r\n")
	f.sync()
	f.want(0, "a", "b", "cd")
	s := f.source.Stats()
	if s.Lines != 6 || s.Evidence != 3 || s.Ignored != 1 || s.Foreign != 1 || s.Unparsed != 1 || s.Records != 3 || s.Behind != 0 {
		t.Errorf("stats %+v", s)
	}
	if !slices.Equal(s.UnparsedSamples, []string{"unparsed one"}) {
		t.Errorf("samples %q", s.UnparsedSamples)
	}
}

func TestFileMissingAtStart(t *testing.T) {
	f := newFollow(t)
	f.start()
	f.sync()
	f.write("a\n")
	f.sync()
	f.want(0, "a")
	f.restart()
	f.must(os.Remove(f.path))
	f.sync()
	f.write("b\n")
	f.sync()
	f.want(0, "a", "b")
}

func TestFileLongLines(t *testing.T) {
	f := newFollow(t)
	f.config.MaxLine, f.config.BatchBytes = 10, 16
	f.start()
	f.write("a\n" + strings.Repeat("x", 100))
	f.sync()
	f.restart()
	f.write(strings.Repeat("y", 100) + "\nb\n" + strings.Repeat("z", 11) + "\n" + strings.Repeat("c", 10) + "\n")
	f.sync()
	f.want(0, "a", "b", strings.Repeat("c", 10))
	if s := f.source.Stats(); s.Unparsed != 1 || s.Lines != 3 {
		t.Errorf("after the restart %d of %d lines unparsed, want 1 of 3", s.Unparsed, s.Lines)
	}
}

func TestFileRename(t *testing.T) {
	f := newFollow(t)
	f.start()
	f.write("a\nb")
	f.sync()
	f.rotate()
	f.sync()
	// The writer goes on in the renamed file until it is told to open the new one.
	f.append(f.path+".1", "b\nc\n")
	f.sync()
	f.write("d\n")
	f.sync()
	f.append(f.path+".1", "e\nf")
	f.sync()
	f.want(0, "a", "bb", "c", "d", "e")
	f.advance(time.Hour)
	f.sync()
	f.want(0, "a", "bb", "c", "d", "e", "f")
	f.restart()
	f.want(0, "a", "bb", "c", "d", "e", "f")
}

func TestFileRenameAndCompressAtOnce(t *testing.T) {
	f := newFollow(t)
	f.start()
	f.write("a\n")
	f.sync()
	f.write("b\n")
	f.rotate()
	f.compress(f.path + ".1")
	f.write("c\n")
	f.sync()
	f.want(0, "a", "b", "c")
	f.write("d\n")
	f.rotate()
	f.write("e\n")
	f.rotate()
	f.compress(f.path + ".1")
	f.write("f\n")
	f.sync()
	f.want(0, "a", "b", "c", "d", "e", "f")
}

func TestFileRotatedWhileStopped(t *testing.T) {
	for name, rotate := range map[string]func(*follow){
		"rename":            func(f *follow) { f.rotate() },
		"rename, compress":  func(f *follow) { f.rotate(); f.compress(f.path + ".1") },
		"copytruncate":      func(f *follow) { f.copytruncate() },
		"copytruncate, gz":  func(f *follow) { f.copytruncate(); f.compress(f.path + ".1") },
		"copied over":       func(f *follow) { f.must(os.Rename(f.path, f.path+"-20261123")) },
		"date and time, gz": func(f *follow) { n := f.path + ".20261123-220600"; f.must(os.Rename(f.path, n)); f.compress(n) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFollow(t)
			f.append(f.path+".5", "long ago\n")
			f.write("a\nb\n")
			f.start()
			f.sync()
			f.stop()
			f.write("c\n")
			rotate(f)
			f.write("d\n")
			f.start()
			f.sync()
			f.want(0, "a", "b", "c", "d")
			f.restart()
			f.advance(time.Hour)
			f.sync()
			f.write("e\n")
			f.restart()
			f.want(0, "a", "b", "c", "d", "e")
		})
	}
}

func TestFileRotatedSeveralTimesWhileStopped(t *testing.T) {
	for name, rotate := range map[string]func(*follow){
		"rename":       func(f *follow) { f.rotate() },
		"copytruncate": func(f *follow) { f.copytruncate() },
		"delayed compression": func(f *follow) {
			f.rotate()
			if _, err := os.Stat(f.path + ".2"); err == nil {
				f.compress(f.path + ".2")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFollow(t)
			f.append(f.path+".1", "long ago\n")
			f.write("a\n")
			f.start()
			f.sync()
			f.stop()
			f.write("b\n")
			rotate(f)
			f.write("c\n")
			rotate(f)
			f.write("d\n")
			rotate(f)
			f.write("e\n")
			f.start()
			f.sync()
			f.want(0, "a", "b", "c", "d", "e")
		})
	}
}

func TestFileRotatedSeveralTimesBetweenLooks(t *testing.T) {
	for name, rotate := range map[string]func(*follow){
		"rename":       func(f *follow) { f.rotate() },
		"copytruncate": func(f *follow) { f.copytruncate() },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFollow(t)
			f.append(f.path+".1", "long ago\n")
			f.start()
			f.write("a\n")
			f.sync()
			f.write("b\n")
			rotate(f)
			f.write("c\n")
			rotate(f)
			f.write("d\n")
			f.sync()
			f.want(0, "a", "b", "c", "d")
			rotate(f)
			f.write("e\n")
			f.sync()
			f.restart()
			f.want(0, "a", "b", "c", "d", "e")
		})
	}
}

func TestFileCopiedBeforeAnyOfItWasRead(t *testing.T) {
	f := newFollow(t)
	f.write("")
	f.start()
	f.sync()
	f.write("a\n")
	f.copytruncate()
	f.write("b\n")
	f.sync()
	f.want(0, "a", "b")
}

func TestFileCopyShorterThanRead(t *testing.T) {
	f := newFollow(t)
	f.start()
	a := strings.Repeat("a", headLength)
	f.write(a + "\n")
	f.sync()
	data, err := os.ReadFile(f.path)
	f.must(err)
	f.must(os.WriteFile(f.path+".1", data, 0o600))
	f.write("b\n")
	f.sync()
	f.must(os.Truncate(f.path, 0))
	f.write("c\n")
	f.sync()
	f.want(0, a, "b", "c")
}

func TestFileTruncatedWithoutCopyIsAGap(t *testing.T) {
	f := newFollow(t)
	f.start()
	f.write("a\nb\n")
	f.sync()
	f.must(os.Truncate(f.path, 0))
	f.write("longer than before\n")
	f.sync()
	f.want(1, "a", "b", "longer than before")
	f.write("c\n")
	f.restart()
	f.want(1, "a", "b", "longer than before", "c")
}

func TestFileTruncatedUnderAWriterWithAnOffset(t *testing.T) {
	f := newFollow(t)
	f.start()
	writer, err := os.Create(f.path)
	f.must(err)
	defer writer.Close()
	for i := range 1000 {
		fmt.Fprintf(writer, "before %d\n", i)
	}
	f.sync()
	f.copytruncate()
	fmt.Fprintf(writer, "after\n")
	f.sync()
	lines, gaps := f.sink.lines()
	if len(lines) != 1001 || lines[1000] != "after" || len(gaps) != 0 {
		t.Errorf("%d lines, the last %q, gaps %v; want 1001 and after", len(lines), lines[len(lines)-1], gaps)
	}
}

func TestFileDeletedWhileStoppedIsAGap(t *testing.T) {
	f := newFollow(t)
	f.append(f.path+".1", "long ago\n")
	f.write("a\n")
	f.start()
	f.sync()
	f.stop()
	// The new file may well get the old one's inode.
	f.must(os.Remove(f.path))
	f.write("b and more than before\n")
	f.start()
	f.sync()
	f.want(1, "a", "b and more than before")
	f.restart()
	f.want(1, "a", "b and more than before")
}

func TestFileCompressedInAnotherWayIsAGap(t *testing.T) {
	f := newFollow(t)
	f.write("a\n")
	f.start()
	f.sync()
	f.stop()
	f.must(os.Rename(f.path, f.path+".2.xz"))
	f.append(f.path+".1", "b\n")
	f.write("c\n")
	f.start()
	f.sync()
	// The rest of the file is gone, and what is in the compressed one unknown.
	f.want(2, "a", "b", "c")
}

func TestFileReplacedByACopyWhileStopped(t *testing.T) {
	f := newFollow(t)
	f.write("a\nb\n")
	f.start()
	f.sync()
	f.stop()
	f.append(f.path+".new", "a\nb\nc\n")
	f.must(os.Rename(f.path+".new", f.path))
	f.start()
	f.sync()
	f.want(0, "a", "b", "c")
}

func TestFileOtherPathBeginsAnew(t *testing.T) {
	f := newFollow(t)
	f.write("a\n")
	f.start()
	f.sync()
	f.config.Path += "-other"
	f.append(f.config.Path, "b\n")
	f.restart()
	f.want(0, "a", "b")
}

func TestFileSinkFailures(t *testing.T) {
	f := newFollow(t)
	f.config.BatchBytes, f.config.MaxLine = 64, 32
	// Every third Append fails, by turns before and after it stored.
	f.sink.failBefore = func(n int) bool { return n%6 == 3 }
	f.sink.failAfter = func(n int) bool { return n%6 == 0 }
	var want []string
	for i := range 200 {
		want = append(want, fmt.Sprintf("line %d", i))
	}
	f.write(strings.Join(want, "\n") + "\n")
	ctx, cancel := context.WithCancel(t.Context())
	go func() { f.sink.waitFor(len(want)); cancel() }()
	source := NewFile(f.config)
	failures := 0
	for ctx.Err() == nil {
		if err := source.Run(ctx, f.sink); err != nil {
			failures++
		}
	}
	f.want(0, want...)
	if failures < 5 {
		t.Errorf("only %d failures", failures)
	}
	if s := source.Stats(); s.Lines > 200 {
		t.Errorf("%d lines counted of 200", s.Lines)
	}
}

func TestFileNotRegular(t *testing.T) {
	f := newFollow(t)
	f.must(os.Mkdir(f.path, 0o700))
	if err := NewFile(f.config).Run(t.Context(), f.sink); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("error %v", err)
	}
}

func TestFileWatchesByItself(t *testing.T) {
	f := newFollow(t)
	f.config.Wake = nil
	f.start()
	f.write("a\n")
	f.sink.waitFor(1)
	f.rotate()
	f.write("b\n")
	f.sink.waitFor(2)
	f.want(0, "a", "b")
}

func FuzzPosition(f *testing.F) {
	f.Add([]byte(`{"path":"p","files":[{"dev":1,"ino":2,"off":3,"head":{"n":3,"h":"00"},"tail":{"n":3,"h":"00"},"mtime":1}]}`))
	f.Add([]byte(`{"files":[{"off":1,"tail":{"n":9}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := decodePosition(data)
		if err != nil {
			return
		}
		for _, file := range p.Files {
			if file.Offset-int64(file.Tail.Length) < 0 {
				t.Errorf("accepted a tail before the beginning: %+v", file)
			}
		}
	})
}
