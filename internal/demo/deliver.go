package demo

import (
	"bytes"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // encoded words in any charset
	gomail "github.com/emersion/go-message/mail"

	"waybill/internal/evidence"
)

// queued is a message on its way.
type queued struct {
	id     string
	sender string
	user   string // authenticated submitter
	header evidence.Header
	spam   bool
	size   int64
}

// accept shows what smtpd, the milter, cleanup and qmgr would have shown, then delivers.
func (s *Server) accept(c *session, text []byte) error {
	m := &queued{id: s.queueID(), sender: c.from, user: c.user, size: int64(len(text)), spam: bytes.Contains(text, []byte(spamTest))}
	if err := m.readHeader(text); err != nil {
		return err
	}
	local, remote := split(c.rcpts)
	err := s.show(
		evidence.Client{QueueID: m.id, Name: "unknown", Address: c.client, SASLUser: c.user},
		evidence.MessageID{QueueID: m.id, ID: m.header.MessageID},
		evidence.Transaction{
			QueueID: m.id, Complete: true, ClientName: "unknown", ClientAddress: c.client, AuthUser: c.user,
			Sender: c.from, Recipients: c.rcpts, Header: &m.header, Received: c.began, Ended: s.now(),
		},
		evidence.Queued{QueueID: m.id, Sender: m.sender, Size: m.size, Recipients: len(c.rcpts)},
	)
	if err != nil {
		return err
	}
	return s.deliver(m, local, remote, 1)
}

// readHeader takes what evidence needs; a message without a Message-ID gets one,
// as cleanup(8) gives it.
func (m *queued) readHeader(text []byte) error {
	msg, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("read message header: %w", err)
	}
	h := gomail.Header{Header: message.HeaderFromMap(msg.Header)}
	m.header.MessageID = strings.TrimSpace(msg.Header.Get("Message-Id"))
	if m.header.MessageID == "" {
		m.header.MessageID = "<" + m.id + "@" + host + ">"
	}
	if from, err := h.AddressList("From"); err == nil && len(from) > 0 {
		m.header.From = from[0].Address
	}
	m.header.Subject, _ = h.Subject()
	m.header.Date, _ = h.Date()
	if m.user == "" {
		m.header.AuthenticationResults = []string{authentication(m.sender)}
		m.header.Spam = map[string]string{"X-Spam": "No"}
		if m.spam {
			m.header.Spam["X-Spam"] = "Yes"
		}
	}
	return nil
}

func split(rcpts []evidence.MilterRecipient) (local, remote []string) {
	for _, r := range rcpts {
		if r.Mailer == "lmtp" {
			local = append(local, r.Address)
		} else {
			remote = append(remote, r.Address)
		}
	}
	return local, remote
}

// deliver tries every recipient once and schedules those that were deferred.
func (s *Server) deliver(m *queued, local, away []string, attempt int) error {
	var facts []evidence.Fact
	var bounced, again []string
	var wait time.Duration
	for i, to := range local {
		f, ok := s.store(m, to, i+1)
		facts = append(facts, f...)
		if !ok {
			bounced = append(bounced, to)
		}
	}
	for _, to := range away {
		r := outside(to, attempt)
		facts = append(facts, evidence.Attempt{
			QueueID: m.id, Recipient: to, Agent: "smtp", Relay: r.relay, Delay: time.Second,
			EnhancedStatus: r.code, Status: r.status, Text: r.reply,
		})
		switch r.status {
		case evidence.Bounced:
			bounced = append(bounced, to)
		case evidence.Deferred:
			again, wait = append(again, to), r.again
		}
	}
	if len(bounced) > 0 && m.sender != "" {
		facts = append(facts, s.notify(m)...)
	}
	if len(again) == 0 {
		facts = append(facts, evidence.Removed{QueueID: m.id})
	} else {
		s.retry(m, again, wait, attempt+1)
	}
	return s.show(facts...)
}

// store puts the message in a mailbox, as an LMTP delivery to Dovecot shows it.
func (s *Server) store(m *queued, to string, nth int) (facts []evidence.Fact, ok bool) {
	session := fmt.Sprintf("%s:R%d", m.id, nth)
	attempt := evidence.Attempt{
		QueueID: m.id, Recipient: to, Agent: "lmtp", Relay: host + "[private/dovecot-lmtp]", Delay: time.Second,
		EnhancedStatus: "2.0.0", Status: evidence.Sent, Text: "250 2.0.0 <" + to + "> " + session + " Saved", Session: session,
	}
	done := evidence.DeliveryFinished{Session: session, User: to, Recipient: to, Sender: m.sender, MessageID: m.header.MessageID}
	if to == fullMailbox {
		const reason = "Quota exceeded (mailbox for user is full)"
		attempt.EnhancedStatus, attempt.Status, attempt.Session = "5.2.2", evidence.Bounced, ""
		attempt.Text = "host " + host + "[private/dovecot-lmtp] said: 552 5.2.2 <" + to + "> " + reason + " (in reply to end of DATA command)"
		done.Error = reason
		return []evidence.Fact{evidence.StoreFailed{Session: session, User: to, Folder: "INBOX", MessageID: m.header.MessageID, Reason: reason}, done, attempt}, false
	}
	folder := "INBOX"
	if m.spam {
		folder = "Junk"
	}
	saved := evidence.Saved{Session: session, User: to, Folder: folder, MessageID: m.header.MessageID, By: "mail_log"}
	return []evidence.Fact{saved, done, attempt}, true
}

// notify makes the non-delivery notification that bounce(8) sends to the sender;
// one of our own users finds it in the mailbox.
func (s *Server) notify(m *queued) []evidence.Fact {
	child := &queued{id: s.queueID(), header: evidence.Header{MessageID: "<" + m.id + ".bounce@" + host + ">"}}
	facts := []evidence.Fact{
		evidence.MessageID{QueueID: child.id, ID: child.header.MessageID},
		evidence.Notification{QueueID: m.id, Kind: evidence.NonDelivery, ChildID: child.id},
		evidence.Queued{QueueID: child.id, Recipients: 1},
	}
	if mailboxes[m.sender] {
		stored, _ := s.store(child, m.sender, 1)
		facts = append(facts, stored...)
	} else {
		r := outside(m.sender, 2)
		facts = append(facts, evidence.Attempt{QueueID: child.id, Recipient: m.sender, Agent: "smtp", Relay: r.relay,
			EnhancedStatus: r.code, Status: r.status, Text: r.reply})
	}
	return append(facts, evidence.Removed{QueueID: child.id})
}

// retry delivers again after a while, as the queue manager would.
func (s *Server) retry(m *queued, to []string, wait time.Duration, attempt int) {
	s.pending.Go(func() {
		select {
		case <-s.stop.Done():
			return
		case <-time.After(wait):
		}
		err := s.show(evidence.Queued{QueueID: m.id, Sender: m.sender, Size: m.size, Recipients: len(to)})
		if err == nil {
			err = s.deliver(m, nil, to, attempt)
		}
		if err != nil && s.stop.Err() == nil {
			s.logger.Error("demonstration: deliver again", "queue_id", m.id, "error", err)
		}
	})
}
