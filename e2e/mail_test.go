package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

const defaultGroup = "/aws/workmail/emailevents/example"

// byMessageID is a filter pattern for the events of a name with a Message-ID.
func byMessageID(name, id string) string {
	return fmt.Sprintf(`{ $.event.eventName = %q && $.event.messageId = %q }`, name, id)
}

func ofTrace(name, trace string) string {
	return fmt.Sprintf(`{ $.event.eventName = %q && $.traceId = %q }`, name, trace)
}

// TestRealMail plays the messages through a real Postfix and Dovecot and
// reads with the real aws CLI what became of them.
func TestRealMail(t *testing.T) {
	l := startLab(t)
	s := serve(t, labConfig(l, `"default"`))

	t.Run("two recipients", func(t *testing.T) {
		const id = "<two@sender.test>"
		l.send(t, message{from: "s@sender.test", to: []string{"alice@example.com", "bob@example.com"}, subject: "two of you", id: id, body: "x"})
		received := s.waitEvents(t, defaultGroup, byMessageID("ORGANIZATION_EMAIL_RECEIVED", id), 1)[0]
		if received.Event.Subject != "two of you" || received.Event.From != "s@sender.test" {
			t.Errorf("received: %+v", received)
		}
		if want := []string{"alice@example.com", "bob@example.com"}; !slices.Equal(received.Event.Recipients, want) {
			t.Errorf("recipients %v, want %v", received.Event.Recipients, want)
		}
		for _, d := range s.waitEvents(t, defaultGroup, ofTrace("MAILBOX_EMAIL_DELIVERED", received.TraceID), 2) {
			if d.Event.Folder != "INBOX" {
				t.Errorf("delivered: %+v", d)
			}
		}
	})

	t.Run("unknown user", func(t *testing.T) {
		l.send(t, message{from: "s@sender.test", to: []string{"nobody@example.com"}, subject: "no", id: "<no@sender.test>", body: "x"})
		b := s.waitEvents(t, defaultGroup, `{ $.event.eventName = "INCOMING_EMAIL_BOUNCED" && $.event.bouncedRecipient.emailAddress = "nobody@example.com" }`, 1)[0]
		if b.Event.BouncedRecipient.Status != "5.1.1" || !strings.Contains(b.Event.BouncedRecipient.Reason, "User unknown") {
			t.Errorf("bounced: %+v", b)
		}
	})

	t.Run("full mailbox", func(t *testing.T) {
		const id = "<full@sender.test>"
		l.send(t, message{from: "s@sender.test", to: []string{"full@example.com"}, subject: "big", id: id, body: strings.Repeat("0123456789 ", 800)})
		received := s.waitEvents(t, defaultGroup, byMessageID("ORGANIZATION_EMAIL_RECEIVED", id), 1)[0]
		b := s.waitEvents(t, defaultGroup, ofTrace("INCOMING_EMAIL_BOUNCED", received.TraceID), 1)[0]
		if b.Event.BouncedRecipient.EmailAddress != "full@example.com" || b.Event.BouncedRecipient.Status != "5.2.2" {
			t.Errorf("bounced: %+v", b)
		}
	})

	t.Run("discarded by Sieve is not delivered", func(t *testing.T) {
		const id = "<discard@sender.test>"
		l.send(t, message{from: "s@sender.test", to: []string{"discard@example.com", "alice@example.com"}, subject: "away", id: id, body: "x"})
		received := s.waitEvents(t, defaultGroup, byMessageID("ORGANIZATION_EMAIL_RECEIVED", id), 1)[0]
		d := s.waitEvents(t, defaultGroup, ofTrace("MAILBOX_EMAIL_DELIVERED", received.TraceID), 1)[0]
		if d.Event.Recipient != "alice@example.com" {
			t.Errorf("delivered: %+v", d)
		}
		s.waitEvents(t, defaultGroup, ofTrace("MAILBOX_EMAIL_DISCARDED", received.TraceID), 1)
	})

	t.Run("submission that is accepted", func(t *testing.T) {
		const id = "<out@example.com>"
		l.send(t, message{from: "alice@example.com", user: "alice@example.com", to: []string{"o@accepts.test"}, subject: "out", id: id, body: "x"})
		submitted := s.waitEvents(t, defaultGroup, byMessageID("OUTGOING_EMAIL_SUBMITTED", id), 1)[0]
		if submitted.Event.Subject != "out" {
			t.Errorf("submitted: %+v", submitted)
		}
		sent := s.waitEvents(t, defaultGroup, ofTrace("OUTGOING_EMAIL_SENT", submitted.TraceID), 1)[0]
		if sent.Event.Recipient != "o@accepts.test" || sent.Event.MessageID != id {
			t.Errorf("sent: %+v", sent)
		}
	})

	t.Run("submission that is refused", func(t *testing.T) {
		const id = "<refused@example.com>"
		l.send(t, message{from: "bob@example.com", user: "bob@example.com", to: []string{"o@refuses.test"}, subject: "out", id: id, body: "x"})
		submitted := s.waitEvents(t, defaultGroup, byMessageID("OUTGOING_EMAIL_SUBMITTED", id), 1)[0]
		b := s.waitEvents(t, defaultGroup, ofTrace("OUTGOING_EMAIL_BOUNCED", submitted.TraceID), 1)[0]
		if b.Event.BouncedRecipient.EmailAddress != "o@refuses.test" || b.Event.BouncedRecipient.Status != "5.1.1" {
			t.Errorf("bounced: %+v", b)
		}
	})

	t.Run("the guide's questions in Logs Insights", s.guideQuestions)

	t.Run("a restart neither loses nor doubles", func(t *testing.T) {
		before := len(s.events(t, defaultGroup, ""))
		if before == 0 {
			t.Fatal("nothing to keep")
		}
		s.process.kill()
		l.send(t, message{from: "s@sender.test", to: []string{"alice@example.com"}, subject: "while away", id: "<away@sender.test>", body: "x"})
		again := serveOn(t, s.Data, labConfig(l, `"default"`))
		received := again.waitEvents(t, defaultGroup, byMessageID("ORGANIZATION_EMAIL_RECEIVED", "<away@sender.test>"), 1)[0]
		again.waitEvents(t, defaultGroup, ofTrace("MAILBOX_EMAIL_DELIVERED", received.TraceID), 1)
		if n := len(again.events(t, defaultGroup, "")); n != before+2 {
			t.Errorf("%d events after the restart, want %d and two more", n, before)
		}
	})
}
