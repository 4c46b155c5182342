package trace

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"waybill/internal/event"
)

// add takes what one event tells. Events come in order of time.
func (t *Trace) add(e event.Event) {
	at := e.Time()
	switch b := e.Body.(type) {
	case event.OutgoingEmailSubmitted:
		t.Outgoing = true
		t.describe(b.MessageID, b.From, b.Sender, b.Subject)
		t.intend(at, b.Recipients)
	case event.OrganizationEmailReceived:
		t.Incoming = true
		t.describe(b.MessageID, b.From, b.Sender, b.Subject)
		t.Checks = &Checks{Spam: b.SpamVerdict, DKIM: b.DKIMVerdict, SPF: b.SPFVerdict, DMARC: b.DMARCVerdict, Policy: b.DMARCPolicy}
		t.intend(at, b.Recipients)
	case event.IncomingEmailRejected:
		t.Incoming = true
		t.describe("", b.From, "", "")
		r := t.recipient(b.Recipient)
		r.end(Rejected, at)
		r.Reason, r.Status = b.Reason, b.Status
	case event.OutgoingEmailDeferred:
		t.resolved(b.Recipient, b.OriginalRecipient).deferral(at, b.Deferral)
	case event.IncomingEmailDeferred:
		t.resolved(b.Recipient, b.OriginalRecipient).deferral(at, b.Deferral)
	case event.RuleApplied:
		t.ruleApplied(at, b)
	default:
		t.finish(at, b)
	}
}

// finish takes the events that end a recipient's way.
func (t *Trace) finish(at time.Time, body event.Body) {
	switch b := body.(type) {
	case event.MailboxEmailDelivered:
		r := t.resolved(b.Recipient, b.OriginalRecipient)
		r.end(Delivered, at)
		r.Folder = b.Folder
	case event.MailboxEmailDiscarded:
		r := t.resolved(b.Recipient, b.OriginalRecipient)
		r.end(Discarded, at)
		r.Rule = b.RuleName
	case event.OutgoingEmailSent:
		t.describe(b.MessageID, b.From, b.Sender, "")
		t.resolved(b.Recipient, b.OriginalRecipient).sent(at)
	case event.OutgoingEmailBounced:
		t.bounced(at, b.BouncedRecipient, b.OriginalRecipient)
	case event.IncomingEmailBounced:
		t.bounced(at, b.BouncedRecipient, b.OriginalRecipient)
	}
}

func (t *Trace) bounced(at time.Time, b event.BouncedRecipient, original string) {
	r := t.resolved(b.EmailAddress, original)
	r.end(Bounced, at)
	r.Reason, r.Status = b.Reason, b.Status
}

// ruleApplied takes a mailbox rule that sends a message on: those it acted for
// are done with unless they also keep a copy, which an event of its own tells.
func (t *Trace) ruleApplied(at time.Time, b event.RuleApplied) {
	if b.RuleType != event.MailboxRule || b.TargetRecipient == "" {
		return
	}
	for _, a := range b.RuleActions {
		for _, address := range a.Recipients {
			r := t.recipient(address)
			if !r.Outcome.Final() {
				r.end(Redirected, at)
				r.Rule, r.Target = b.RuleName, b.TargetRecipient
			}
		}
	}
}

// describe fills what is not known yet; the earliest event that says it counts.
func (t *Trace) describe(messageID, from, sender, subject string) {
	t.MessageID = cmp.Or(t.MessageID, messageID)
	t.From = cmp.Or(t.From, from)
	t.Sender = cmp.Or(t.Sender, sender)
	t.Subject = cmp.Or(t.Subject, subject)
}

func (t *Trace) intend(at time.Time, addresses []string) {
	for _, a := range addresses {
		if r := t.recipient(a); r.At.IsZero() {
			r.At = at
		}
	}
}

// recipient returns the entry of an address, made when it is new.
func (t *Trace) recipient(address string) *Recipient {
	i := t.find(address)
	if i < 0 {
		t.Recipients = append(t.Recipients, Recipient{Address: address, Outcome: Waiting})
		i = len(t.Recipients) - 1
	}
	return &t.Recipients[i]
}

// resolved returns the entry of an address that an alias or a rule made of
// another one, which is empty when there was none.
func (t *Trace) resolved(address, original string) *Recipient {
	r := t.recipient(address)
	if original != "" && !strings.EqualFold(original, address) {
		r.Original = original
	}
	return r
}

// dropAliases removes the intended recipients that others stand for: nothing is
// ever reported of an alias itself.
func (t *Trace) dropAliases() {
	all := slices.Clone(t.Recipients)
	t.Recipients = slices.DeleteFunc(t.Recipients, func(r Recipient) bool {
		return r.Outcome == Waiting && slices.ContainsFunc(all, func(o Recipient) bool { return strings.EqualFold(o.Original, r.Address) })
	})
}

func (r *Recipient) end(o Outcome, at time.Time) {
	r.Outcome, r.At, r.Next = o, at, time.Time{}
}

// sent notes an acceptance by the next server. For internal mail that is the
// organization's own, whose report of what it did then weighs more.
func (r *Recipient) sent(at time.Time) {
	switch r.Outcome {
	case Waiting, Deferred:
		r.end(Sent, at)
	}
}

// deferral notes a failed attempt. After a final outcome it is a straggler of
// another leg and changes nothing but the count.
func (r *Recipient) deferral(at time.Time, d event.Deferral) {
	r.Attempts = max(r.Attempts+1, d.Attempt)
	if r.Since.IsZero() {
		r.Since = at
	}
	if r.Outcome.Final() && r.Outcome != Sent {
		return
	}
	r.Outcome, r.At = Deferred, at
	r.Reason, r.Status = d.Reason, d.Status
	if d.NextAttempt != 0 {
		r.Next = time.UnixMilli(d.NextAttempt).UTC()
	} else {
		r.Next = time.Time{}
	}
}
