package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// Marshal writes the event as the one JSON object of a log event, its members in
// the order of the types' fields. Angle brackets stand as they are, so that a
// Message-ID is found by its own spelling.
func Marshal(e Event) ([]byte, error) {
	if e.Body == nil {
		return nil, fmt.Errorf("encode mail event: no body")
	}
	body, err := encode(e.Body)
	if err != nil {
		return nil, fmt.Errorf("encode mail event %s: %w", e.Name(), err)
	}
	org, err := encode(e.OrganizationID)
	if err != nil {
		return nil, err
	}
	trace, err := encode(e.TraceID)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(`{"eventTimestamp":`)
	b.WriteString(strconv.FormatInt(e.Timestamp, 10))
	b.WriteString(`,"organizationId":`)
	b.Write(org)
	b.WriteString(`,"traceId":`)
	b.Write(trace)
	b.WriteString(`,"event":{"eventName":"`)
	b.WriteString(e.Name())
	b.WriteString(`",`)
	b.Write(body[1:]) // every body has at least one member that is never omitted
	b.WriteByte('}')
	return b.Bytes(), nil
}

// MarshalJSON is Marshal for encoding/json, which escapes angle brackets again
// unless its encoder is told not to.
func (e Event) MarshalJSON() ([]byte, error) { return Marshal(e) }

// encode is json.Marshal without HTML's escapes.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// bodies makes a body of each eventName from its JSON.
var bodies = map[string]func([]byte) (Body, error){
	NameReceived:         decode[OrganizationEmailReceived],
	NameDelivered:        decode[MailboxEmailDelivered],
	NameRuleApplied:      decode[RuleApplied],
	NameJournaling:       decode[JournalingInitiated],
	NameIncomingBounced:  decode[IncomingEmailBounced],
	NameSubmitted:        decode[OutgoingEmailSubmitted],
	NameSent:             decode[OutgoingEmailSent],
	NameOutgoingBounced:  decode[OutgoingEmailBounced],
	NameDMARCApplied:     decode[DMARCPolicyApplied],
	NameOutgoingDeferred: decode[OutgoingEmailDeferred],
	NameIncomingDeferred: decode[IncomingEmailDeferred],
	NameRejected:         decode[IncomingEmailRejected],
	NameDiscarded:        decode[MailboxEmailDiscarded],
}

func decode[B Body](data []byte) (Body, error) {
	var b B
	err := json.Unmarshal(data, &b)
	return b, err
}

// Decode reads what Marshal wrote. Members that this version does not know are
// passed over (fields may be added); an unknown eventName is an error.
func Decode(data []byte) (Event, error) {
	var e Event
	err := json.Unmarshal(data, &e)
	return e, err
}

// UnmarshalJSON is Decode for encoding/json.
func (e *Event) UnmarshalJSON(data []byte) error {
	var raw struct {
		Timestamp      int64           `json:"eventTimestamp"`
		OrganizationID string          `json:"organizationId"`
		TraceID        string          `json:"traceId"`
		Event          json.RawMessage `json:"event"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return fmt.Errorf("decode mail event: %w", err)
	}
	var named struct {
		Name string `json:"eventName"`
	}
	if err := json.Unmarshal(raw.Event, &named); err != nil {
		return fmt.Errorf("decode mail event: member event: %w", err)
	}
	dec, ok := bodies[named.Name]
	if !ok {
		return fmt.Errorf("decode mail event: unknown eventName %q", named.Name)
	}
	body, err := dec(raw.Event)
	if err != nil {
		return fmt.Errorf("decode mail event %s: %w", named.Name, err)
	}
	*e = Event{Timestamp: raw.Timestamp, OrganizationID: raw.OrganizationID, TraceID: raw.TraceID, Body: body}
	return nil
}
