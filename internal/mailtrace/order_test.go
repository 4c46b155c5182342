package mailtrace

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"waybill/internal/evidence"
)

// day is all scenarios one after the other, as they were recorded: later ones
// hold retries of messages that earlier ones queued.
func day(t testing.TB) scenario {
	var all scenario
	for _, name := range recordedNames(t) {
		s := loadScenario(t, name)
		all.log = append(all.log, s.log...)
		all.dovecot = append(all.dovecot, s.dovecot...)
		all.milter = append(all.milter, s.milter...)
	}
	byTime := func(list []evidence.Record) {
		sort.SliceStable(list, func(i, j int) bool { return list[i].Time.Before(list[j].Time) })
	}
	byTime(all.log)
	byTime(all.dovecot)
	byTime(all.milter)
	return all
}

// TestAnyInterleaving mixes the sources of a part of the day in any way that
// keeps each one's own order, with restarts anywhere: the events are the same.
func TestAnyInterleaving(t *testing.T) {
	whole := day(t)
	rapid.Check(t, func(rt *rapid.T) {
		begin := rapid.IntRange(0, len(whole.log)-1).Draw(rt, "begin")
		end := min(len(whole.log), begin+rapid.IntRange(1, 60).Draw(rt, "lines"))
		part := whole.between(whole.log[begin].Time, whole.log[end-1].Time)
		want := asSet(t, run(New(recordedConfig()), part.merged()))

		seed := rapid.Uint64().Draw(rt, "seed")
		records := part.mixed(rand.New(rand.NewPCG(seed, 0)))
		s := newStore(t, recordedConfig())
		now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
		for i, r := range records {
			s.m.Apply(now, r)
			if i%7 == int(seed%7) {
				s.restart()
			}
		}
		s.drain(false)
		if diff := cmp.Diff(want, asSet(t, s.events)); diff != "" {
			rt.Errorf("log lines %d to %d (-by stamps +mixed):\n%s", begin, end, diff)
		}
	})
}

// between cuts whole seconds out of a day.
func (s scenario) between(from, to time.Time) scenario {
	to = to.Truncate(time.Second).Add(time.Second)
	cut := func(list []evidence.Record) []evidence.Record {
		return slices.DeleteFunc(slices.Clone(list), func(r evidence.Record) bool { return r.Time.Before(from) || !r.Time.Before(to) })
	}
	return scenario{log: cut(s.log), dovecot: cut(s.dovecot), milter: cut(s.milter)}
}

func (s scenario) mixed(r *rand.Rand) (mixed []evidence.Record) {
	sources := [][]evidence.Record{s.log, s.dovecot, s.milter}
	for {
		sources = slices.DeleteFunc(sources, func(l []evidence.Record) bool { return len(l) == 0 })
		if len(sources) == 0 {
			return mixed
		}
		i := r.IntN(len(sources))
		mixed = append(mixed, sources[i][0])
		sources[i] = sources[i][1:]
	}
}

// inbound is the evidence of one message to alice@example.com, all of it or up
// to where it waits in the queue.
func inbound(n int, at time.Time, whole bool) []evidence.Record {
	id, session := fmt.Sprintf("4jY%012d", n), fmt.Sprintf("S%d", n)
	mid := fmt.Sprintf("<%d@sender.test>", n)
	rec := func(source string, f evidence.Fact) evidence.Record {
		return evidence.Record{Source: source, Host: "mx", Time: at, Fact: f}
	}
	list := []evidence.Record{
		rec("log", evidence.Client{QueueID: id, Name: "mail.sender.test", Address: "198.51.100.25"}),
		rec("log", evidence.MessageID{QueueID: id, ID: mid}),
		rec("milter", evidence.Transaction{QueueID: id, Complete: true, Sender: "s@sender.test",
			Recipients: []evidence.MilterRecipient{{Address: "alice@example.com", Mailer: "lmtp"}}, Received: at, Ended: at,
			Header: &evidence.Header{MessageID: mid, From: "s@sender.test", Subject: "hello",
				AuthenticationResults: []string{"mx.example.com; dkim=pass header.d=sender.test; spf=pass smtp.mailfrom=s@sender.test; dmarc=pass (policy=reject) header.from=sender.test"}}}),
		rec("log", evidence.Queued{QueueID: id, Sender: "s@sender.test", Size: 1000, Recipients: 1}),
	}
	if whole {
		list = append(list,
			rec("dovecot", evidence.Saved{Session: session, User: "alice@example.com", Folder: "INBOX", MessageID: mid, By: "mail_log"}),
			rec("log", evidence.Attempt{QueueID: id, Recipient: "alice@example.com", Agent: "lmtp", Relay: "127.0.0.1[127.0.0.1]:10024",
				EnhancedStatus: "2.0.0", Status: evidence.Sent, Text: "250 2.0.0 <alice@example.com> " + session + " Saved", Session: session}),
			rec("log", evidence.Removed{QueueID: id}),
		)
	}
	return list
}

// TestManyOpenMessages checks that what a Take holds does not depend on how
// many messages are open.
func TestManyOpenMessages(t *testing.T) {
	const open = 100_000
	at := time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC)
	m := New(recordedConfig())
	for n := range open {
		for _, r := range inbound(n, at, false) {
			m.Apply(at, r)
		}
	}
	if c := m.Take(); len(c.Put) != open || len(c.Events) != open {
		t.Fatalf("first Take holds %d rows and %d events, want %d each", len(c.Put), len(c.Events), open)
	}
	m.Apply(at, evidence.Record{Source: "log", Time: at, Fact: evidence.Attempt{QueueID: fmt.Sprintf("4jY%012d", 77), Recipient: "alice@example.com",
		Agent: "lmtp", Status: evidence.Deferred, EnhancedStatus: "4.2.2", Text: "full"}})
	if c := m.Take(); len(c.Put) != 1 || len(c.Delete) != 0 || len(c.Events) != 1 {
		t.Errorf("after one change a Take holds %d rows, %d deletes and %d events, want 1, 0 and 1", len(c.Put), len(c.Delete), len(c.Events))
	}
	if c := m.Take(); len(c.Put)+len(c.Delete)+len(c.Events) != 0 {
		t.Errorf("a Take after no change holds %+v", c)
	}
	if got := m.Stats().Open; got != open {
		t.Errorf("%d open, want %d", got, open)
	}
}

// TestNothingStays runs many messages to their end: no row and no index entry is left.
func TestNothingStays(t *testing.T) {
	now := time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC)
	s := newStore(t, recordedConfig())
	for n := range 2000 {
		now = now.Add(time.Second)
		for _, r := range inbound(n, now, true) {
			s.m.Apply(now, r)
		}
		if n%10 == 0 {
			s.commit()
		}
		if open := s.m.Stats().Open; open > 100 {
			t.Fatalf("%d messages held a second apart, which linger a minute", open)
		}
	}
	s.drain(false)
	m := s.m
	left := len(s.rows) + len(m.rows) + len(m.saved) + len(m.dirty) + len(m.byQueue) + len(m.bySession) + len(m.byID) + len(m.byRedirect) +
		len(m.expected) + len(m.wanted) + len(m.waiting) + len(m.due.list) + len(m.due.byKey)
	if left != 0 {
		t.Errorf("%d entries are left: %+v", left, m)
	}
	if len(s.events) != 4000 {
		t.Errorf("%d events, want 4000", len(s.events))
	}
}

func TestRestoreErrors(t *testing.T) {
	for key, value := range map[string]string{"x/1": `{}`, "m/1": `{`, "m/2": `{"k":"m/3"}`} {
		if err := New(recordedConfig()).Restore(map[string][]byte{key: []byte(value)}); err == nil {
			t.Errorf("row %s %s restored without an error", key, value)
		}
	}
	m := New(recordedConfig())
	at := time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC)
	m.Apply(at, inbound(1, at, false)[0])
	if m.Restore(nil) == nil {
		t.Error("restored over rows that were there")
	}
}
