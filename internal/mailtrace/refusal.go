package mailtrace

import (
	"encoding/base64"
	"strings"
	"time"

	"waybill/internal/event"
	"waybill/internal/evidence"
)

// A refusal before queueing is published as
//
//   - INCOMING_EMAIL_BOUNCED when the server permanently refused one own-domain
//     recipient because of the recipient (reply 5xx with a status 5.1.x or 5.2.x
//     at RCPT): "user unknown", which is what people look for under that name;
//   - INCOMING_EMAIL_REJECTED otherwise: refusals of the whole message, by
//     policy, or for a time.

// refusal is that of a whole message which had a queue id.
type refusal struct {
	Time      time.Time `json:"t"`
	Reason    string    `json:"r"`
	Status    string    `json:"st"`
	Client    string    `json:"cl,omitempty"`
	Sender    string    `json:"from,omitempty"`
	Published bool      `json:"pub,omitempty"`
	// Discarded holds for a rule that answered the client well and threw the message away.
	Discarded bool   `json:"dis,omitempty"`
	Recipient string `json:"to,omitempty"`
}

// refused takes a refusal of a message with a queue id: of one recipient, or of all.
func (m *Machine) refused(msg *message, now, at time.Time, f evidence.Rejected) {
	if f.Stage == "RCPT" && f.Recipient != "" && !f.Milter {
		msg.Refused++
		m.refuseRecipient(inTrace(msg.name()), at, "refused "+itoa(msg.Refused), f)
		return
	}
	m.refusedWhole(msg, now, refusal{
		Time: at, Reason: reason(f.Reason), Status: status(f.EnhancedStatus, f.Code), Client: f.ClientAddress, Sender: f.Sender, Recipient: f.Recipient,
	})
}

func (m *Machine) refusedWhole(msg *message, now time.Time, r refusal) {
	if msg.Refusal != nil || !msg.Accepted.IsZero() {
		return
	}
	if r.Client == "" {
		r.Client = msg.Client.Address
	}
	msg.Refusal, msg.Waits = &r, now
}

// publishRefusal publishes the refusal of a whole message once its recipients
// are known or have been waited for. Nobody's mail but incoming mail has such an event.
func (m *Machine) publishRefusal(msg *message, now time.Time) {
	r := msg.Refusal
	if r.Published {
		return
	}
	if m.cfg.HasMilter && msg.Tx == nil && !m.waited(msg, now, m.cfg.Timeouts.Milter) {
		return
	}
	r.Published = true
	from := r.Sender
	var recipients []string
	if msg.Tx != nil {
		if from == "" {
			from = msg.Tx.Sender
		}
		if h := msg.Tx.Header; h != nil && h.From != "" {
			from = h.From
		}
		for _, rc := range msg.Tx.Recipients {
			if !rc.Refused() && !contains(recipients, rc.Address) {
				recipients = append(recipients, rc.Address)
			}
		}
	} else if r.Recipient != "" {
		recipients = []string{r.Recipient}
	}
	if msg.Sender == "" {
		msg.Sender = r.Sender
	}
	if m.isSubmitted(msg, recipients) {
		return
	}
	m.publishRefused(msg, from, recipients)
}

func (m *Machine) publishRefused(msg *message, from string, recipients []string) {
	r, trace := msg.Refusal, inTrace(msg.name())
	body := event.IncomingEmailRejected{From: from, Reason: r.Reason, Status: r.Status, ClientAddress: r.Client}
	if r.Discarded {
		msg.Traces = traces{In: trace, From: from, MessageID: msg.MessageID}
		msg.Traces.Intended = recipients
		m.publishRules(msg)
	} else if len(recipients) == 0 {
		m.emit(trace, r.Time, "", body)
	}
	for _, to := range recipients {
		if !m.isOwn(to) {
			continue
		}
		if r.Discarded {
			m.emit(trace, r.Time, to, event.MailboxEmailDiscarded{Recipient: to, RuleName: r.Reason})
			continue
		}
		body.Recipient = to
		m.emit(trace, r.Time, to, body)
	}
}

// refuseRecipient publishes the refusal of one recipient; which tells it apart
// from others in the trace.
func (m *Machine) refuseRecipient(trace string, at time.Time, which string, f evidence.Rejected) {
	if !m.isOwn(f.Recipient) {
		return
	}
	st := status(f.EnhancedStatus, f.Code)
	if isAboutRecipient(f) {
		m.emit(trace, at, which, event.IncomingEmailBounced{
			BouncedRecipient: event.BouncedRecipient{EmailAddress: f.Recipient, Reason: reason(f.Reason), Status: st},
		})
		return
	}
	m.emit(trace, at, which, event.IncomingEmailRejected{
		From: f.Sender, Recipient: f.Recipient, Reason: reason(f.Reason), Status: st, ClientAddress: f.ClientAddress,
	})
}

func isAboutRecipient(f evidence.Rejected) bool {
	return f.Code >= 500 && !f.Milter && f.Stage == "RCPT" &&
		(strings.HasPrefix(f.EnhancedStatus, "5.1.") || strings.HasPrefix(f.EnhancedStatus, "5.2."))
}

const refusalPrefix = "n/"

// refusals numbers the refusals without a queue id of one source within one
// second, so that each has a trace of its own although stamps may have whole seconds.
type refusals struct {
	Source string    `json:"s"`
	Second time.Time `json:"t"`
	N      int       `json:"n"`
}

func (r *refusals) id() string {
	return refusalPrefix + base64.RawURLEncoding.EncodeToString([]byte(r.Source))
}
func (r *refusals) wakeAt() time.Time        { return time.Time{} }
func (r *refusals) wake(*Machine, time.Time) {}
func (r *refusals) attach(*Machine)          {}
func (r *refusals) detach(*Machine)          {}

// refusedUnqueued takes a NOQUEUE refusal. It is the whole of its trace.
func (m *Machine) refusedUnqueued(now time.Time, rec evidence.Record, f evidence.Rejected) {
	r := &refusals{Source: rec.Source}
	if old, ok := m.rows[r.id()].(*refusals); ok {
		r = old
	} else {
		m.add(r)
	}
	if second := rec.Time.Truncate(time.Second); !second.Equal(r.Second) {
		r.Second, r.N = second, 0
	}
	r.N++
	m.touch(r)
	trace := inTrace(digest(m.cfg.OrganizationID, rec.Source, "NOQUEUE", r.Second.UTC().Format(time.RFC3339), itoa(r.N),
		f.ClientAddress, f.Sender, f.Recipient))
	if f.Recipient != "" {
		m.refuseRecipient(trace, rec.Time, "", f)
		return
	}
	m.emit(trace, rec.Time, "", event.IncomingEmailRejected{
		From: f.Sender, Reason: reason(f.Reason), Status: status(f.EnhancedStatus, f.Code), ClientAddress: f.ClientAddress,
	})
}
