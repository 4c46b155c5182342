package mailtrace

import (
	"time"

	"waybill/internal/event"
	"waybill/internal/evidence"
)

// rule is an access, header or milter rule that the mail server applied
// (access(5), header_checks(5)).
type rule struct {
	Time      time.Time `json:"t"`
	Action    string    `json:"a"`
	Recipient string    `json:"to,omitempty"`
	Text      string    `json:"x,omitempty"`
}

func (r rule) isHold() bool { return r.Action == "hold" || r.Action == "milter-hold" }

// name is the text that a rule gives itself. The text of those that take an
// argument is the argument.
func (r rule) name() string {
	switch r.Action {
	case "redirect", "bcc", "filter":
		return r.Action
	}
	if r.Text == "" {
		return r.Action
	}
	return r.Text
}

// ruleSeen takes a rule's line. Rules that only edit the header are not mail flow.
func (m *Machine) ruleSeen(msg *message, now, at time.Time, f evidence.CleanupAction) {
	r := rule{Time: at, Action: f.Action, Recipient: f.Recipient, Text: f.Text}
	switch f.Action {
	case "redirect", "bcc", "filter":
	case "hold", "milter-hold":
		if msg.Held.IsZero() && msg.Accepted.IsZero() {
			msg.Held, msg.Waits = at, now
		}
	case "discard", "milter-discard":
		m.refusedWhole(msg, now, refusal{Time: at, Reason: r.name(), Status: "2.0.0", Sender: f.Sender, Recipient: f.Recipient, Discarded: true})
	default:
		return
	}
	if msg.Sender == "" {
		msg.Sender = f.Sender
	}
	if msg.Released {
		m.publishRule(msg, r)
		return
	}
	msg.Rules = append(msg.Rules, r)
}

// publishRules publishes the rules seen before the message was released.
func (m *Machine) publishRules(msg *message) {
	for _, r := range msg.Rules {
		m.publishRule(msg, r)
	}
}

func (m *Machine) publishRule(msg *message, r rule) {
	t := msg.Traces
	trace, kind, recipients := t.In, event.InboundRule, []string{}
	if t.Out != "" {
		trace, kind = t.Out, event.OutboundRule
	}
	for _, to := range t.Intended {
		if t.Out != "" || m.isOwn(to) {
			recipients = append(recipients, to)
		}
	}
	if len(recipients) == 0 && r.Recipient != "" {
		recipients = []string{r.Recipient}
	}
	body := event.RuleApplied{
		RuleName: r.name(), RuleType: kind, RuleActions: []event.RuleAction{{Action: r.Action, Recipients: recipients}},
	}
	if r.Action == "redirect" || r.Action == "bcc" {
		body.TargetRecipient = r.Text
	}
	msg.Ruled++
	m.emit(trace, r.Time, itoa(msg.Ruled)+" "+r.Action+msg.hop(), body)
	if r.Action == "bcc" && m.isJournal(r.Text) {
		m.journaled(msg, r.Time, r.Text)
	}
}

// journaled publishes that a copy goes to the journal, once.
func (m *Machine) journaled(msg *message, at time.Time, address string) {
	if msg.Traces.Journaled || msg.Traces.Notice {
		return
	}
	msg.Traces.Journaled = true
	trace := msg.Traces.Out
	if trace == "" {
		trace = msg.Traces.In
	}
	m.emit(trace, at, address+msg.hop(), event.JournalingInitiated{JournalingAddress: address})
}

// mailboxRule publishes what a mailbox owner's Sieve script did, other than a
// plain keep.
func (m *Machine) mailboxRule(msg *message, s *session, f dovecotFact) {
	o := s.outcome(f)
	trace, _ := msg.Traces.of(m, o)
	body := event.RuleApplied{
		RuleName: f.Rule, RuleType: event.MailboxRule, RuleActions: []event.RuleAction{{Action: f.Action, Recipients: []string{o.Recipient}}},
	}
	switch f.Action {
	case "fileinto":
		body.TargetFolder = f.Target
	case "redirect":
		body.TargetRecipient = f.Target
	}
	m.emit(trace, f.Time, s.ID+" "+f.key(), body)
	if f.Action == "reject" {
		// Pigeonhole accepts the message and tells the sender by a message of its own.
		m.emit(trace, f.Time, s.ID+" rule", event.IncomingEmailBounced{BouncedRecipient: event.BouncedRecipient{
			EmailAddress: o.Recipient, Reason: "rejected by the mailbox's rule: " + f.Rule, Status: "5.7.1",
		}, OriginalRecipient: o.before()})
	}
}
