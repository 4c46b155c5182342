package main

import (
	"fmt"
	"regexp"

	"waybill/bench/corpus"
)

// question is one question, in Logs Insights QL and, where it can say the same,
// in the engine's own language.
type question struct{ name, text, bare string }

// questions are the guide's ("Using CloudWatch Insights with Amazon WorkMail"),
// and those that docs/performance.md has aims for.
func questions(c corpus.Config) []question {
	s := c.Sample()
	fold := func(text string) string { return "/(?i)" + regexp.QuoteMeta(text) + "/" }
	re := func(text string) string { return fmt.Sprintf("%q", "(?i)"+regexp.QuoteMeta(text)) }
	const newest = ` | sort by (_time desc) limit 10000`
	return []question{
		{"trace id", `fields @timestamp, event.eventName, event.recipient | filter traceId = "` + s.TraceID + `" | sort @timestamp asc`,
			`traceId:="` + s.TraceID + `" | fields _time, event.eventName, event.recipient | sort by (_time) limit 10000`},
		{"Message-ID", `fields @timestamp, event.eventName, traceId | filter event.messageId like "` + s.MessageID + `" | sort @timestamp asc`,
			`"event.messageId":*"` + s.MessageID + `"* | fields _time, event.eventName, traceId | sort by (_time) limit 10000`},
		{"newest 100 of a sender", `fields @timestamp, event.subject | filter event.from = "` + s.Sender + `" | sort @timestamp desc | limit 100`,
			`"event.from":="` + s.Sender + `" | fields _time, event.subject | sort by (_time desc) limit 100`},
		{"newest 100 of a sender, any case", `fields @timestamp, event.subject | filter event.from like ` + fold(s.Sender) + ` | sort @timestamp desc | limit 100`,
			`"event.from":~` + re(s.Sender) + ` | fields _time, event.subject | sort by (_time desc) limit 100`},
		{"like /(?i)addr/ on a month", `fields @timestamp, traceId, event.subject | filter event.from like ` + fold(s.Sender) + ` | sort @timestamp desc`,
			`"event.from":~` + re(s.Sender) + ` | fields _time, traceId, event.subject` + newest},
		{"like /(?i)addr/, counted", `filter event.from like ` + fold(s.Sender) + ` | stats count(*)`,
			`"event.from":~` + re(s.Sender) + ` | stats count() n`},
		{"outgoing, from A to B", `fields @timestamp, traceId, event.subject | filter event.from like ` + fold(s.From) +
			` and event.eventName = "OUTGOING_EMAIL_SUBMITTED" and event.recipients.0 like ` + fold(s.To) + ` | sort @timestamp desc`,
			`"event.from":~` + re(s.From) + ` "event.eventName":="OUTGOING_EMAIL_SUBMITTED" "event.recipients.0":~` + re(s.To) +
				` | fields _time, traceId, event.subject` + newest},
		{"received from a domain", `fields @timestamp, event.from, event.subject | filter event.from like ` + fold("@"+s.Domain()) +
			` and event.eventName = "ORGANIZATION_EMAIL_RECEIVED" | sort @timestamp desc`,
			`"event.from":~` + re("@"+s.Domain()) + ` "event.eventName":="ORGANIZATION_EMAIL_RECEIVED" | fields _time, event.from, event.subject` + newest},
		{"outgoing bounces", `fields @timestamp, event.destination, event.reason | filter event.eventName = "OUTGOING_EMAIL_BOUNCED" | sort @timestamp desc`,
			`"event.eventName":="OUTGOING_EMAIL_BOUNCED" | fields _time, event.destination, event.reason` + newest},
		{"incoming bounces", `fields @timestamp, event.bouncedRecipient.emailAddress, event.bouncedRecipient.reason, event.bouncedRecipient.status` +
			` | filter event.eventName = "INCOMING_EMAIL_BOUNCED" | sort @timestamp desc`,
			`"event.eventName":="INCOMING_EMAIL_BOUNCED" | fields _time, event.bouncedRecipient.emailAddress, event.bouncedRecipient.reason, event.bouncedRecipient.status` + newest},
		{"recipients of spam", `stats count(*) as c by event.recipients.0 | filter event.eventName = "ORGANIZATION_EMAIL_RECEIVED" and event.spamVerdict = "FAIL" | sort c desc`,
			`"event.eventName":="ORGANIZATION_EMAIL_RECEIVED" "event.spamVerdict":="FAIL" | stats by ("event.recipients.0") count() c | sort by (c desc)`},
		{"senders of spam", `stats count(*) as c by event.from | filter event.eventName = "ORGANIZATION_EMAIL_RECEIVED" and event.spamVerdict = "FAIL" | sort c desc`,
			`"event.eventName":="ORGANIZATION_EMAIL_RECEIVED" "event.spamVerdict":="FAIL" | stats by ("event.from") count() c | sort by (c desc) limit 10000`},
		{"why a subject went to spam", `fields @timestamp, event.subject, event.spamVerdict, event.spfVerdict, event.dkimVerdict, event.dmarcVerdict` +
			` | filter event.eventName = "ORGANIZATION_EMAIL_RECEIVED" and event.subject like /(?i)invoice/ and event.spamVerdict = "FAIL" | sort @timestamp desc`,
			`"event.eventName":="ORGANIZATION_EMAIL_RECEIVED" "event.subject":~"(?i)invoice" "event.spamVerdict":="FAIL"` +
				` | fields _time, event.subject, event.spamVerdict, event.spfVerdict, event.dkimVerdict, event.dmarcVerdict` + newest},
		{"rules applied", `fields @timestamp, event.ruleName, event.ruleActions.0.action, event.ruleActions.0.recipients.0 | filter event.eventName = "RULE_APPLIED" | sort @timestamp desc`,
			`"event.eventName":="RULE_APPLIED" | fields _time, event.ruleName, event.ruleActions.0.action, event.ruleActions.0.recipients.0` + newest},
		{"received per recipient", `stats count(*) as c by event.recipients.0 | filter event.eventName = "ORGANIZATION_EMAIL_RECEIVED" | sort c desc`,
			`"event.eventName":="ORGANIZATION_EMAIL_RECEIVED" | stats by ("event.recipients.0") count() c | sort by (c desc)`},
		{"sent per sender", `stats count(*) as c by event.from | filter event.eventName = "OUTGOING_EMAIL_SUBMITTED" | sort c desc`,
			`"event.eventName":="OUTGOING_EMAIL_SUBMITTED" | stats by ("event.from") count() c | sort by (c desc) limit 10000`},
		{"events by hour", `stats count(*) by bin(1h)`, `* | stats by (_time:1h) count() c`},
		{"/(?i)text/ in the message", `filter @message like ` + fold(s.Sender) + ` | stats count(*)`, `_msg:~` + re(s.Sender) + ` | stats count() n`},
		{"newest 100 events", `fields @timestamp, @message` + ` | sort @timestamp desc | limit 100`, `* | fields _time, _msg | sort by (_time desc) limit 100`},
	}
}
