package dovecot

import (
	"strings"

	"waybill/internal/capture/logline"
	"waybill/internal/evidence"
)

// phrases are what deliver_log_format's "msgid=%m: %$" can end in, with and
// without the action's name before.
var phrases = [...]string{
	"stored mail into mailbox '", "failed to store into mailbox '",
	"saved mail to ", "save failed to ", "forwarded to <", "rejected message from <",
	"Marked message to be discarded", "sent vacation response to <",
}

// result reads "MSGID: PHRASE" and "MSGID: fileinto action: PHRASE", where the
// Message-ID may hold anything.
func (d delivery) result(s, by string, dst []evidence.Record) ([]evidence.Record, logline.Outcome) {
	at, phrase := -1, ""
	for _, p := range phrases {
		if i := strings.LastIndex(s, ": "+p); i > at {
			at, phrase = i, p
		}
	}
	if at < 0 {
		return d.remark(s, dst)
	}
	value := s[at+len(": ")+len(phrase):]
	id := s[:at]
	action := ""
	if i := strings.LastIndex(id, ": "); i >= 0 {
		if name, ok := strings.CutSuffix(id[i+2:], " action"); ok && isWord(name) {
			id, action = id[:i], name
		}
	}
	return d.phrase(messageID(id), action, phrase, value, by, dst)
}

func (d delivery) phrase(id, action, phrase, value, by string, dst []evidence.Record) ([]evidence.Record, logline.Outcome) {
	act := evidence.SieveAction{Session: d.session, User: d.user, MessageID: id}
	switch phrase {
	case "stored mail into mailbox '":
		act.Action, act.Target = action, cutQuote(value)
		if action == "fileinto" {
			dst = append(dst, d.record(act))
		}
		return d.saved(id, act.Target, by, dst)
	case "saved mail to ":
		return d.saved(id, value, by, dst)
	case "failed to store into mailbox '":
		folder, reason, _ := strings.Cut(value, "': ")
		return d.failed(id, folder, reason, dst)
	case "save failed to ":
		value = strings.TrimPrefix(value, "open mailbox ")
		folder, reason, _ := strings.Cut(value, ": ")
		return d.failed(id, folder, reason, dst)
	case "forwarded to <":
		act.Action, act.Target = "redirect", cutAngle(value)
	case "rejected message from <":
		act.Action, act.Target = "reject", cutAngle(value)
	case "sent vacation response to <":
		act.Action, act.Target = "vacation", cutAngle(value)
	default:
		act.Action = "discard"
	}
	return append(dst, d.record(act)), logline.Evidence
}

func (d delivery) saved(id, folder, by string, dst []evidence.Record) ([]evidence.Record, logline.Outcome) {
	f := evidence.Saved{Session: d.session, User: d.user, Folder: folder, MessageID: id, By: by}
	return append(dst, d.record(f)), logline.Evidence
}

func (d delivery) failed(id, folder, reason string, dst []evidence.Record) ([]evidence.Record, logline.Outcome) {
	f := evidence.StoreFailed{Session: d.session, User: d.user, Folder: folder, MessageID: id, Reason: logline.Unescape(reason)}
	return append(dst, d.record(f)), logline.Evidence
}

// remark tells a line that Pigeonhole writes beside an action's result, such as
// "discarded duplicate forward to <...>", from one whose form is not known.
func (d delivery) remark(s string, dst []evidence.Record) ([]evidence.Record, logline.Outcome) {
	for _, p := range [...]string{" action: discarded ", " action: discarding ", " action: suppressed ", " action: sent mail notification", " action: not "} {
		if strings.Contains(s, p) {
			return dst, logline.Ignored
		}
	}
	return dst, logline.Unparsed
}

// cutQuote takes a name out of "Name'" and of what may follow the quote.
func cutQuote(s string) string {
	if i := strings.LastIndexByte(s, '\''); i >= 0 {
		return s[:i]
	}
	return s
}

func cutAngle(s string) string {
	if i := strings.LastIndexByte(s, '>'); i >= 0 {
		return s[:i]
	}
	return s
}

func isWord(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c != '-' && c != '_' && (c < 'a' || c > 'z') {
			return false
		}
	}
	return s != ""
}
