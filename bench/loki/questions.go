package main

import (
	"regexp"
	"time"

	"waybill/bench/corpus"
	"waybill/internal/event"
)

// question is one of bench/insights in LogQL, as somebody writes it who knows
// Loki: the event's label first, then line filters, and a parser for what is left.
type question struct {
	name, text string
	// limit is of lines, in the direction.
	limit     int
	direction string
	// step is of a count by time.
	step time.Duration
}

// Parsers for one field, after the line filters. A pattern takes a fifth less than
// json where millions of lines are left, and is as good for an address.
const (
	from      = " | pattern `<_>\"from\":\"<sender>\"<_>`"
	recipient = " | pattern `<_>\"recipients\":[\"<recipient>\"<_>`" // the first
	subject   = ` | json subject="event.subject"`
)

func questions(c corpus.Config) []question {
	s := c.Sample()
	const all = `{job="mail"}`
	of := labels
	has := func(text string) string { return " |= `" + text + "`" }
	fold := func(text string) string { return " |~ `(?i)" + regexp.QuoteMeta(text) + "`" }
	is := func(field, text string) string { return " | " + field + "=~`(?i).*" + regexp.QuoteMeta(text) + ".*`" }
	counted := func(lines string) string { return `sum(count_over_time(` + lines + ` [30d]))` }
	by := func(field, lines string) string {
		return `topk(10000, sum by (` + field + `) (count_over_time(` + lines + ` [30d])))`
	}
	newest := func(n int, name, text string) question {
		return question{name: name, text: text, limit: n, direction: "backward"}
	}
	spam := has(`"spamVerdict":"FAIL"`)
	bySender := all + fold(s.Sender) + from + is("sender", s.Sender)
	return []question{
		{name: "trace id", text: all + has(s.TraceID), limit: corpus.MaxRows, direction: "forward"},
		{name: "Message-ID", text: all + has(s.MessageID), limit: corpus.MaxRows, direction: "forward"},
		newest(100, "newest 100 of a sender", all+has(s.Sender)+has(`"from":"`+s.Sender+`"`)),
		newest(100, "newest 100 of a sender, any case", bySender),
		newest(corpus.MaxRows, "like /(?i)addr/ on a month", bySender),
		{name: "like /(?i)addr/, counted", text: counted(bySender)},
		newest(corpus.MaxRows, "outgoing, from A to B", of(event.NameSubmitted)+fold(s.From)+fold(s.To)+
			from+recipient+is("sender", s.From)+is("recipient", s.To)),
		newest(corpus.MaxRows, "received from a domain", of(event.NameReceived)+fold("@"+s.Domain())+from+is("sender", "@"+s.Domain())),
		newest(corpus.MaxRows, "outgoing bounces", of(event.NameOutgoingBounced)),
		newest(corpus.MaxRows, "incoming bounces", of(event.NameIncomingBounced)),
		{name: "recipients of spam", text: by("recipient", of(event.NameReceived)+spam+recipient)},
		{name: "senders of spam", text: by("sender", of(event.NameReceived)+spam+from)},
		newest(corpus.MaxRows, "why a subject went to spam", of(event.NameReceived)+spam+fold("invoice")+subject+is("subject", "invoice")),
		newest(corpus.MaxRows, "rules applied", of(event.NameRuleApplied)),
		{name: "received per recipient", text: by("recipient", of(event.NameReceived)+recipient)},
		{name: "sent per sender", text: by("sender", of(event.NameSubmitted)+from)},
		{name: "events by hour", text: `sum(count_over_time(` + all + ` [1h]))`, step: time.Hour},
		{name: "/(?i)text/ in the message", text: counted(all + fold(s.Sender))},
		newest(100, "newest 100 events", all),
	}
}
