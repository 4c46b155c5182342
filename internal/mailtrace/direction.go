package mailtrace

import (
	"strings"

	"waybill/internal/evidence"
)

// side is which way an outcome belongs.
type side int

const (
	foreign   side = iota // not this organization's
	incoming              // for an own recipient
	outgoing              // from a user to elsewhere
	forwarded             // an incoming message that an alias or rule sends on to elsewhere
)

// traces is what a released message's events carry.
type traces struct {
	// In and Out are trace ids, empty when the message has no such trace.
	In  string `json:"in,omitempty"`
	Out string `json:"out,omitempty"`
	// Notice holds for what the mail server says of its own accord about
	// another message: only its delivery to a mailbox is an event.
	Notice bool `json:"dsn,omitempty"`
	// Forward holds for a copy that a rule sent on; Intended are then nobody's.
	Forward bool `json:"fwd,omitempty"`
	// Intended are the recipients the message came with, where a milter told.
	Intended  []string `json:"rcpts,omitempty"`
	Filtered  bool     `json:"flt,omitempty"`
	Journaled bool     `json:"jrn,omitempty"`
	From      string   `json:"from,omitempty"`
	Sender    string   `json:"sender,omitempty"`
	MessageID string   `json:"mid,omitempty"`
}

// of tells an outcome's trace and side. Direction comes from where the message
// came from, not from where it goes: incoming mail that an alias forwards stays incoming.
func (t traces) of(m *Machine, o outcome) (trace string, s side) {
	either := t.Out
	if either == "" {
		either = t.In
	}
	own := m.isOwn(o.Recipient)
	switch {
	case t.Notice && own:
		return either, incoming
	case t.Notice:
		return "", foreign
	case own && (t.In != "" || t.Out != ""):
		if t.In != "" {
			return t.In, incoming
		}
		return t.Out, incoming
	case t.In != "" && (m.isOwn(o.intended()) || t.Forward || t.expanded(o)):
		return t.In, forwarded
	case t.Out != "":
		return t.Out, outgoing
	}
	return "", foreign
}

// expanded reports whether a content filter handed the message back with a
// recipient it did not come with: its aliases were expanded before the filter.
func (t traces) expanded(o outcome) bool {
	return t.Filtered && t.Out == "" && len(t.Intended) > 0 && !contains(t.Intended, o.Recipient)
}

// isSubmitted reports whether a user of the organization sent the message: it
// was authenticated, or came by local sendmail or the submission service, or
// the server accepted it from an own sender for elsewhere, which it does for its
// own clients only. Nobody submits a message without a sender, nor a receipt.
func (m *Machine) isSubmitted(msg *message, recipients []string) bool {
	if msg.Sender == "" || msg.isReceipt() {
		return false
	}
	ownSender := m.isOwn(msg.Sender)
	if user := msg.authenticated(); user != "" {
		if strings.Contains(user, "@") {
			return m.isOwn(user) || ownSender
		}
		return ownSender || m.hasNoOtherDomain(msg.Sender)
	}
	if !ownSender {
		return false
	}
	if msg.How == byPickup || msg.isSubmissionService() {
		return true
	}
	for _, r := range recipients {
		if !m.isOwn(r) {
			return true
		}
	}
	return false
}

// hasNoOtherDomain holds for a sender without a domain.
func (m *Machine) hasNoOtherDomain(sender string) bool { return !strings.Contains(sender, "@") }

// authenticated is the SASL user, empty without.
func (msg *message) authenticated() string {
	if msg.Client.SASLUser != "" {
		return msg.Client.SASLUser
	}
	if msg.Tx != nil {
		return msg.Tx.AuthUser
	}
	return ""
}

// isSubmissionService reports whether the message came by the service for
// users: master.cf's samples name it so.
func (msg *message) isSubmissionService() bool {
	switch msg.Client.Service {
	case "submission", "submissions", "smtps":
		return true
	}
	return msg.Tx != nil && msg.Tx.Daemon == "ORIGINATING"
}

// isReceipt holds for notices about another message (RFC 6522 multipart/report).
func (msg *message) isReceipt() bool {
	h := msg.header()
	if h == nil {
		return false
	}
	t := strings.ToLower(h.ContentType)
	return strings.HasPrefix(t, "multipart/report") &&
		(strings.Contains(t, "disposition-notification") || strings.Contains(t, "delivery-status"))
}

func (msg *message) header() *evidence.Header {
	if msg.Tx == nil {
		return nil
	}
	return msg.Tx.Header
}
