package corpus

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"waybill/internal/event"
)

// The figures of docs/performance.md are of these very events: a change of the
// maker changes the hash, and then they must be measured anew.
func TestCorpusIsTheSame(t *testing.T) {
	c := Default(20_000)
	h := sha256.New()
	last, n, bytes := int64(0), 0, 0
	names := map[string]int{}
	messages := map[string]struct{}{} // by the part of the trace id that numbers them
	for e := range c.All() {
		b, err := event.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Validate(); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if e.Timestamp < last {
			t.Fatalf("event %d is out of order", n)
		}
		last = e.Timestamp
		h.Write(b)
		n++
		bytes += len(b)
		names[e.Name()]++
		messages[e.TraceID[10:]] = struct{}{}
	}
	if n != c.Events {
		t.Errorf("%d events, want %d", n, c.Events)
	}
	if per := float64(n) / float64(len(messages)); per < eventsPerMessage*0.97 || per > eventsPerMessage*1.03 {
		t.Errorf("%.2f events a message", per)
	}
	t.Logf("%d bytes an event, %d messages, %v", bytes/n, len(messages), names)
	const want = "cd292e499ae4301c"
	if got := hex.EncodeToString(h.Sum(nil)); got[:16] != want {
		t.Errorf("hash %s, want %s", got[:16], want)
	}
}
