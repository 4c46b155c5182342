package logs

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"waybill/internal/logs/journal"
)

// A damaged journal is put away; what the engine has is served, events go on,
// and nothing that is there is doubled.
func TestADamagedJournalDoesNotKeepTheServiceFromOpening(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"no database": func(b []byte) []byte { return bytes.Repeat([]byte("x"), len(b)) },
		"a page": func(b []byte) []byte {
			return append(append(bytes.Clone(b[:len(b)-16384]), make([]byte, 8000)...), bytes.Repeat([]byte{7}, 8384)...)
		},
		"its beginning": func(b []byte) []byte { clear(b[100:5000]); return b },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.make(t, "g", "s")
			f.put(t, "g", "s", ev(1, "kept"))
			must(t, f.Checkpoint(t.Context()))
			for i := range 50 {
				f.put(t, "g", "s", ev(int64(2+i), fmt.Sprintf("%d %s", i, noise(4000))))
			}
			must(t, f.engine.Sync(t.Context())) // the engine has all, the journal still has it too
			copied := &fixture{clock: f.clock, folder: f.copyFolder(t)}
			file := filepath.Join(copied.folder, "journal.db")
			j, err := journal.Open(t.Context(), file)
			must(t, err)
			must(t, j.Close()) // everything is in the one file now
			whole, err := os.ReadFile(file)
			must(t, err)
			must(t, os.WriteFile(file, damage(whole), 0o600))
			copied.open(t)
			defer copied.close(t)
			if got := copied.texts(t, FilterQuery{Group: "g"}); len(got) != 51 || got[0] != "kept" {
				t.Fatalf("%d events, want 51", len(got))
			}
			copied.put(t, "g", "s", ev(100, "after"))
			if got := copied.texts(t, FilterQuery{Group: "g"}); len(got) != 52 || got[51] != "after" {
				t.Fatalf("%d events, want 52", len(got))
			}
			if list, err := os.ReadDir(filepath.Join(copied.folder, "quarantine")); err != nil || len(list) == 0 {
				t.Fatalf("nothing in quarantine: %v", err)
			}
		})
	}
}

// noise is text that does not compress well.
func noise(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + rand.IntN(64))
	}
	return string(b)
}
