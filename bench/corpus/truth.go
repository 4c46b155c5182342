package corpus

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"waybill/internal/event"
)

// MaxRows is the most that a question is answered with.
const MaxRows = 10_000

// Count is how large the answer of a question must be.
type Count struct {
	// Rows is how many lines it has.
	Rows int
	// Total is what its counts add up to, or Rows of one that does not count.
	Total int
}

// Truth counts the answers of the questions by name, from the events themselves
// and with the help of no query language. It reads the whole corpus, which takes
// a minute for ten million events.
func (c Config) Truth() (map[string]Count, error) {
	s := c.Sample()
	end := c.Start.Add(c.Span).UnixMilli()
	groups := map[string]map[string]int{}
	for name := range questions {
		groups[name] = map[string]int{}
	}
	for e := range c.All() {
		if e.Timestamp < c.Start.UnixMilli() || e.Timestamp > end {
			continue
		}
		text, err := event.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("count answers: %w", err)
		}
		f := factsOf(e, text)
		for name, q := range questions {
			if q.match(f, s) {
				groups[name][q.group(f)]++
			}
		}
	}
	truth := map[string]Count{}
	for name, q := range questions {
		truth[name] = q.count(groups[name])
	}
	return truth, nil
}

// facts are what the questions ask of an event.
type facts struct {
	time                                     time.Time
	trace, name, from, to, subject, id, spam string
	text                                     []byte
}

func factsOf(e event.Event, text []byte) *facts {
	f := &facts{time: e.Time(), trace: e.TraceID, name: e.Name(), text: text}
	switch b := e.Body.(type) {
	case event.OrganizationEmailReceived:
		f.from, f.to, f.subject, f.id, f.spam = b.From, b.Recipients[0], b.Subject, b.MessageID, string(b.SpamVerdict)
	case event.OutgoingEmailSubmitted:
		f.from, f.to, f.subject, f.id = b.From, b.Recipients[0], b.Subject, b.MessageID
	case event.OutgoingEmailSent:
		f.from, f.id = b.From, b.MessageID
	case event.DMARCPolicyApplied:
		f.from, f.to = b.From, b.Recipients[0]
	case event.IncomingEmailRejected:
		f.from = b.From
	}
	return f
}

// counted is a question. One with rows of events has no key, the others count.
type counted struct {
	match func(*facts, Sample) bool
	key   func(*facts) string
	limit int
}

func (q counted) group(f *facts) string {
	if q.key == nil {
		return ""
	}
	return q.key(f)
}

// count is the answer's size: of the largest groups, if there are too many.
func (q counted) count(groups map[string]int) Count {
	limit := cmp.Or(q.limit, MaxRows)
	if q.key == nil {
		n := min(groups[""], limit)
		return Count{n, n}
	}
	sizes := slices.SortedFunc(maps.Values(groups), func(a, b int) int { return b - a })
	sizes = sizes[:min(len(sizes), limit)]
	total := 0
	for _, n := range sizes {
		total += n
	}
	return Count{len(sizes), total}
}

// has reports whether text has part, which is in lower case, in whatever case.
func has(text, part string) bool { return strings.Contains(strings.ToLower(text), part) }

func isEvent(name string) func(*facts, Sample) bool {
	return func(f *facts, _ Sample) bool { return f.name == name }
}

func isSpam(f *facts, _ Sample) bool {
	return f.name == event.NameReceived && f.spam == string(event.Fail)
}

func bySender(f *facts, s Sample) bool { return has(f.from, s.Sender) }

func one(*facts) string         { return "" }
func recipient(f *facts) string { return f.to }
func sender(f *facts) string    { return f.from }

// questions are those of docs/performance.md. The corpus has lower case only.
var questions = map[string]counted{
	"trace id":                         {match: func(f *facts, s Sample) bool { return f.trace == s.TraceID }},
	"Message-ID":                       {match: func(f *facts, s Sample) bool { return strings.Contains(f.id, s.MessageID) }},
	"newest 100 of a sender":           {match: func(f *facts, s Sample) bool { return f.from == s.Sender }, limit: 100},
	"newest 100 of a sender, any case": {match: bySender, limit: 100},
	"like /(?i)addr/ on a month":       {match: bySender},
	"like /(?i)addr/, counted":         {match: bySender, key: one},
	"outgoing, from A to B": {match: func(f *facts, s Sample) bool {
		return f.name == event.NameSubmitted && has(f.from, s.From) && has(f.to, s.To)
	}},
	"received from a domain": {match: func(f *facts, s Sample) bool {
		return f.name == event.NameReceived && has(f.from, "@"+s.Domain())
	}},
	"outgoing bounces":   {match: isEvent(event.NameOutgoingBounced)},
	"incoming bounces":   {match: isEvent(event.NameIncomingBounced)},
	"recipients of spam": {match: isSpam, key: recipient},
	"senders of spam":    {match: isSpam, key: sender},
	"why a subject went to spam": {match: func(f *facts, s Sample) bool {
		return isSpam(f, s) && has(f.subject, "invoice")
	}},
	"rules applied":          {match: isEvent(event.NameRuleApplied)},
	"received per recipient": {match: isEvent(event.NameReceived), key: recipient},
	"sent per sender":        {match: isEvent(event.NameSubmitted), key: sender},
	"events by hour": {match: func(*facts, Sample) bool { return true },
		key: func(f *facts) string { return f.time.Format("2006010215") }},
	"/(?i)text/ in the message": {match: func(f *facts, s Sample) bool {
		return bytes.Contains(bytes.ToLower(f.text), []byte(s.Sender))
	}, key: one},
	"newest 100 events": {match: func(*facts, Sample) bool { return true }, limit: 100},
}
