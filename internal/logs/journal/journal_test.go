package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func mustOpen(t testing.TB, path string) *Journal {
	t.Helper()
	j, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func appendBatch(t testing.TB, j *Journal, data string) uint64 {
	t.Helper()
	seq, err := j.Append(context.Background(), []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

func replay(t testing.TB, j *Journal) (seqs []uint64, batches []string) {
	t.Helper()
	err := j.Replay(t.Context(), func(seq uint64, data []byte) error {
		seqs = append(seqs, seq)
		batches = append(batches, string(data))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return seqs, batches
}

func TestReplayGivesWhatWasNotTrimmedInOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	j := mustOpen(t, path)
	var seqs []uint64
	for i := range 10 {
		seqs = append(seqs, appendBatch(t, j, fmt.Sprint("batch ", i)))
	}
	if err := j.Trim(t.Context(), seqs[3]); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = mustOpen(t, path)
	gotSeqs, got := replay(t, j)
	if !slices.Equal(gotSeqs, seqs[4:]) || got[0] != "batch 4" || got[5] != "batch 9" {
		t.Fatalf("replayed %v %v", gotSeqs, got)
	}
	if n, size := j.Size(); n != 6 || size <= 0 {
		t.Fatalf("size %d batches, %d bytes", n, size)
	}
}

func TestNumbersGrowOverTrimAndRestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	last := uint64(0)
	for range 3 {
		j := mustOpen(t, path)
		for range 3 {
			seq := appendBatch(t, j, "x")
			if seq <= last {
				t.Fatalf("%d after %d", seq, last)
			}
			last = seq
		}
		if err := j.Trim(t.Context(), last); err != nil {
			t.Fatal(err)
		}
		if got := j.Last(); got != last {
			t.Fatalf("last %d, want %d", got, last)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A batch whose commit failed may be on disk after all. Whoever notes up to
// which number he has counted batches must not count that one in.
func TestLastIsWhatWasCommitted(t *testing.T) {
	j := mustOpen(t, filepath.Join(t.TempDir(), "journal.db"))
	first := appendBatch(t, j, "one")
	if _, err := j.db.Exec("PRAGMA max_page_count = 4"); err != nil {
		t.Fatal(err)
	}
	noise := make([]byte, 1<<20)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	if _, err := j.Append(t.Context(), noise); !errors.Is(err, ErrNoSpace) {
		t.Fatalf("append to a full journal: %v", err)
	}
	if j.Last() != first {
		t.Fatalf("last is %d after a commit failed, want %d", j.Last(), first)
	}
	if next := appendBatch(t, j, "two"); next <= first+1 || j.Last() != next {
		t.Fatalf("number %d after %d, whose successor failed; last is %d", next, first, j.Last())
	}
}

func TestAcknowledgedBatchesAreInACopyTakenAtOnce(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, filepath.Join(dir, "journal.db"))
	var mu sync.RWMutex // shut while the files are copied
	var wg sync.WaitGroup
	acked := make([]map[string]bool, 8)
	for w := range acked {
		acked[w] = map[string]bool{}
		wg.Go(func() {
			for i := range 30 {
				data := fmt.Sprintf("writer %d batch %d %s", w, i, strings.Repeat("p", rand.IntN(100_000)))
				mu.RLock()
				_, err := j.Append(context.Background(), []byte(data))
				if err != nil {
					t.Error(err)
				}
				acked[w][data] = true
				mu.RUnlock()
			}
		})
	}
	for range 3 {
		mu.Lock()
		to := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		_, got := replay(t, mustOpen(t, filepath.Join(to, "journal.db")))
		n := 0
		for _, a := range acked {
			n += len(a)
			for data := range a {
				if !slices.Contains(got, data) {
					t.Fatalf("an acknowledged batch is missing in the copy")
				}
			}
		}
		if len(got) != n {
			t.Fatalf("%d batches in the copy, %d acknowledged", len(got), n)
		}
		mu.Unlock()
	}
	wg.Wait()
}

func TestAppendAfterCloseIsRefused(t *testing.T) {
	j := mustOpen(t, filepath.Join(t.TempDir(), "journal.db"))
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Append(context.Background(), []byte("x")); err == nil {
		t.Fatal("append after close succeeded")
	}
}

func TestAFileThatIsNoJournalIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	if err := os.WriteFile(path, bytes.Repeat([]byte("not a database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), path) {
		t.Fatalf("open: %v", err)
	}
}

// BenchmarkAppend appends batches as PutLogEvents makes them: 1 MB of JSON.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1 << 10, 300 << 10, 1 << 20} {
		for _, writers := range []int{1, 8} {
			b.Run(fmt.Sprintf("%dKiB/%dwriters", size>>10, writers), func(b *testing.B) {
				j := mustOpen(b, filepath.Join(b.TempDir(), "journal.db"))
				var text bytes.Buffer
				for i := 0; text.Len() < size; i++ {
					fmt.Fprintf(&text, `{"eventTimestamp":%d,"organizationId":"m-0123","traceId":"%016x","event":{"eventName":"ORGANIZATION_EMAIL_RECEIVED","recipients":["user%d@example.com"],"from":"s%d@example.org"}}`, i, rand.Uint64(), i*7, i*13)
				}
				data := text.Bytes()[:size]
				b.SetParallelism(max(1, writers/2))
				b.SetBytes(int64(size))
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						seq, err := j.Append(context.Background(), data)
						if err != nil {
							b.Error(err)
							return
						}
						if seq%100 == 0 {
							if err := j.Trim(context.Background(), seq-50); err != nil {
								b.Error(err)
							}
						}
					}
				})
			})
		}
	}
}
