package corpus

import (
	"strings"

	"waybill/internal/event"
)

// Sample is what questions are asked about: a message that went out, and somebody
// who wrote from outside, both near the beginning of the corpus.
type Sample struct {
	// TraceID, MessageID, From and To are of the message; To is its first recipient.
	TraceID, MessageID, From, To string
	// Sender is the address of somebody outside.
	Sender string
}

// Domain is what follows the @ of Sender.
func (s Sample) Domain() string { return s.Sender[strings.IndexByte(s.Sender, '@')+1:] }

// Sample returns the same sample each time.
func (c Config) Sample() Sample {
	var s Sample
	n := 0
	for e := range c.All() {
		if n++; n < c.Events/50 {
			continue
		}
		switch b := e.Body.(type) {
		case event.OutgoingEmailSubmitted:
			if s.From == "" {
				s.TraceID, s.MessageID, s.From, s.To = e.TraceID, b.MessageID, b.From, b.Recipients[0]
			}
		case event.OrganizationEmailReceived:
			if s.Sender == "" && !strings.HasSuffix(b.From, "@"+Domain) {
				s.Sender = b.From
			}
		}
		if s.From != "" && s.Sender != "" {
			break
		}
	}
	return s
}
