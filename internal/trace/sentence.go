package trace

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Printer puts a text into the reader's language. The English text is the key;
// *message.Printer is one.
type Printer interface {
	Sprintf(key message.Reference, args ...any) string
}

// English returns the printer that leaves texts as they stand here.
func English() Printer { return message.NewPrinter(language.English) }

// order in which a verdict speaks of the outcomes: what went wrong first.
var order = []Outcome{Rejected, Bounced, Deferred, Waiting, Discarded, Redirected, Sent, Delivered}

// namedRecipients is how many addresses a clause names before it only counts.
const namedRecipients = 3

// Sentence is the verdict: what became of the message, in one sentence.
func (t Trace) Sentence(p Printer) string {
	if len(t.Steps) == 0 {
		return p.Sprintf("No event of this message is known.")
	}
	if len(t.Recipients) == 0 {
		return p.Sprintf("Accepted; no recipient has been reported yet.")
	}
	var clauses []string
	for _, o := range order {
		if group := t.withOutcome(o); len(group) > 0 {
			clauses = append(clauses, clause(p, o, group))
		}
	}
	return capitalize(strings.Join(clauses, "; ")) + "."
}

func (t Trace) withOutcome(o Outcome) []Recipient {
	var group []Recipient
	for _, r := range t.Recipients {
		if r.Outcome == o {
			group = append(group, r)
		}
	}
	return group
}

// clause tells one outcome of one or more recipients.
func clause(p Printer, o Outcome, group []Recipient) string {
	who := names(p, group)
	switch o {
	case Delivered:
		if folder, ok := common(group, func(r Recipient) string { return r.Folder }); ok {
			return p.Sprintf("delivered to %s, folder %s", who, folder)
		}
		return p.Sprintf("delivered to %s", who)
	case Sent:
		return p.Sprintf("accepted by the destination's server for %s", who)
	case Redirected:
		if target, ok := common(group, func(r Recipient) string { return r.Target }); ok {
			return p.Sprintf("redirected from %s to %s", who, target)
		}
		return p.Sprintf("redirected by the rules of %s", who)
	case Discarded:
		if rule, ok := common(group, func(r Recipient) string { return r.Rule }); ok {
			return p.Sprintf("discarded for %s by the rule “%s”", who, rule)
		}
		return p.Sprintf("discarded by the rules of %s", who)
	case Deferred:
		return deferredClause(p, who, group)
	case Waiting:
		return p.Sprintf("waiting for %s: accepted, but no delivery has been reported yet", who)
	case Bounced:
		return withReason(p, p.Sprintf("bounced for %s", who), group)
	default:
		if len(group) == 1 && group[0].Address == "" {
			return withReason(p, p.Sprintf("refused before a recipient was named"), group)
		}
		return withReason(p, p.Sprintf("refused on arrival for %s", who), group)
	}
}

func deferredClause(p Printer, who string, group []Recipient) string {
	since := group[0].Since
	for _, r := range group[1:] {
		if r.Since.Before(since) {
			since = r.Since
		}
	}
	text := p.Sprintf("deferred for %s since %s", who, Stamp(since))
	if len(group) == 1 && group[0].Attempts > 1 {
		text = p.Sprintf("%s after %d attempts", text, group[0].Attempts)
	}
	return withReason(p, text, group)
}

// withReason adds the server's text when it is the same for all.
func withReason(p Printer, text string, group []Recipient) string {
	reason, ok := common(group, Recipient.Why)
	if !ok {
		return text
	}
	return p.Sprintf("%s because: %s", text, strings.TrimRight(reason, ". "))
}

// Why is the status and the server's text of the last failure, "" without one.
// The status is left out where the text already has it.
func (r Recipient) Why() string {
	if r.Status == "" || strings.Contains(r.Reason, r.Status) {
		return r.Reason
	}
	if r.Reason == "" {
		return r.Status
	}
	return r.Status + " " + r.Reason
}

// common returns what all of the group have in common, false when they differ
// or have nothing.
func common(group []Recipient, of func(Recipient) string) (string, bool) {
	first := of(group[0])
	same := !slices.ContainsFunc(group, func(r Recipient) bool { return of(r) != first })
	return first, same && first != ""
}

func names(p Printer, group []Recipient) string {
	if len(group) > namedRecipients {
		return p.Sprintf("%d recipients", len(group))
	}
	var list []string
	for _, r := range group {
		list = append(list, r.Named(p))
	}
	if len(list) == 1 {
		return list[0]
	}
	last := len(list) - 1
	return p.Sprintf("%s and %s", strings.Join(list[:last], ", "), list[last])
}

// Named is the address, with the one that was written to where it differs.
func (r Recipient) Named(p Printer) string {
	if r.Original == "" {
		return r.Address
	}
	return p.Sprintf("%s (for %s)", r.Address, r.Original)
}

// Stamp writes a time to the minute, in UTC.
func Stamp(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }

func capitalize(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
