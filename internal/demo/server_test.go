package demo

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"waybill/internal/evidence"
)

type memory struct {
	mu      sync.Mutex
	records []evidence.Record
}

func (m *memory) Append(_ context.Context, records []evidence.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.records = append(m.records, records...)
	return nil
}

func (m *memory) facts() []evidence.Fact {
	m.mu.Lock()
	defer m.mu.Unlock()
	var facts []evidence.Fact
	for _, r := range m.records {
		facts = append(facts, r.Fact)
	}
	return facts
}

func TestADayOfMailShowsEveryKindOfOutcome(t *testing.T) {
	sink := &memory{}
	s, err := Listen("127.0.0.1:0", sink, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve()
	if err := s.PlayDay(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	open := map[string]bool{}
	for _, f := range sink.facts() {
		switch f := f.(type) {
		case evidence.Transaction:
			if f.Header.MessageID == "" || f.Header.From == "" || f.Header.Subject == "" {
				t.Errorf("a header was not read: %+v", f.Header)
			}
			count["accepted"]++
			open[f.QueueID] = true
		case evidence.Removed:
			delete(open, f.QueueID)
		case evidence.Rejected:
			count["rejected"]++
		case evidence.Saved:
			count["saved in "+f.Folder]++
		case evidence.Attempt:
			count[f.Agent+" "+string(f.Status)]++
		}
	}
	want := map[string]int{"accepted": len(day) - 1, "rejected": 1, "saved in Junk": 1, "smtp bounced": 1, "smtp deferred": 1, "lmtp bounced": 1}
	for what, n := range want {
		if count[what] != n {
			t.Errorf("%s: %d, want %d", what, count[what], n)
		}
	}
	if count["saved in INBOX"] < 5 || count["smtp sent"] < 2 {
		t.Errorf("a dull day: %v", count)
	}
	if len(open) != 1 {
		t.Errorf("%d messages still queued, want the deferred one only", len(open))
	}
}

func TestADeferredMessageIsDeliveredLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &memory{}
		s := &Server{sink: sink, logger: slog.New(slog.DiscardHandler), now: time.Now}
		s.stop, s.cancel = context.WithCancel(t.Context())
		m := &queued{id: "Q", sender: "carol@" + Domain}
		if err := s.deliver(m, nil, []string{"orders@greylists.example"}, 1); err != nil {
			t.Fatal(err)
		}
		s.pending.Wait()
		var got []evidence.Status
		for _, f := range sink.facts() {
			if a, ok := f.(evidence.Attempt); ok {
				got = append(got, a.Status)
			}
		}
		if len(got) != 2 || got[0] != evidence.Deferred || got[1] != evidence.Sent {
			t.Errorf("attempts %v, want deferred then sent", got)
		}
	})
}
