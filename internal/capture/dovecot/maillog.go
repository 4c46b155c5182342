package dovecot

import (
	"strings"

	"waybill/internal/capture/logline"
	"waybill/internal/evidence"
)

// mailLogKeys are mail_log_fields in the order in which they are written.
var mailLogKeys = [...]string{", uid=", ", msgid=", ", size=", ", vsize=", ", from=", ", subject=", ", flags="}

// mailLog reads the fields of mail_log:
//
//	box=Invoices, uid=1, msgid=<...>, size=1387, vsize=1430, from=..., subject=..., flags=(\Seen)
//
// Which of them are there is configured (mail_log_fields).
func (d delivery) mailLog(s string, dst []evidence.Record) ([]evidence.Record, logline.Outcome) {
	s, ok := strings.CutPrefix(s, "box=")
	if !ok {
		return dst, logline.Unparsed
	}
	saved := evidence.Saved{Session: d.session, User: d.user, By: "mail_log"}
	value, key, rest := cutField(s, 0)
	saved.Folder = value
	for key >= 0 {
		at := key
		value, key, rest = cutField(rest, at+1)
		switch mailLogKeys[at] {
		case ", msgid=":
			saved.MessageID = messageID(value)
		case ", from=":
			saved.From = logline.Unescape(value)
		case ", subject=":
			saved.Subject = logline.Unescape(value)
		}
	}
	if saved.Folder == "" {
		return dst, logline.Unparsed
	}
	return append(dst, d.record(saved)), logline.Evidence
}

// cutField returns the value at the beginning of s, which of the keys from
// first on ends it (-1 for none), and what follows that key. A key nearest to
// the left ends a value, except that a subject goes as far as it can.
func cutField(s string, first int) (value string, key int, rest string) {
	key = -1
	end := len(s)
	for k := first; k < len(mailLogKeys); k++ {
		i := strings.Index(s[:end], mailLogKeys[k])
		if mailLogKeys[k] == ", flags=" {
			i = strings.LastIndex(s[:end], mailLogKeys[k])
		}
		if i >= 0 {
			key, end = k, i
		}
	}
	if key < 0 {
		return s, -1, ""
	}
	return s[:end], key, s[end+len(mailLogKeys[key]):]
}
