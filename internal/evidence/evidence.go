// Package evidence says what one mail server showed: typed facts, each from one
// log line or one milter transaction, with no opinion about the message they
// belong to. capture makes them, the spool keeps them, mailtrace joins them.
//
// Addresses are as the server showed them, without angle brackets ("" is the
// null reverse-path, RFC 5321 section 4.5.5); Message-IDs keep their brackets.
package evidence

import "time"

// Record is one fact and where it comes from.
type Record struct {
	// Source names the configured source that saw it.
	Source string
	// Host is the mail server's name as the log gives it; it may differ from
	// line to line in one file (Postfix logs each service's own myhostname).
	Host string
	// Time is when it happened by the server's clock, as exactly as it says
	// (RFC 3164 stamps have whole seconds).
	Time time.Time
	Fact Fact
}

// Fact is one of the types of this package.
type Fact interface {
	// kind is the stable tag in the spool's encoding.
	kind() string
}

// Client is Postfix smtpd's "QID: client=..." line: a queue file was opened for
// a message coming in by SMTP (smtpd(8)).
type Client struct {
	QueueID string `json:"q"`
	// Name and Address are those of the SMTP client; Name is "unknown" when it
	// has no verified name.
	Name    string `json:"name,omitempty"`
	Address string `json:"addr,omitempty"`
	// SASLUser is the authenticated user, empty without authentication.
	SASLUser string `json:"sasl,omitempty"`
	// OriginQueueID is what a content filter handed back by XFORWARD: the queue
	// id this message had before the filter.
	OriginQueueID string `json:"origq,omitempty"`
	// Service is the syslog name's part before the daemon ("submission",
	// "reinject"), empty for a plain "postfix/smtpd".
	Service string `json:"svc,omitempty"`
}

// Pickup is a message put into the queue by local sendmail(1) (pickup(8)).
type Pickup struct {
	QueueID string `json:"q"`
	UID     string `json:"uid,omitempty"`
	Sender  string `json:"from"`
	// OriginQueueID is the queue id that the message had before "postsuper -r"
	// put it through pickup again.
	OriginQueueID string `json:"origq,omitempty"`
}

// MessageID is cleanup(8)'s "QID: message-id=..." line. It may come twice, and
// a message may still be refused after it.
type MessageID struct {
	QueueID string `json:"q"`
	ID      string `json:"id"`
}

// Subject is a header_checks INFO line "QID: info: header Subject: ...". Postfix
// cuts the text at 200 bytes.
type Subject struct {
	QueueID string `json:"q"`
	Text    string `json:"text"`
}

// Queued is qmgr(8)'s "QID: from=<>, size=, nrcpt= (queue active)": the message
// is accepted and in the queue. Repeats on every retry.
type Queued struct {
	QueueID string `json:"q"`
	Sender  string `json:"from"`
	// Size is in bytes; Recipients counts queue-file recipients after alias expansion.
	Size       int64 `json:"size,omitempty"`
	Recipients int   `json:"n,omitempty"`
}

// Status is the word after "status=" of a delivery line.
type Status string

// The outcomes of one delivery attempt that Postfix's delivery agents log.
const (
	Sent        Status = "sent"
	Bounced     Status = "bounced"
	Deferred    Status = "deferred"
	Deliverable Status = "deliverable"   // sendmail -bv and address verification probes
	Undelivered Status = "undeliverable" // likewise
)

// Attempt is a delivery agent's line "QID: to=<>, ... status=...".
type Attempt struct {
	QueueID   string `json:"q"`
	Recipient string `json:"to"`
	// OriginalRecipient is orig_to=: the address before alias expansion; empty
	// when it is the same.
	OriginalRecipient string `json:"orig,omitempty"`
	// Agent is the delivery agent: smtp, lmtp, local, virtual, pipe, error, discard.
	Agent string `json:"agent"`
	// Relay is relay= as logged: "none", "host[address]:port", or an agent's own word.
	Relay string `json:"relay,omitempty"`
	// Delay is the time since arrival.
	Delay time.Duration `json:"delay,omitempty"`
	// EnhancedStatus is dsn=, an RFC 3463 code such as "5.1.1".
	EnhancedStatus string `json:"dsn,omitempty"`
	Status         Status `json:"status"`
	// Text is what stands in the last parentheses: the remote reply or the reason.
	Text string `json:"text,omitempty"`
	// NextQueueID is the id in a reply "queued as ID" (the next hop's own queue id).
	NextQueueID string `json:"nextq,omitempty"`
	// Session is the Dovecot LMTP session id in a reply "<rcpt> SESSION Saved",
	// with ":R<n>" for the n-th recipient of one transaction.
	Session string `json:"session,omitempty"`
}

// Expired is qmgr's "QID: from=<>, status=expired, returned to sender": every
// recipient still deferred is given up.
type Expired struct {
	QueueID string `json:"q"`
	Sender  string `json:"from"`
}

// NotificationKind tells which notice bounce(8) made.
type NotificationKind string

// The notices of bounce(8).
const (
	NonDelivery           NotificationKind = "sender non-delivery"
	Delay                 NotificationKind = "sender delay"
	DeliveryStatus        NotificationKind = "sender delivery status"
	PostmasterNonDelivery NotificationKind = "postmaster non-delivery"
	PostmasterDelay       NotificationKind = "postmaster delay"
)

// Notification is bounce(8)'s "QID: sender non-delivery notification: CHILD".
type Notification struct {
	QueueID string           `json:"q"`
	Kind    NotificationKind `json:"kind"`
	ChildID string           `json:"child"`
}

// Removed is "QID: removed": the queue id is free to be used again.
type Removed struct {
	QueueID string `json:"q"`
}

// Released is postsuper(1)'s "QID: released from hold".
type Released struct {
	QueueID string `json:"q"`
}

// Rejected is a refusal before or during queueing: smtpd's "reject:" (QueueID is
// empty for NOQUEUE) or "milter-reject:", cleanup's "reject:".
type Rejected struct {
	QueueID string `json:"q,omitempty"`
	// Stage is the SMTP stage as logged: CONNECT, EHLO, MAIL, RCPT, DATA, END-OF-MESSAGE, or "header".
	Stage         string `json:"stage"`
	Milter        bool   `json:"milter,omitempty"`
	ClientName    string `json:"name,omitempty"`
	ClientAddress string `json:"addr,omitempty"`
	// Code is the SMTP reply code where the line has one; EnhancedStatus its RFC 3463 code.
	Code           int    `json:"code,omitempty"`
	EnhancedStatus string `json:"dsn,omitempty"`
	Reason         string `json:"reason"`
	Sender         string `json:"from"`
	// Recipient is empty when the refusal concerns the whole message.
	Recipient string `json:"to,omitempty"`
}

// CleanupAction is an access, header or milter action other than a refusal:
// "QID: redirect: header Subject: ... from CLIENT; from=<> to=<> proto= helo=<>: text".
type CleanupAction struct {
	// QueueID is empty when smtpd acted before a queue file was opened (NOQUEUE).
	QueueID string `json:"q,omitempty"`
	// Action is the word: redirect, discard, hold, filter, bcc, prepend, replace, milter-hold, milter-discard, ...
	Action    string `json:"action"`
	Sender    string `json:"from"`
	Recipient string `json:"to,omitempty"`
	// Text is the rule's own text after the last ": ", for redirect and bcc an address.
	Text string `json:"text,omitempty"`
}

// TooLarge is "warning: QID: queue file size limit exceeded": the client is
// answered 552 without a reject line.
type TooLarge struct {
	QueueID string `json:"q"`
}
