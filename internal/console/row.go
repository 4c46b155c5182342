package console

import (
	"cmp"
	"net/url"
	"strings"
	"time"

	"waybill/internal/event"
	"waybill/internal/trace"
)

// row makes a line of the list from a log event. What is not a mail event is
// shown as it is, never left out.
func (c chrome) row(e logEvent) eventRow {
	m, err := event.Decode([]byte(e.Message))
	if err != nil {
		return eventRow{At: time.UnixMilli(e.At).UTC(), Title: c.T("Not a mail event"), Why: shorten(e.Message, 200)}
	}
	r := eventRow{
		At: time.UnixMilli(e.At).UTC(), Name: m.Name(), Title: trace.Title(c.printer, m.Name()),
		Class: eventClass(m), Link: c.Org() + "/messages/" + url.PathEscape(m.TraceID),
	}
	c.fill(&r, m)
	if n := len(r.Recipients); n > namedInRow {
		r.Recipients, r.More = r.Recipients[:namedInRow], n-namedInRow
	}
	return r
}

// fill sets what the row says of each kind of event.
func (c chrome) fill(r *eventRow, m event.Event) {
	one := func(address string) {
		if address != "" {
			r.Recipients = []string{address}
		}
	}
	switch b := m.Body.(type) {
	case event.OrganizationEmailReceived:
		r.From, r.Recipients, r.Subject = cmp.Or(b.From, "<>"), b.Recipients, b.Subject
		r.Why = c.failedChecks(b)
	case event.OutgoingEmailSubmitted:
		r.From, r.Recipients, r.Subject = b.From, b.Recipients, b.Subject
	case event.OutgoingEmailSent:
		r.From = b.From
		one(b.Recipient)
	case event.MailboxEmailDelivered:
		one(b.Recipient)
		r.Why = c.T("folder %s", b.Folder)
	case event.IncomingEmailBounced:
		one(b.BouncedRecipient.EmailAddress)
		r.Why = why(b.BouncedRecipient.Reason, b.BouncedRecipient.Status)
	case event.OutgoingEmailBounced:
		one(b.BouncedRecipient.EmailAddress)
		r.Why = why(b.BouncedRecipient.Reason, b.BouncedRecipient.Status)
	case event.OutgoingEmailDeferred:
		one(b.Recipient)
		r.Why = why(b.Reason, b.Status)
	case event.IncomingEmailDeferred:
		one(b.Recipient)
		r.Why = why(b.Reason, b.Status)
	case event.IncomingEmailRejected:
		r.From = cmp.Or(b.From, "<>")
		one(b.Recipient)
		r.Why = why(b.Reason, b.Status)
	case event.MailboxEmailDiscarded:
		one(b.Recipient)
		r.Why = b.RuleName
	case event.DMARCPolicyApplied:
		r.From, r.Recipients = b.From, b.Recipients
		r.Why = string(b.Policy)
	default:
		r.Why = trace.Detail(c.printer, m)
	}
}

func why(reason, status string) string { return trace.Recipient{Reason: reason, Status: status}.Why() }

// failedChecks names the verdicts that are not a pass; spam is named first.
func (c chrome) failedChecks(b event.OrganizationEmailReceived) string {
	var list []string
	for _, check := range c.checkList(trace.Checks{Spam: b.SpamVerdict, SPF: b.SPFVerdict, DKIM: b.DKIMVerdict, DMARC: b.DMARCVerdict}) {
		if check.Verdict != event.Pass {
			list = append(list, check.Name+" "+string(check.Verdict))
		}
	}
	return strings.Join(list, ", ")
}

// check is one verdict as the pages show it.
type check struct {
	Name    string
	Verdict event.Verdict
	Class   string
}

// checkList lists the verdicts that are there.
func (c chrome) checkList(checks trace.Checks) []check {
	var list []check
	for _, k := range []check{
		{Name: c.T("Spam check"), Verdict: checks.Spam}, {Name: "SPF", Verdict: checks.SPF},
		{Name: "DKIM", Verdict: checks.DKIM}, {Name: "DMARC", Verdict: checks.DMARC},
	} {
		switch k.Verdict {
		case "":
			continue
		case event.Pass:
			k.Class = "good"
		case event.Fail:
			k.Class = "bad"
		case event.ProcessingFailed:
			k.Class = "warn"
		}
		list = append(list, k)
	}
	return list
}

// eventClass is the colour of an event: what went well, what waits, what failed.
func eventClass(m event.Event) string {
	switch b := m.Body.(type) {
	case event.MailboxEmailDelivered, event.OutgoingEmailSent:
		return "good"
	case event.OutgoingEmailDeferred, event.IncomingEmailDeferred, event.MailboxEmailDiscarded:
		return "warn"
	case event.OutgoingEmailBounced, event.IncomingEmailBounced, event.IncomingEmailRejected:
		return "bad"
	case event.OrganizationEmailReceived:
		if b.SpamVerdict == event.Fail {
			return "warn"
		}
	}
	return ""
}

// shorten cuts a text to so many characters, with an ellipsis.
func shorten(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n]) + "…"
}
