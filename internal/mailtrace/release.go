package mailtrace

import (
	"strings"
	"time"

	"waybill/internal/event"
)

// release decides the message's traces once what they depend on is known, or
// has been waited for long enough, and publishes what happened so far.
func (m *Machine) release(msg *message, now time.Time) {
	if msg.Released || !m.isAccepted(msg, now) {
		return
	}
	if parent, linked := m.parent(msg); linked {
		if !parent.Released {
			return
		}
		m.inherit(msg, parent)
	} else {
		if m.mayBeLinked(msg) && !m.waited(msg, now, m.cfg.Timeouts.Link) {
			return
		}
		recipients, ok := m.recipients(msg, now)
		if !ok {
			return
		}
		m.decide(msg, recipients)
	}
	msg.Released = true
	m.publishRules(msg)
	pending := msg.Pending
	msg.Pending = nil
	for _, o := range pending {
		m.publish(msg, now, o)
	}
	for _, s := range msg.Sessions {
		facts := s.Facts
		s.Facts = nil
		for _, f := range facts {
			m.mailbox(msg, s, now, f)
		}
	}
	m.stepChildren(msg, now)
}

// waited reports whether d has passed since the message was accepted, and asks
// to be woken then if not.
func (m *Machine) waited(msg *message, now time.Time, d time.Duration) bool {
	return m.past(msg, now, msg.Waits.Add(d))
}

// isAccepted reports whether the message is in the queue. A message on hold is,
// once no refusal has followed.
func (m *Machine) isAccepted(msg *message, now time.Time) bool {
	if msg.Refusal != nil {
		return false
	}
	if !msg.Accepted.IsZero() {
		return true
	}
	return !msg.Held.IsZero() && m.waited(msg, now, m.cfg.Timeouts.Link)
}

// recipients are those the message was sent to, before aliases; ok is false
// while they may still become known. A transaction has them all; the log shows
// them one by one as they are tried.
func (m *Machine) recipients(msg *message, now time.Time) (list []string, ok bool) {
	if msg.Tx != nil {
		for _, r := range msg.Tx.Recipients {
			if !r.Refused() && !contains(list, r.Address) {
				list = append(list, r.Address)
			}
		}
		if len(list) > 0 {
			return list, true
		}
	}
	if m.cfg.HasMilter && msg.Tx == nil && msg.How != unseen && !m.waited(msg, now, m.cfg.Timeouts.Milter) {
		return nil, false
	}
	tried := map[string]bool{}
	for _, o := range msg.Pending {
		if o.Recipient == "" {
			continue
		}
		tried[o.Recipient+"\x00"+o.Original] = true
		if a := o.intended(); !contains(list, a) && !m.isJournal(a) && !msg.isRuleCopy(a) {
			list = append(list, a)
		}
	}
	if a := msg.heldFor(); len(list) == 0 && a != "" {
		return []string{a}, true
	}
	complete := len(tried) >= msg.Count || !msg.Finished.IsZero() || msg.How == unseen
	if !complete && !m.waited(msg, now, m.cfg.Timeouts.Recipients) {
		return nil, false
	}
	return list, len(list) > 0 || !msg.Finished.IsZero()
}

// isRuleCopy reports whether a rule added the address.
func (msg *message) isRuleCopy(address string) bool {
	for _, r := range msg.Rules {
		if r.Action == "bcc" && strings.EqualFold(r.Text, address) {
			return true
		}
	}
	return false
}

// decide gives the message its traces and publishes how they begin.
func (m *Machine) decide(msg *message, recipients []string) {
	t := traces{From: msg.Sender, MessageID: msg.MessageID}
	subject := msg.Subject
	if msg.Tx != nil {
		t.Intended = recipients
	}
	if h := msg.header(); h != nil {
		subject = h.Subject
		if h.From != "" {
			t.From = h.From
		}
		if h.SenderField != "" && !strings.EqualFold(h.SenderField, t.From) {
			t.Sender = h.SenderField
		}
	}
	var own []string
	for _, r := range recipients {
		if m.isOwn(r) {
			own = append(own, r)
		}
	}
	if m.isSubmitted(msg, recipients) {
		t.Out = outTrace(msg.name())
		if user := msg.authenticated(); t.Sender == "" && strings.Contains(user, "@") && !strings.EqualFold(user, t.From) {
			t.Sender = user
		}
	}
	if len(own) > 0 {
		t.In = inTrace(msg.name())
	}
	msg.Traces = t
	if !msg.wasSeenComing() {
		return
	}
	at := msg.acceptedAt()
	if t.Out != "" && len(recipients) > 0 {
		m.emit(t.Out, at, "", event.OutgoingEmailSubmitted{
			Recipients: recipients, Sender: t.Sender, From: t.From, Subject: subject, MessageID: t.MessageID,
		})
	}
	if t.In != "" {
		m.received(msg, at, own, subject)
	}
}

// wasSeenComing reports whether the evidence shows the message's arrival. Of
// one that was in the queue before, or that the server made itself, only what
// happens to it is published.
func (msg *message) wasSeenComing() bool { return msg.How == byClient || msg.How == byPickup }

func (msg *message) acceptedAt() time.Time {
	if msg.Accepted.IsZero() {
		return msg.Held
	}
	return msg.Accepted
}

// heldFor is the recipient that a hold line names.
func (msg *message) heldFor() string {
	if msg.Held.IsZero() || !msg.Accepted.IsZero() {
		return ""
	}
	for _, r := range msg.Rules {
		if r.isHold() {
			return r.Recipient
		}
	}
	return ""
}

func (m *Machine) received(msg *message, at time.Time, own []string, subject string) {
	t := msg.Traces
	e := event.OrganizationEmailReceived{
		Recipients: own, Sender: t.Sender, From: t.From, Subject: subject, MessageID: t.MessageID,
		MessageTimestamp: msg.arrived().UnixMilli(),
	}
	v := m.verdicts(msg)
	e.SpamVerdict, e.DKIMVerdict, e.SPFVerdict, e.DMARCVerdict = v.spam, v.dkim, v.spf, v.dmarc
	if v.dmarc == event.Fail {
		e.DMARCPolicy = v.policy
	}
	m.emit(t.In, at, "", e)
	if v.applied != "" {
		m.emit(t.In, at, "", event.DMARCPolicyApplied{From: t.From, Recipients: own, Policy: v.applied})
	}
}

// arrived is when the message came, as exactly as any source tells.
func (msg *message) arrived() time.Time {
	if msg.Tx != nil && !msg.Tx.Received.IsZero() {
		return msg.Tx.Received
	}
	return msg.Birth
}
