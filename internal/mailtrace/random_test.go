package mailtrace

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"waybill/internal/evidence"
)

// TestRandomFacts feeds facts that need make no sense together: few queue ids,
// sessions and Message-IDs, in any order. Whatever comes, events are valid,
// nothing is published twice, nothing stays, and restarts change nothing.
func TestRandomFacts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cfg := Config{OrganizationID: testOrg, Domains: []string{"example.com"}, JournalAddresses: []string{"journal@example.com"},
			HasMilter: rapid.Bool().Draw(rt, "milter"), HasDovecot: rapid.Bool().Draw(rt, "dovecot")}
		now := time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC)
		once, again := newStore(t, cfg), newStore(t, cfg)
		for range rapid.IntRange(1, 40).Draw(rt, "facts") {
			// A queue id is not born twice in one second.
			now = now.Add(time.Duration(rapid.IntRange(1, 20).Draw(rt, "seconds")) * time.Second)
			r := evidence.Record{Source: "mx", Host: "mx", Time: now, Fact: randomFact(rt, now)}
			once.m.Apply(now, r)
			again.m.Apply(now, r)
			again.restart()
		}
		once.drain(false)
		again.drain(true)
		if diff := cmp.Diff(string(lines(t, once.events)), string(lines(t, again.events))); diff != "" {
			rt.Errorf("restarting changes the events (-whole +restarted):\n%s", diff)
		}
		seen := map[string]bool{}
		for _, e := range once.events {
			if err := e.Event.Validate(); err != nil {
				rt.Error(err)
			}
			if seen[e.ID] {
				rt.Errorf("published twice: %s", lines(t, []Emitted{e}))
			}
			seen[e.ID] = true
		}
		if s := once.m.Stats(); s.Open != 0 || s.Waiting != 0 {
			rt.Errorf("left over: %+v", s)
		}
	})
}

func randomFact(rt *rapid.T, now time.Time) evidence.Fact {
	pick := func(name string, words ...string) string { return rapid.SampledFrom(words).Draw(rt, name) }
	queueID := func() string { return pick("queue id", "AAAAAA1", "AAAAAA2", "AAAAAA3") }
	address := func() string {
		return pick("address", "alice@example.com", "bob@example.com", "journal@example.com", "x@ok.test", "y@ok.test", "")
	}
	session := func() string { return pick("session", "S1", "S1:R2", "S2", "") }
	mid := func() string { return pick("message-id", "<1@x>", "<2@x>", "") }
	q := queueID()
	switch rapid.IntRange(0, 15).Draw(rt, "kind") {
	case 0:
		return evidence.Client{QueueID: q, Address: "192.0.2.1", SASLUser: pick("user", "", "", "alice@example.com", "alice"), OriginQueueID: pick("origin", "", "", "AAAAAA1")}
	case 1:
		return evidence.Pickup{QueueID: q, Sender: address()}
	case 2:
		return evidence.MessageID{QueueID: q, ID: mid()}
	case 3, 4:
		return evidence.Queued{QueueID: q, Sender: address(), Recipients: rapid.IntRange(1, 3).Draw(rt, "nrcpt")}
	case 5, 6, 7:
		status := evidence.Status(pick("status", "sent", "bounced", "deferred"))
		a := evidence.Attempt{QueueID: q, Recipient: address(), OriginalRecipient: address(), Agent: pick("agent", "lmtp", "smtp", "local", "discard"),
			Relay: pick("relay", "none", "localhost[127.0.0.1]:25", "mx[192.0.2.1]:25"), Status: status, Text: pick("text", "", "delivered to mailbox", "250 ok")}
		if a.Recipient == "" {
			a.Recipient = "carol@example.com"
		}
		if status == evidence.Sent {
			a.Session, a.NextQueueID = session(), pick("next", "", "AAAAAA2", "AAAAAA3")
		}
		return a
	case 8:
		return evidence.Expired{QueueID: q}
	case 9:
		return evidence.Notification{QueueID: q, Kind: evidence.NonDelivery, ChildID: queueID()}
	case 10:
		return evidence.Removed{QueueID: q}
	case 11:
		return evidence.Rejected{QueueID: pick("refused", q, ""), Stage: pick("stage", "RCPT", "END-OF-MESSAGE", "MAIL"), Code: 550,
			EnhancedStatus: pick("dsn", "5.1.1", "4.7.1", ""), Sender: address(), Recipient: address()}
	case 12:
		return evidence.CleanupAction{QueueID: q, Action: pick("action", "hold", "redirect", "discard", "bcc", "prepend"), Sender: address(), Recipient: address(), Text: address()}
	case 13:
		tx := evidence.Transaction{QueueID: q, Complete: true, Sender: address(), Received: now.Add(-time.Second), Ended: now,
			Recipients: []evidence.MilterRecipient{{Address: fmt.Sprintf("r%s", "@example.com")}, {Address: "x@ok.test"}}}
		if rapid.Bool().Draw(rt, "header") {
			tx.Header = &evidence.Header{MessageID: mid(), From: "f@sender.test", ParentQueueID: pick("parent", "", "AAAAAA1"), ReceivedSessions: []string{session()}}
		}
		return tx
	case 14:
		return evidence.Saved{Session: session(), User: pick("user", "alice", "alice@example.com"), Folder: pick("folder", "INBOX", "Junk")}
	}
	return evidence.SieveAction{Session: session(), User: "alice", MessageID: mid(), Action: pick("sieve", "discard", "redirect", "reject", "fileinto", "keep"),
		Target: pick("target", "INBOX", "x@ok.test", "bob@example.com"), Location: pick("location", "", "main: line 3")}
}
