package corpus

import (
	"path/filepath"
	"testing"

	"waybill/internal/logs"
)

func TestOpenWritesOnceAndReopens(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "corpus")
	c := Default(3_000)
	for range 2 {
		d, err := Open(t.Context(), folder, c)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for q := (logs.FilterQuery{Group: Group}); ; {
			events, token, err := d.FilterLogEvents(t.Context(), Scope, q)
			if err != nil {
				t.Fatal(err)
			}
			n += len(events)
			if q.Token = token; token == "" {
				break
			}
		}
		if n != c.Events {
			t.Errorf("%d events, want %d", n, c.Events)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(t.Context(), folder, Default(10)); err == nil {
		t.Error("another corpus was opened in the same folder")
	}
}
