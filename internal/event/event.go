// Package event is the mail events that Waybill publishes: their names, fields,
// JSON and what makes one valid. It does no I/O and knows no other package.
//
// The shape is that of Amazon WorkMail's email event logs (WorkMail
// administrator guide, "Monitoring Amazon WorkMail email event logs"), one JSON
// object a log event:
//
//	{"eventTimestamp":1764021600123,"organizationId":"m-...","traceId":"...","event":{"eventName":"...",...}}
//
// Four events are Waybill's own, because Amazon has none for a deferral, a
// refusal before queueing and a discarded message; IsAmazon tells them apart.
// The shape is stable: fields may be added, never renamed, and schema.json states it.
package event

import "time"

// Event is one mail event of one organization.
type Event struct {
	// Timestamp is when it happened on the mail server, in epoch milliseconds.
	Timestamp int64
	// OrganizationID is "m-" and 32 hexadecimal digits.
	OrganizationID string
	// TraceID is the same for one accepted message and all that follows from it.
	TraceID string
	Body    Body
}

// Time returns the event's time, in UTC to the millisecond.
func (e Event) Time() time.Time { return time.UnixMilli(e.Timestamp).UTC() }

// Name returns the body's eventName, "" without a body.
func (e Event) Name() string {
	if e.Body == nil {
		return ""
	}
	return e.Body.Name()
}

// Body is the member "event" of an event, one type an eventName.
type Body interface {
	// Name is the eventName.
	Name() string
	// validate names the first field that is wrong.
	validate() error
}

// The names of Amazon WorkMail's nine events and of Waybill's own four.
const (
	NameReceived         = "ORGANIZATION_EMAIL_RECEIVED"
	NameDelivered        = "MAILBOX_EMAIL_DELIVERED"
	NameRuleApplied      = "RULE_APPLIED"
	NameJournaling       = "JOURNALING_INITIATED"
	NameIncomingBounced  = "INCOMING_EMAIL_BOUNCED"
	NameSubmitted        = "OUTGOING_EMAIL_SUBMITTED"
	NameSent             = "OUTGOING_EMAIL_SENT"
	NameOutgoingBounced  = "OUTGOING_EMAIL_BOUNCED"
	NameDMARCApplied     = "DMARC_POLICY_APPLIED"
	NameOutgoingDeferred = "OUTGOING_EMAIL_DEFERRED"
	NameIncomingDeferred = "INCOMING_EMAIL_DEFERRED"
	NameRejected         = "INCOMING_EMAIL_REJECTED"
	NameDiscarded        = "MAILBOX_EMAIL_DISCARDED"
)

// Names lists every eventName: Amazon's nine in the order of its guide, then Waybill's own.
var Names = []string{
	NameReceived, NameDelivered, NameRuleApplied, NameJournaling, NameIncomingBounced,
	NameSubmitted, NameSent, NameOutgoingBounced, NameDMARCApplied,
	NameOutgoingDeferred, NameIncomingDeferred, NameRejected, NameDiscarded,
}

// amazon is how many of Names are Amazon's.
const amazon = 9

// IsAmazon reports whether name is one of WorkMail's nine events. Those that are
// not can be turned off for an organization.
func IsAmazon(name string) bool {
	for _, n := range Names[:amazon] {
		if n == name {
			return true
		}
	}
	return false
}
