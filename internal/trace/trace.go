// Package trace answers "why did B not get A's mail?" from the mail events of
// one message: what became of it for each recipient, a verdict in one sentence,
// and the events in order with the time between them. It does no I/O.
//
// A message from a user of an organization to another user of it has two trace
// ids, one as outgoing and one as incoming mail, joined by the Message-ID. Build
// takes the events of both and answers for the message as a whole.
package trace

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"waybill/internal/event"
)

// Trace is what became of one message.
type Trace struct {
	// IDs are the trace ids of the events, the earliest first.
	IDs            []string
	OrganizationID string
	MessageID      string
	// From is the From address; Sender stands only when somebody sent on its behalf.
	From    string
	Sender  string
	Subject string
	// Outgoing says that a user of the organization submitted the message,
	// Incoming that the organization received it. Both hold for internal mail.
	Outgoing bool
	Incoming bool
	// Checks are the verdicts on an incoming message; nil when it was not received.
	Checks *Checks
	// Recipients stand in the order in which the events first name them.
	Recipients []Recipient
	// Steps are the events, earliest first.
	Steps []Step
}

// Checks are the verdicts on an incoming message; empty where no check was seen.
type Checks struct {
	Spam, DKIM, SPF, DMARC event.Verdict
	// Policy is the From domain's DMARC policy, only when DMARC failed.
	Policy event.Policy
}

// Outcome is what is known of one recipient so far.
type Outcome string

// The outcomes, from nothing known to something final.
const (
	// Waiting: accepted, and no delivery attempt has been reported.
	Waiting Outcome = "waiting"
	// Deferred: an attempt failed and will be repeated.
	Deferred Outcome = "deferred"
	// Sent: the destination's server accepted it.
	Sent Outcome = "sent"
	// Delivered: it is in the recipient's mailbox.
	Delivered Outcome = "delivered"
	// Redirected: the recipient's rule sent it on to another address.
	Redirected Outcome = "redirected"
	// Discarded: a rule threw it away.
	Discarded Outcome = "discarded"
	// Bounced: it cannot be delivered, and its sender is told.
	Bounced Outcome = "bounced"
	// Rejected: the organization's server refused it, and the sending server knows.
	Rejected Outcome = "rejected"
)

// Final reports whether no further event is to be expected for the recipient.
func (o Outcome) Final() bool { return o != Waiting && o != Deferred }

// Failed reports whether the recipient certainly did not get the message.
func (o Outcome) Failed() bool { return o == Bounced || o == Rejected }

// Recipient is one recipient and what became of the message for them.
type Recipient struct {
	Address string
	// Original is the address that an alias or a rule turned into this one, "" if none did.
	Original string
	Outcome  Outcome
	// At is when the outcome was reported; for Waiting when the message was accepted.
	At time.Time
	// Reason and Status are the server's text and RFC 3463 code of the last
	// failure, if any.
	Reason string
	Status string
	// Folder is where a delivered message is; Rule is what discarded it, Target
	// where it was redirected to.
	Folder string
	Rule   string
	Target string
	// Attempts counts the failed attempts, Since is the first of them, Next the
	// next one where it is known.
	Attempts int
	Since    time.Time
	Next     time.Time
}

// Step is one event on the time line.
type Step struct {
	Event event.Event
	// After is the time since the step before, zero for the first.
	After time.Duration
	// Elapsed is the time since the first step.
	Elapsed time.Duration
}

// Build makes a trace of the events of one message, in any order; an event that
// is there twice counts once. No events make an empty trace.
func Build(events []event.Event) Trace {
	events = inOrder(events)
	var t Trace
	for i, e := range events {
		step := Step{Event: e}
		if i > 0 {
			step.After = e.Time().Sub(events[i-1].Time())
			step.Elapsed = e.Time().Sub(events[0].Time())
		}
		t.Steps = append(t.Steps, step)
		if !slices.Contains(t.IDs, e.TraceID) {
			t.IDs = append(t.IDs, e.TraceID)
		}
		t.OrganizationID = cmp.Or(t.OrganizationID, e.OrganizationID)
		t.add(e)
	}
	t.dropAliases()
	return t
}

// inOrder sorts a copy by time and, within one millisecond, by cause before
// effect: mail servers report an acceptance and its delivery in the same instant.
// What is then still level goes by its JSON, so that the answer never depends on
// the order of reading.
func inOrder(events []event.Event) []event.Event {
	type keyed struct {
		event event.Event
		json  string
	}
	seen := map[string]bool{}
	var list []keyed
	for _, e := range events {
		data, err := event.Marshal(e)
		if err == nil && seen[string(data)] {
			continue
		}
		seen[string(data)] = true
		list = append(list, keyed{e, string(data)})
	}
	slices.SortStableFunc(list, func(a, b keyed) int {
		return cmp.Or(cmp.Compare(a.event.Timestamp, b.event.Timestamp),
			cmp.Compare(stage(a.event.Name()), stage(b.event.Name())), cmp.Compare(a.json, b.json))
	})
	var sorted []event.Event
	for _, k := range list {
		sorted = append(sorted, k.event)
	}
	return sorted
}

// stage orders event names as a message meets them.
func stage(name string) int {
	switch name {
	case event.NameSubmitted:
		return 0
	case event.NameReceived, event.NameRejected:
		return 1
	case event.NameDMARCApplied, event.NameRuleApplied, event.NameJournaling:
		return 2
	case event.NameOutgoingDeferred, event.NameIncomingDeferred:
		return 3
	default:
		return 4
	}
}

// Recipient returns what became of the message for an address, case aside in
// the way of mail domains and of nearly every mailbox. For an alias it is what
// became of the first address that the alias stood for.
func (t Trace) Recipient(address string) (Recipient, bool) {
	i := t.find(address)
	if i < 0 {
		i = slices.IndexFunc(t.Recipients, func(r Recipient) bool { return strings.EqualFold(r.Original, address) })
	}
	if i < 0 {
		return Recipient{}, false
	}
	return t.Recipients[i], true
}

func (t Trace) find(address string) int {
	return slices.IndexFunc(t.Recipients, func(r Recipient) bool { return strings.EqualFold(r.Address, address) })
}

// First is the time of the first event, zero without events.
func (t Trace) First() time.Time {
	if len(t.Steps) == 0 {
		return time.Time{}
	}
	return t.Steps[0].Event.Time()
}

// Last is the time of the last event, zero without events.
func (t Trace) Last() time.Time {
	if len(t.Steps) == 0 {
		return time.Time{}
	}
	return t.Steps[len(t.Steps)-1].Event.Time()
}
