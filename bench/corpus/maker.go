package corpus

import (
	"fmt"
	"math/rand/v2"

	"waybill/internal/event"
)

// maker makes the events of one message after another.
type maker struct {
	*people
	seed uint64
	pcg  *rand.PCG

	n      int
	at     int64
	made   int
	events []event.Event
}

func newMaker(seed uint64) *maker {
	m := &maker{seed: seed, pcg: rand.NewPCG(seed, 0)}
	m.people = newPeople(rand.New(m.pcg))
	return m
}

// count numbers events.
func (m *maker) count() int {
	m.made++
	return m.made
}

// message returns the events of message n, which came at a time in epoch
// milliseconds. They are good until the next call.
func (m *maker) message(n int, at int64) []event.Event {
	m.pcg.Seed(m.seed, uint64(n)) // so that a message does not depend on those before it
	m.n, m.at, m.events = n, at, m.events[:0]
	switch kind := m.rng.IntN(100); {
	case kind < 63:
		m.incoming(m.id("in"), m.several(m.inside), m.outside(), m.messageID(otherDomain(n%domains)), 0)
	case kind < 73:
		m.refused()
	case kind < 94:
		m.outgoing(m.several(m.outside), m.inside(), m.messageID(Domain))
	default:
		id, to, from := m.messageID(Domain), m.several(m.inside), m.inside()
		m.outgoing(to, from, id)
		m.incoming(m.id("in"), to, from, id, 300)
	}
	return m.events
}

// id returns a trace id of the message.
func (m *maker) id(part string) string {
	return fmt.Sprintf("%s%08x%022x", map[string]string{"in": "a1", "out": "b2"}[part], uint32(m.n*2654435761), m.n)
}

func (m *maker) messageID(domain string) string {
	return fmt.Sprintf("<%d.%08x@mail.%s>", m.n, m.rng.Uint32(), domain)
}

// add adds an event that many milliseconds after the message.
func (m *maker) add(trace string, after int64, b event.Body) {
	m.events = append(m.events, event.Event{Timestamp: m.at + after, OrganizationID: OrganizationID, TraceID: trace, Body: b})
}

// chance is true in that share of the cases.
func (m *maker) chance(share float64) bool { return m.rng.Float64() < share }

// soon is a delay of delivery on one machine, in milliseconds.
func (m *maker) soon() int64 { return 40 + int64(m.rng.ExpFloat64()*150) }

func (m *maker) incoming(trace string, to []string, from, messageID string, after int64) {
	r := event.OrganizationEmailReceived{
		Recipients: to, From: from, Subject: m.subject(), MessageID: messageID, MessageTimestamp: m.at + after,
		SpamVerdict: event.Pass, DKIMVerdict: event.Pass, SPFVerdict: event.Pass, DMARCVerdict: event.Pass,
	}
	spam, forged := m.chance(0.06), m.chance(0.02)
	if spam {
		r.SpamVerdict, r.DKIMVerdict = event.Fail, event.Gray
	}
	if forged {
		r.DMARCVerdict, r.DMARCPolicy, r.SPFVerdict = event.Fail, event.PolicyQuarantine, event.Fail
	}
	m.add(trace, after, r)
	if forged {
		m.add(trace, after+5, event.DMARCPolicyApplied{From: from, Recipients: to, Policy: event.PolicyQuarantine})
	}
	if m.chance(0.3) {
		m.add(trace, after+10, event.RuleApplied{
			RuleName: "mark external", RuleType: event.InboundRule,
			RuleActions: []event.RuleAction{{Action: "ADD_HEADER", Recipients: to}},
		})
	}
	for _, recipient := range to {
		m.deliver(trace, recipient, after, spam || forged)
	}
}

func (m *maker) deliver(trace, recipient string, after int64, junk bool) {
	folder := "INBOX"
	switch {
	case junk:
		folder = "Junk Email"
	case m.chance(0.02):
		m.add(trace, after+m.soon(), event.MailboxEmailDiscarded{Recipient: recipient, RuleName: "newsletters"})
		return
	case m.chance(0.12):
		folder = "Projects"
		m.add(trace, after+30, event.RuleApplied{
			RuleName: "to " + folder, RuleType: event.MailboxRule, TargetFolder: folder,
			RuleActions: []event.RuleAction{{Action: "MOVE", Recipients: []string{recipient}}},
		})
	}
	if m.chance(0.02) {
		after += 300_000
		m.add(trace, after-300_000+m.soon(), event.IncomingEmailDeferred{Deferral: event.Deferral{
			Recipient: recipient, Attempt: 1, Status: "4.2.2", Reason: "452 4.2.2 <" + recipient + "> Quota exceeded", NextAttempt: m.at + after,
		}})
	}
	m.add(trace, after+m.soon(), event.MailboxEmailDelivered{Recipient: recipient, Folder: folder})
}

func (m *maker) refused() {
	trace, to := m.id("in"), m.inside()
	if m.chance(0.5) {
		to = fmt.Sprintf("unknown%d@%s", m.rng.IntN(5_000), Domain)
		m.add(trace, 0, event.IncomingEmailBounced{BouncedRecipient: event.BouncedRecipient{
			EmailAddress: to, Status: "5.1.1",
			Reason: "550 5.1.1 <" + to + ">: Recipient address rejected: User unknown in virtual mailbox table",
		}})
		return
	}
	m.add(trace, 0, event.IncomingEmailRejected{
		From: m.outside(), Recipient: to, Status: "5.7.1", ClientAddress: m.address(),
		Reason: "554 5.7.1 Service unavailable; Client host blocked using bl.test",
	})
}

func (m *maker) address() string {
	return fmt.Sprintf("198.51.%d.%d", 100+m.rng.IntN(4), 1+m.rng.IntN(254))
}

func (m *maker) outgoing(to []string, from, messageID string) {
	trace := m.id("out")
	m.add(trace, 0, event.OutgoingEmailSubmitted{Recipients: to, From: from, Subject: m.subject(), MessageID: messageID})
	for _, recipient := range to {
		m.send(trace, recipient, from, messageID)
	}
}

func (m *maker) send(trace, recipient, from, messageID string) {
	after, fate := int64(300)+m.soon(), m.rng.Float64()
	for attempt, wait := 1, int64(300_000); fate < 0.05 && attempt <= 4; attempt, wait = attempt+1, 2*wait {
		m.add(trace, after, event.OutgoingEmailDeferred{Deferral: event.Deferral{
			Recipient: recipient, Attempt: attempt, Status: "4.4.1", NextAttempt: m.at + after + wait,
			Reason: "connect to mx." + recipient[len(recipient)-8:] + "[" + m.address() + "]:25: Connection timed out",
		}})
		after += wait
		if m.chance(0.6) {
			break
		}
	}
	if fate < 0.01 || fate > 0.97 {
		b := event.BouncedRecipient{EmailAddress: recipient, Status: "5.1.1",
			Reason: "host mx.test[" + m.address() + "] said: 550 5.1.1 <" + recipient + ">: user unknown (in reply to RCPT TO command)"}
		m.add(trace, after, event.OutgoingEmailBounced{BouncedRecipient: b, Destination: recipient, Reason: b.Reason})
		return
	}
	m.add(trace, after, event.OutgoingEmailSent{Recipient: recipient, From: from, MessageID: messageID})
}
