package event

// Verdict is the outcome of a check on an incoming message.
type Verdict string

// The verdicts of WorkMail. Gray is "neither way" (nothing to check, or neutral).
const (
	Pass             Verdict = "PASS"
	Fail             Verdict = "FAIL"
	Gray             Verdict = "GRAY"
	ProcessingFailed Verdict = "PROCESSING_FAILED"
)

// Policy is the policy that a From domain publishes for DMARC (RFC 7489 section 6.3, "p=").
type Policy string

// The DMARC policies as WorkMail writes them.
const (
	PolicyNone       Policy = "NONE"
	PolicyQuarantine Policy = "QUARANTINE"
	PolicyReject     Policy = "REJECT"
)

// RuleType says whose rule was applied.
type RuleType string

// The rule types of WorkMail: an organization's rule on mail coming in or going
// out, or the rule of a mailbox's owner.
const (
	InboundRule  RuleType = "INBOUND_RULE"
	OutboundRule RuleType = "OUTBOUND_RULE"
	MailboxRule  RuleType = "MAILBOX_RULE"
)

// OrganizationEmailReceived: the organization accepted a message; once a message.
type OrganizationEmailReceived struct {
	// Recipients are all intended recipients.
	Recipients []string `json:"recipients"`
	// Sender is present only when the message was sent on behalf of another.
	Sender string `json:"sender,omitempty"`
	// From is the From field's address, or the envelope sender where only a log was seen.
	From string `json:"from"`
	// Subject is absent where no header was seen.
	Subject string `json:"subject,omitempty"`
	// MessageID is the Message-ID field with its brackets.
	MessageID    string  `json:"messageId"`
	SpamVerdict  Verdict `json:"spamVerdict,omitempty"`
	DKIMVerdict  Verdict `json:"dkimVerdict,omitempty"`
	SPFVerdict   Verdict `json:"spfVerdict,omitempty"`
	DMARCVerdict Verdict `json:"dmarcVerdict,omitempty"`
	// DMARCPolicy is present only when DMARCVerdict is FAIL.
	DMARCPolicy Policy `json:"dmarcPolicy,omitempty"`
	// MessageTimestamp is when the server took the message, in epoch milliseconds.
	MessageTimestamp int64 `json:"messageTimestamp"`
}

// MailboxEmailDelivered: one copy was put in a mailbox.
type MailboxEmailDelivered struct {
	Recipient string `json:"recipient"`
	// Folder is the mailbox's folder, "INBOX" unless a rule chose another.
	Folder string `json:"folder"`
	// OriginalRecipient is the intended recipient that an alias or a rule turned
	// into Recipient; absent when they are the same. Waybill's addition, here and
	// in the other events of one recipient.
	OriginalRecipient string `json:"originalRecipient,omitempty"`
}

// RuleApplied: a mail flow rule was applied to a message.
type RuleApplied struct {
	RuleName    string       `json:"ruleName"`
	RuleType    RuleType     `json:"ruleType"`
	RuleActions []RuleAction `json:"ruleActions"`
	// TargetFolder is that of a mailbox rule's Move or Copy.
	TargetFolder string `json:"targetFolder,omitempty"`
	// TargetRecipient is that of a mailbox rule's Forward or Redirect.
	TargetRecipient string `json:"targetRecipient,omitempty"`
}

// RuleAction is what a rule did for some of the recipients.
type RuleAction struct {
	Action     string   `json:"action"`
	Recipients []string `json:"recipients"`
}

// JournalingInitiated: a copy goes to the journaling address.
type JournalingInitiated struct {
	JournalingAddress string `json:"journalingAddress"`
}

// BouncedRecipient is a recipient that the message could not be delivered to.
type BouncedRecipient struct {
	EmailAddress string `json:"emailAddress"`
	// Reason is the server's text.
	Reason string `json:"reason"`
	// Status is an RFC 3463 code ("5.1.1"), or the SMTP reply code without one.
	Status string `json:"status"`
}

// IncomingEmailBounced: an incoming message cannot be delivered to one recipient.
type IncomingEmailBounced struct {
	BouncedRecipient  BouncedRecipient `json:"bouncedRecipient"`
	OriginalRecipient string           `json:"originalRecipient,omitempty"`
}

// OutgoingEmailSubmitted: a user submitted a message.
type OutgoingEmailSubmitted struct {
	// Recipients are those of To, CC and BCC.
	Recipients []string `json:"recipients"`
	Sender     string   `json:"sender,omitempty"`
	From       string   `json:"from"`
	Subject    string   `json:"subject,omitempty"`
	// MessageID is Waybill's addition to WorkMail's fields.
	MessageID string `json:"messageId,omitempty"`
}

// OutgoingEmailSent: the destination accepted the message for one recipient.
type OutgoingEmailSent struct {
	Recipient         string `json:"recipient"`
	Sender            string `json:"sender,omitempty"`
	From              string `json:"from"`
	MessageID         string `json:"messageId"`
	OriginalRecipient string `json:"originalRecipient,omitempty"`
}

// OutgoingEmailBounced: an outgoing message cannot be delivered to one recipient.
type OutgoingEmailBounced struct {
	BouncedRecipient BouncedRecipient `json:"bouncedRecipient"`
	// Destination is the recipient's address and Reason the server's text: the
	// guide's query on outgoing bounces asks for them under these names.
	Destination       string `json:"destination"`
	Reason            string `json:"reason"`
	OriginalRecipient string `json:"originalRecipient,omitempty"`
}

// DMARCPolicyApplied: a DMARC policy was applied to a message to the organization.
type DMARCPolicyApplied struct {
	From       string   `json:"from"`
	Recipients []string `json:"recipients"`
	Policy     Policy   `json:"policy"`
}

// Deferral is one failed delivery attempt that will be tried again.
type Deferral struct {
	Recipient string `json:"recipient"`
	// Attempt counts the attempts for this recipient from 1.
	Attempt int `json:"attempt"`
	// Reason and Status are as in BouncedRecipient.
	Reason string `json:"reason"`
	Status string `json:"status"`
	// NextAttempt is in epoch milliseconds, absent where it is not known.
	NextAttempt       int64  `json:"nextAttempt,omitempty"`
	OriginalRecipient string `json:"originalRecipient,omitempty"`
}

// OutgoingEmailDeferred is Waybill's own.
type OutgoingEmailDeferred struct{ Deferral }

// IncomingEmailDeferred is Waybill's own.
type IncomingEmailDeferred struct{ Deferral }

// IncomingEmailRejected is Waybill's own: a message was refused before it was in the queue.
type IncomingEmailRejected struct {
	// From is the envelope sender ("" is the null reverse-path) or the From
	// field's address where it was seen.
	From string `json:"from"`
	// Recipient is absent when the refusal came before one was named.
	Recipient string `json:"recipient,omitempty"`
	Reason    string `json:"reason"`
	Status    string `json:"status"`
	// ClientAddress is the SMTP client's IP address.
	ClientAddress string `json:"clientAddress,omitempty"`
}

// MailboxEmailDiscarded is Waybill's own: a rule threw the message away.
type MailboxEmailDiscarded struct {
	Recipient         string `json:"recipient"`
	RuleName          string `json:"ruleName"`
	OriginalRecipient string `json:"originalRecipient,omitempty"`
}

// Name returns the eventName.
func (OrganizationEmailReceived) Name() string { return NameReceived }

// Name returns the eventName.
func (MailboxEmailDelivered) Name() string { return NameDelivered }

// Name returns the eventName.
func (RuleApplied) Name() string { return NameRuleApplied }

// Name returns the eventName.
func (JournalingInitiated) Name() string { return NameJournaling }

// Name returns the eventName.
func (IncomingEmailBounced) Name() string { return NameIncomingBounced }

// Name returns the eventName.
func (OutgoingEmailSubmitted) Name() string { return NameSubmitted }

// Name returns the eventName.
func (OutgoingEmailSent) Name() string { return NameSent }

// Name returns the eventName.
func (OutgoingEmailBounced) Name() string { return NameOutgoingBounced }

// Name returns the eventName.
func (DMARCPolicyApplied) Name() string { return NameDMARCApplied }

// Name returns the eventName.
func (OutgoingEmailDeferred) Name() string { return NameOutgoingDeferred }

// Name returns the eventName.
func (IncomingEmailDeferred) Name() string { return NameIncomingDeferred }

// Name returns the eventName.
func (IncomingEmailRejected) Name() string { return NameRejected }

// Name returns the eventName.
func (MailboxEmailDiscarded) Name() string { return NameDiscarded }
