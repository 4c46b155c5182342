package evidence

// Saved is Dovecot's "save: box=..." (mail_log plugin), Pigeonhole's "stored
// mail into mailbox '...'" or plain LMTP's "saved mail to ...": one copy is in one mailbox.
type Saved struct {
	// Session is the LMTP session id with ":R<n>" for the n-th recipient.
	Session string `json:"session"`
	// User owns the mailbox.
	User      string `json:"user"`
	Folder    string `json:"folder"`
	MessageID string `json:"id,omitempty"`
	// From and Subject are as mail_log cuts them; empty where the line has none.
	From    string `json:"from,omitempty"`
	Subject string `json:"subject,omitempty"`
	// By tells which line it was: "mail_log", "sieve" or "lmtp". One copy may
	// be shown by more than one of them.
	By string `json:"by"`
}

// SieveAction is an action of a user's or the site's Sieve script (Pigeonhole),
// from its log line or its sieve_action_finished event.
type SieveAction struct {
	Session   string `json:"session"`
	User      string `json:"user"`
	MessageID string `json:"id,omitempty"`
	// Action is keep, fileinto, redirect, reject, discard or vacation.
	Action string `json:"action"`
	// Target is the folder (fileinto, keep) or address (redirect, reject, vacation).
	Target string `json:"target,omitempty"`
	// Script and Location name the rule ("main: line 3") where the event has them.
	Script   string `json:"script,omitempty"`
	Location string `json:"loc,omitempty"`
}

// StoreFailed is "failed to store into mailbox '...': reason".
type StoreFailed struct {
	Session   string `json:"session"`
	User      string `json:"user"`
	Folder    string `json:"folder,omitempty"`
	MessageID string `json:"id,omitempty"`
	Reason    string `json:"reason"`
}

// DeliveryFinished is Dovecot's event mail_delivery_finished: one recipient of
// one LMTP transaction is done with, well or not.
type DeliveryFinished struct {
	Session   string `json:"session"`
	User      string `json:"user,omitempty"`
	Recipient string `json:"to"`
	Sender    string `json:"from"`
	MessageID string `json:"id,omitempty"`
	// From and Subject are cut at about 128 bytes by Dovecot.
	From    string `json:"hfrom,omitempty"`
	Subject string `json:"subject,omitempty"`
	// Error is empty on success, discard, redirect and reject alike.
	Error string `json:"error,omitempty"`
}
