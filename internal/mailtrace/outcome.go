package mailtrace

import (
	"maps"
	"slices"
	"strings"
	"time"

	"waybill/internal/event"
	"waybill/internal/evidence"
)

// expired is an outcome without a recipient: who is still deferred is given up.
const expired evidence.Status = "expired"

// outcome is one delivery line.
type outcome struct {
	Time      time.Time       `json:"t"`
	Recipient string          `json:"to,omitempty"`
	Original  string          `json:"orig,omitempty"`
	Agent     string          `json:"ag,omitempty"`
	Relay     string          `json:"re,omitempty"`
	Status    evidence.Status `json:"st"`
	Code      string          `json:"dsn,omitempty"`
	Text      string          `json:"txt,omitempty"`
	Next      string          `json:"nq,omitempty"`
	Try       int             `json:"try,omitempty"`
	// Until is how long the next hop is waited for.
	Until time.Time `json:"until,omitzero"`
}

// intended is the address the message was sent to, before aliases.
func (o outcome) intended() string {
	if o.Original != "" {
		return o.Original
	}
	return o.Recipient
}

// before is the address before aliases where it is another one.
func (o outcome) before() string {
	if strings.EqualFold(o.Original, o.Recipient) {
		return ""
	}
	return o.Original
}

// delivery is how far one recipient of a released message has come.
type delivery struct {
	Original string `json:"orig,omitempty"`
	Attempts int    `json:"n,omitempty"`
	Try      int    `json:"try,omitempty"`
	// Deferred holds while the last attempt failed for a time.
	Deferred bool   `json:"def,omitempty"`
	Text     string `json:"txt,omitempty"`
	Code     string `json:"dsn,omitempty"`
	Done     bool   `json:"done,omitempty"`
}

// attempt takes a delivery line.
func (m *Machine) attempt(msg *message, now, at time.Time, f evidence.Attempt) {
	m.openSession(msg, now, f)
	m.happened(msg, now, outcome{
		Time: at, Recipient: f.Recipient, Original: f.OriginalRecipient, Agent: f.Agent, Relay: f.Relay,
		Status: f.Status, Code: f.EnhancedStatus, Text: f.Text, Next: f.NextQueueID, Try: msg.Try,
	})
}

// happened keeps an outcome until the message is released, or publishes it.
func (m *Machine) happened(msg *message, now time.Time, o outcome) {
	if o.Next != "" {
		m.linkNext(msg, now, o)
	}
	if !msg.Released {
		msg.Pending = append(msg.Pending, o)
		return
	}
	m.publish(msg, now, o)
}

// publish turns an outcome of a released message into its event.
func (m *Machine) publish(msg *message, now time.Time, o outcome) {
	if o.Status == expired {
		m.publishExpired(msg, o)
		return
	}
	if msg.Rcpts == nil {
		msg.Rcpts = map[string]*delivery{}
	}
	d := msg.Rcpts[o.Recipient]
	if d == nil {
		d = &delivery{Original: o.Original}
		msg.Rcpts[o.Recipient] = d
	}
	if d.Done {
		return // the same mailbox by another alias
	}
	switch o.Status {
	case evidence.Deferred:
		m.publishDeferred(msg, d, o)
	case evidence.Bounced:
		d.Done, d.Deferred = true, false
		m.bounced(msg, o)
	case evidence.Sent:
		d.Done, d.Deferred = true, false
		m.publishSent(msg, now, o)
	}
}

func (m *Machine) publishDeferred(msg *message, d *delivery, o outcome) {
	if d.Deferred && d.Try == o.Try && o.Try > 0 {
		return // one attempt, shown for several aliases
	}
	d.Attempts++
	d.Try, d.Deferred, d.Text, d.Code = o.Try, true, o.Text, o.Code
	trace, side := msg.Traces.of(m, o)
	def := event.Deferral{Recipient: o.Recipient, Attempt: d.Attempts, Reason: reason(o.Text), Status: status(o.Code, 0), OriginalRecipient: o.before()}
	which := o.Recipient + " " + itoa(d.Attempts)
	switch side {
	case incoming, forwarded:
		m.emit(trace, o.Time, which+msg.hop(), event.IncomingEmailDeferred{Deferral: def})
	case outgoing:
		m.emit(trace, o.Time, which+msg.hop(), event.OutgoingEmailDeferred{Deferral: def})
	}
}

// publishSent publishes what a sent line proves: that an outside server took the
// message, or that an own delivery agent wrote it. What an LMTP server made of
// it only its own evidence tells.
func (m *Machine) publishSent(msg *message, now time.Time, o outcome) {
	if m.isHop(msg, now, o) {
		return
	}
	if m.isJournal(o.Recipient) {
		m.journaled(msg, o.Time, o.Recipient)
	}
	trace, side := msg.Traces.of(m, o)
	if o.Agent == "discard" {
		if side == incoming {
			m.discarded(msg, o.Time, o, reason(o.Text), "")
		}
		return
	}
	if m.isOwn(o.Recipient) {
		if o.Agent != "lmtp" && isStored(o.Text) {
			m.delivered(msg, o.Time, o, "INBOX", "")
		}
		return
	}
	if side == outgoing || side == forwarded {
		m.emit(trace, o.Time, o.Recipient+msg.hop(), event.OutgoingEmailSent{
			Recipient: o.Recipient, Sender: msg.Traces.Sender, From: msg.Traces.From, MessageID: msg.Traces.MessageID, OriginalRecipient: o.before(),
		})
	}
}

// isStored reports whether local(8) or virtual(8) wrote the message to a mailbox.
func isStored(text string) bool {
	return strings.HasPrefix(text, "delivered to mailbox") || strings.HasPrefix(text, "delivered to maildir")
}

func (m *Machine) bounced(msg *message, o outcome) {
	trace, side := msg.Traces.of(m, o)
	b := event.BouncedRecipient{EmailAddress: o.Recipient, Reason: reason(o.Text), Status: status(o.Code, 0)}
	switch side {
	case incoming, forwarded:
		m.emit(trace, o.Time, o.Recipient+msg.hop(), event.IncomingEmailBounced{BouncedRecipient: b, OriginalRecipient: o.before()})
	case outgoing:
		m.emit(trace, o.Time, o.Recipient+msg.hop(), event.OutgoingEmailBounced{
			BouncedRecipient: b, Destination: b.EmailAddress, Reason: b.Reason, OriginalRecipient: o.before(),
		})
	}
}

// publishExpired bounces every recipient whose last attempt was deferred.
func (m *Machine) publishExpired(msg *message, o outcome) {
	for _, to := range slices.Sorted(maps.Keys(msg.Rcpts)) {
		d := msg.Rcpts[to]
		if !d.Deferred {
			continue
		}
		d.Deferred, d.Done = false, true
		m.bounced(msg, outcome{Time: o.Time, Recipient: to, Original: d.Original, Code: d.Code,
			Text: "message expired after " + itoa(d.Attempts) + " attempts, the last: " + d.Text})
	}
}

// delivered publishes that a copy is in a mailbox; session tells apart copies
// in one folder.
func (m *Machine) delivered(msg *message, at time.Time, o outcome, folder, session string) {
	trace, _ := msg.Traces.of(m, o)
	if folder == "" {
		folder = "INBOX"
	}
	m.emit(trace, at, o.Recipient+" "+folder+" "+session+msg.hop(), event.MailboxEmailDelivered{
		Recipient: o.Recipient, Folder: folder, OriginalRecipient: o.before(),
	})
}

// discarded publishes that a rule threw the message away.
func (m *Machine) discarded(msg *message, at time.Time, o outcome, rule, session string) {
	trace, _ := msg.Traces.of(m, o)
	m.emit(trace, at, o.Recipient+" "+session+msg.hop(), event.MailboxEmailDiscarded{Recipient: o.Recipient, RuleName: rule, OriginalRecipient: o.before()})
}

// hop tells the events of a message that continues another one's trace apart
// from those of the other.
func (msg *message) hop() string {
	if msg.Link == "" {
		return ""
	}
	return " " + msg.name()
}

// emit publishes an event; an empty trace is mail that is none of the organization's.
func (m *Machine) emit(trace string, at time.Time, which string, body event.Body) {
	if trace == "" {
		return
	}
	at = at.UTC().Truncate(time.Millisecond)
	m.events = append(m.events, Emitted{ID: eventID(trace, body.Name(), which), Time: at, Event: event.Event{
		Timestamp: at.UnixMilli(), OrganizationID: m.cfg.OrganizationID, TraceID: trace, Body: body,
	}})
}
