package evidence

import "time"

// Transaction is what a milter saw of one SMTP mail transaction, from MAIL to
// the end of the message or its abort (milter protocol version 6).
type Transaction struct {
	// QueueID is macro "i"; empty when every recipient was refused.
	QueueID string `json:"q,omitempty"`
	// Complete says that the end of the message was seen; a later milter or a
	// full disk may still refuse it, so only Queued is acceptance.
	Complete      bool   `json:"complete,omitempty"`
	ClientName    string `json:"name,omitempty"`
	ClientAddress string `json:"addr,omitempty"`
	// AuthUser is {auth_authen}; Daemon is {daemon_name}.
	AuthUser string `json:"auth,omitempty"`
	Daemon   string `json:"daemon,omitempty"`
	Sender   string `json:"from"`
	// EnvelopeID is the ENVID argument of MAIL (RFC 3461), xtext undecoded.
	EnvelopeID string            `json:"envid,omitempty"`
	Recipients []MilterRecipient `json:"rcpts,omitempty"`
	// The rest is from the header and empty when no header was shown.
	Header *Header `json:"header,omitempty"`
	// Received is when MAIL came, Ended when the transaction ended.
	Received time.Time `json:"received"`
	Ended    time.Time `json:"ended"`
}

// MilterRecipient is one RCPT of a transaction.
type MilterRecipient struct {
	Address string `json:"a"`
	// Mailer and Host are {rcpt_mailer} and {rcpt_host}: the transport Postfix
	// would use (lmtp, virtual, local, smtp, relay), or "error" for a refused
	// recipient, whose Host is then the RFC 3463 code and Reason the text.
	Mailer string `json:"m,omitempty"`
	Host   string `json:"h,omitempty"`
	Reason string `json:"r,omitempty"`
}

// Refused reports whether Postfix refused this recipient (SMFIP_RCPT_REJ).
func (r MilterRecipient) Refused() bool { return r.Mailer == "error" }

// Header is what mail events need of a message's header, unfolded and with
// encoded words decoded (RFC 2047).
type Header struct {
	MessageID string `json:"id,omitempty"`
	// From is the first address of the From field, SenderField that of Sender.
	From        string    `json:"from,omitempty"`
	SenderField string    `json:"sender,omitempty"`
	Subject     string    `json:"subject,omitempty"`
	Date        time.Time `json:"date,omitzero"`
	// AutoSubmitted is the Auto-Submitted field (RFC 3834).
	AutoSubmitted string `json:"auto,omitempty"`
	// ContentType is the Content-Type field's media type with its report-type
	// parameter, such as "multipart/report; report-type=delivery-status".
	ContentType string `json:"ctype,omitempty"`
	// AuthenticationResults holds every such field, newest (topmost) first, unfolded.
	AuthenticationResults []string `json:"ar,omitempty"`
	// Spam holds spam-filter fields (X-Spam, X-Spam-Flag, X-Spam-Status,
	// X-Spam-Action, X-Rspamd-Action), by canonical name.
	Spam map[string]string `json:"spam,omitempty"`
	// ReceivedSessions are the ids of the Received fields "with LMTP id ..." or
	// "id ...", topmost first: they join a redirected message to its delivery.
	ReceivedSessions []string `json:"rids,omitempty"`
	// RedirectedFrom is X-Sieve-Redirected-From.
	RedirectedFrom string `json:"redir,omitempty"`
	// ParentQueueID is X-Postfix-Queue-ID of a delivery status notification's
	// body, when a non_smtpd milter saw one.
	ParentQueueID string `json:"parent,omitempty"`
}
