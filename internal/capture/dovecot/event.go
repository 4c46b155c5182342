package dovecot

import (
	"encoding/json"
	"time"

	"waybill/internal/capture/logline"
	"waybill/internal/evidence"
)

// event is what is read of an exported event (event_export format json).
type event struct {
	Event    string    `json:"event"`
	Hostname string    `json:"hostname"`
	Start    time.Time `json:"start_time"`
	End      time.Time `json:"end_time"`
	Fields   struct {
		Session        string `json:"session"`
		User           string `json:"user"`
		Recipient      string `json:"rcpt_to"`
		Sender         string `json:"mail_from"`
		MessageID      string `json:"message_id"`
		From           string `json:"message_from"`
		Subject        string `json:"message_subject"`
		Error          string `json:"error"`
		Action         string `json:"action_name"`
		Mailbox        string `json:"fileinto_mailbox"`
		MailboxName    string `json:"fileinto_mailbox_name"`
		RedirectTarget string `json:"redirect_target"`
		Script         string `json:"script_name"`
		Location       string `json:"script_location"`
	} `json:"fields"`
}

// parseEvent reads an exported event; at is the log line's time, which the
// event's own, with its microseconds, replaces.
func parseEvent(text, host string, at time.Time, dst []evidence.Record) ([]evidence.Record, logline.Outcome) {
	var e event
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return dst, logline.Unparsed
	}
	fact, outcome := e.fact()
	if outcome != logline.Evidence {
		return dst, outcome
	}
	if !e.End.IsZero() {
		at = e.End
	} else if !e.Start.IsZero() {
		at = e.Start
	}
	if at.IsZero() {
		return dst, logline.Unparsed
	}
	if host == "" {
		host = e.Hostname
	}
	return append(dst, evidence.Record{Host: host, Time: at, Fact: fact}), logline.Evidence
}

func (e *event) fact() (evidence.Fact, logline.Outcome) {
	f := &e.Fields
	switch e.Event {
	case "mail_delivery_finished":
		if f.Session == "" {
			return nil, logline.Unparsed
		}
		return evidence.DeliveryFinished{Session: f.Session, User: f.User, Recipient: f.Recipient, Sender: f.Sender,
			MessageID: f.MessageID, From: f.From, Subject: f.Subject, Error: f.Error}, logline.Evidence
	case "sieve_action_finished":
		// A script that another process runs, such as imap, delivers nothing.
		if f.Session == "" || f.Recipient == "" || f.Error != "" {
			return nil, logline.Ignored
		}
		if f.Action == "" {
			return nil, logline.Unparsed
		}
		a := evidence.SieveAction{Session: f.Session, User: f.User, MessageID: f.MessageID, Action: f.Action,
			Target: e.target(), Script: f.Script, Location: f.Location}
		if a.User == "" {
			a.User = f.Recipient
		}
		return a, logline.Evidence
	}
	return nil, logline.Ignored
}

// target is the folder or address that the action was about. fileinto_mailbox
// is the name in the script, fileinto_mailbox_name the mailbox it meant.
func (e *event) target() string {
	for _, s := range [...]string{e.Fields.MailboxName, e.Fields.Mailbox, e.Fields.RedirectTarget} {
		if s != "" {
			return s
		}
	}
	return ""
}
