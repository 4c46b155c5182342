package event

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
)

var organizationID = regexp.MustCompile(`^m-[0-9a-f]{32}$`)

// Validate says which field of the event is wrong, nil when none is. It agrees
// with schema.json.
func (e Event) Validate() error {
	switch {
	case e.Body == nil:
		return errors.New("mail event: no body")
	case e.Timestamp <= 0:
		return fmt.Errorf("mail event %s: eventTimestamp %d is not positive", e.Name(), e.Timestamp)
	case !organizationID.MatchString(e.OrganizationID):
		return fmt.Errorf(`mail event %s: organizationId %q is not "m-" and 32 hexadecimal digits`, e.Name(), e.OrganizationID)
	case e.TraceID == "":
		return fmt.Errorf("mail event %s: traceId is empty", e.Name())
	}
	if err := e.Body.validate(); err != nil {
		return fmt.Errorf("mail event %s: %w", e.Name(), err)
	}
	return nil
}

func (b OrganizationEmailReceived) validate() error {
	if err := addresses("recipients", b.Recipients); err != nil {
		return err
	}
	for _, v := range []struct {
		field   string
		verdict Verdict
	}{
		{"spamVerdict", b.SpamVerdict}, {"dkimVerdict", b.DKIMVerdict},
		{"spfVerdict", b.SPFVerdict}, {"dmarcVerdict", b.DMARCVerdict},
	} {
		if v.verdict != "" && !slices.Contains([]Verdict{Pass, Fail, Gray, ProcessingFailed}, v.verdict) {
			return fmt.Errorf("%s %q is not a verdict", v.field, v.verdict)
		}
	}
	if b.DMARCPolicy != "" && b.DMARCVerdict != Fail {
		return fmt.Errorf("dmarcPolicy stands beside dmarcVerdict %q; it belongs to FAIL alone", b.DMARCVerdict)
	}
	if b.MessageTimestamp <= 0 {
		return fmt.Errorf("messageTimestamp %d is not positive", b.MessageTimestamp)
	}
	return policy("dmarcPolicy", b.DMARCPolicy, true)
}

func (b MailboxEmailDelivered) validate() error {
	return present("recipient", b.Recipient, "folder", b.Folder)
}

func (b RuleApplied) validate() error {
	if err := present("ruleName", b.RuleName); err != nil {
		return err
	}
	if !slices.Contains([]RuleType{InboundRule, OutboundRule, MailboxRule}, b.RuleType) {
		return fmt.Errorf("ruleType %q is not a rule type", b.RuleType)
	}
	if len(b.RuleActions) == 0 {
		return errors.New("ruleActions is empty")
	}
	for i, a := range b.RuleActions {
		if a.Action == "" || a.Recipients == nil {
			return fmt.Errorf("ruleActions[%d] lacks action or recipients", i)
		}
	}
	return nil
}

func (b JournalingInitiated) validate() error {
	return present("journalingAddress", b.JournalingAddress)
}

func (b BouncedRecipient) validate() error {
	return present("bouncedRecipient.emailAddress", b.EmailAddress, "bouncedRecipient.reason", b.Reason, "bouncedRecipient.status", b.Status)
}

func (b IncomingEmailBounced) validate() error { return b.BouncedRecipient.validate() }

func (b OutgoingEmailSubmitted) validate() error { return addresses("recipients", b.Recipients) }

func (b OutgoingEmailSent) validate() error { return present("recipient", b.Recipient) }

func (b OutgoingEmailBounced) validate() error {
	if err := b.BouncedRecipient.validate(); err != nil {
		return err
	}
	return present("destination", b.Destination, "reason", b.Reason)
}

func (b DMARCPolicyApplied) validate() error {
	if err := addresses("recipients", b.Recipients); err != nil {
		return err
	}
	return policy("policy", b.Policy, false)
}

func (b Deferral) validate() error {
	if b.Attempt < 1 {
		return fmt.Errorf("attempt %d is not counted from 1", b.Attempt)
	}
	return present("recipient", b.Recipient, "reason", b.Reason, "status", b.Status)
}

func (b IncomingEmailRejected) validate() error {
	return present("reason", b.Reason, "status", b.Status)
}

func (b MailboxEmailDiscarded) validate() error {
	return present("recipient", b.Recipient, "ruleName", b.RuleName)
}

// present takes pairs of a field's name and value.
func present(pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			return fmt.Errorf("%s is empty", pairs[i])
		}
	}
	return nil
}

func addresses(field string, list []string) error {
	if len(list) == 0 {
		return fmt.Errorf("%s is empty", field)
	}
	if i := slices.Index(list, ""); i >= 0 {
		return fmt.Errorf("%s[%d] is empty", field, i)
	}
	return nil
}

func policy(field string, p Policy, optional bool) error {
	if p == "" && optional {
		return nil
	}
	if !slices.Contains([]Policy{PolicyNone, PolicyQuarantine, PolicyReject}, p) {
		return fmt.Errorf("%s %q is not a DMARC policy", field, p)
	}
	return nil
}
