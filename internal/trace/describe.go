package trace

import (
	"fmt"
	"strings"
	"time"

	"waybill/internal/event"
)

// Title is what an event's name means, in a few words.
func Title(p Printer, name string) string {
	switch name {
	case event.NameReceived:
		return p.Sprintf("Received by the organization")
	case event.NameDelivered:
		return p.Sprintf("Delivered to the mailbox")
	case event.NameRuleApplied:
		return p.Sprintf("Rule applied")
	case event.NameJournaling:
		return p.Sprintf("Copy sent to the journaling address")
	case event.NameIncomingBounced:
		return p.Sprintf("Incoming mail bounced")
	case event.NameSubmitted:
		return p.Sprintf("Submitted by a user")
	case event.NameSent:
		return p.Sprintf("Accepted by the destination")
	case event.NameOutgoingBounced:
		return p.Sprintf("Outgoing mail bounced")
	case event.NameDMARCApplied:
		return p.Sprintf("DMARC policy applied")
	case event.NameOutgoingDeferred:
		return p.Sprintf("Outgoing mail deferred")
	case event.NameIncomingDeferred:
		return p.Sprintf("Incoming mail deferred")
	case event.NameRejected:
		return p.Sprintf("Refused on arrival")
	case event.NameDiscarded:
		return p.Sprintf("Discarded by a rule")
	default:
		return name
	}
}

// Detail tells what one event says beyond its name: whom it concerns and why.
func Detail(p Printer, e event.Event) string {
	switch b := e.Body.(type) {
	case event.OrganizationEmailReceived:
		return join(p.Sprintf("for %s", strings.Join(b.Recipients, ", ")), checks(p, b))
	case event.MailboxEmailDelivered:
		return p.Sprintf("%s, folder %s", b.Recipient, b.Folder)
	case event.RuleApplied:
		return rule(p, b)
	case event.JournalingInitiated:
		return b.JournalingAddress
	case event.IncomingEmailBounced:
		return failure(b.BouncedRecipient)
	case event.OutgoingEmailSubmitted:
		return p.Sprintf("for %s", strings.Join(b.Recipients, ", "))
	case event.OutgoingEmailSent:
		return b.Recipient
	case event.OutgoingEmailBounced:
		return failure(b.BouncedRecipient)
	case event.DMARCPolicyApplied:
		return p.Sprintf("policy %s for mail from %s", string(b.Policy), b.From)
	case event.OutgoingEmailDeferred:
		return deferral(p, b.Deferral)
	case event.IncomingEmailDeferred:
		return deferral(p, b.Deferral)
	case event.IncomingEmailRejected:
		text := failure(event.BouncedRecipient{EmailAddress: b.Recipient, Reason: b.Reason, Status: b.Status})
		if b.ClientAddress != "" {
			text = p.Sprintf("%s (client %s)", text, b.ClientAddress)
		}
		return text
	case event.MailboxEmailDiscarded:
		return p.Sprintf("%s, rule “%s”", b.Recipient, b.RuleName)
	default:
		return ""
	}
}

// checks names the verdicts that are there: "spam PASS, DKIM FAIL".
func checks(p Printer, b event.OrganizationEmailReceived) string {
	var list []string
	for _, c := range []struct {
		name    string
		verdict event.Verdict
	}{
		{p.Sprintf("spam check"), b.SpamVerdict}, {"SPF", b.SPFVerdict}, {"DKIM", b.DKIMVerdict}, {"DMARC", b.DMARCVerdict},
	} {
		if c.verdict != "" {
			list = append(list, c.name+" "+string(c.verdict))
		}
	}
	return strings.Join(list, ", ")
}

func rule(p Printer, b event.RuleApplied) string {
	var actions []string
	for _, a := range b.RuleActions {
		actions = append(actions, a.Action)
	}
	text := p.Sprintf("“%s”: %s", b.RuleName, strings.Join(actions, ", "))
	for _, target := range []string{b.TargetFolder, b.TargetRecipient} {
		if target != "" {
			text += " → " + target
		}
	}
	return text
}

func failure(b event.BouncedRecipient) string {
	why := Recipient{Reason: b.Reason, Status: b.Status}.Why()
	if b.EmailAddress == "" {
		return why
	}
	return b.EmailAddress + ": " + why
}

func deferral(p Printer, d event.Deferral) string {
	text := p.Sprintf("%s, attempt %d: %s", d.Recipient, d.Attempt, Recipient{Reason: d.Reason, Status: d.Status}.Why())
	if d.NextAttempt != 0 {
		text = join(text, p.Sprintf("next attempt %s", Stamp(time.UnixMilli(d.NextAttempt))))
	}
	return text
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}

// Span writes a time difference with three digits or so: "0.120 s", "4.2 s",
// "3 min 20 s", "2 h 5 min", "3 d 4 h".
func Span(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%.3f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	case d < 24*time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	default:
		return fmt.Sprintf("%d d %d h", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	}
}
