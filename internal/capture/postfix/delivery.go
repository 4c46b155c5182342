package postfix

import (
	"strconv"
	"strings"
	"time"

	"waybill/internal/capture/logline"
	"waybill/internal/evidence"
)

// parseAttempt reads a delivery agent's line behind "QID: to=":
//
//	<a@b>, orig_to=<c@d>, relay=R, conn_use=2, delay=0.1, delays=w/x/y/z, dsn=2.0.0, status=sent (text)
//
// Attributes between the addresses and the status may be absent or new.
func parseAttempt(id, s, daemon string) (evidence.Fact, logline.Outcome) {
	a := evidence.Attempt{QueueID: id, Agent: daemon}
	var ok bool
	if a.Recipient, s, ok = address(s); !ok {
		return nil, logline.Unparsed
	}
	for {
		if s, ok = strings.CutPrefix(s, ", "); !ok {
			return nil, logline.Unparsed
		}
		key, value, found := strings.Cut(s, "=")
		if !found || strings.ContainsAny(key, " (<") {
			return nil, logline.Unparsed
		}
		if key == "status" {
			return finishAttempt(a, value)
		}
		if key == "orig_to" {
			if a.OriginalRecipient, s, ok = address(value); !ok {
				return nil, logline.Unparsed
			}
			continue
		}
		end := strings.Index(value, ", ")
		if end < 0 {
			return nil, logline.Unparsed
		}
		setAttribute(&a, key, value[:end])
		s = value[end:]
	}
}

func setAttribute(a *evidence.Attempt, key, value string) {
	switch key {
	case "relay":
		a.Relay = value
	case "dsn":
		a.EnhancedStatus = value
	case "delay":
		if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds > 0 && seconds < 1e9 {
			a.Delay = time.Duration(seconds * float64(time.Second)).Round(time.Millisecond)
		}
	}
}

// finishAttempt reads "sent (text)"; the text goes to the end of the line,
// whatever parentheses stand in it.
func finishAttempt(a evidence.Attempt, s string) (evidence.Fact, logline.Outcome) {
	word, text, _ := strings.Cut(s, " ")
	switch a.Status = evidence.Status(word); a.Status {
	case evidence.Sent, evidence.Bounced, evidence.Deferred, evidence.Deliverable, evidence.Undelivered:
	default:
		return nil, logline.Unparsed
	}
	text = strings.TrimSuffix(strings.TrimPrefix(text, "("), ")")
	a.Text = logline.Unescape(text)
	if a.Status == evidence.Sent {
		a.NextQueueID = nextQueueID(a.Text)
		a.Session = lmtpSession(a.Text)
	}
	return a, logline.Evidence
}

// nextQueueID finds the id in a reply "250 2.0.0 Ok: queued as ID", also where
// a filter quotes it, and in local(8)'s "forwarded as ID".
func nextQueueID(text string) string {
	i := strings.LastIndex(text, "queued as ")
	if i >= 0 {
		text = text[i+len("queued as "):]
	} else if rest, ok := strings.CutPrefix(text, "forwarded as "); ok {
		text = rest
	} else {
		return ""
	}
	end := 0
	for end < len(text) && isAlphanumeric(text[end]) {
		end++
	}
	if !isQueueID(text[:end]) {
		return ""
	}
	return text[:end]
}

// lmtpSession finds the session id in Dovecot's reply
// "250 2.0.0 <alice@example.com> +H6oGsi4BGv5agAAg+zDdQ:R2 Saved".
func lmtpSession(text string) string {
	rest, ok := strings.CutSuffix(text, " Saved")
	if !ok {
		return ""
	}
	i := strings.LastIndexByte(rest, ' ')
	if i < 1 || rest[i-1] != '>' {
		return ""
	}
	return rest[i+1:]
}

// parseFrom reads qmgr's lines behind "QID: from=":
//
//	<s@x>, size=435, nrcpt=2 (queue active)
//	<s@x>, status=expired, returned to sender       (or force-expired, by postsuper -e)
func parseFrom(id, s string) (evidence.Fact, logline.Outcome) {
	sender, s, ok := address(s)
	if !ok {
		return nil, logline.Unparsed
	}
	switch s {
	case ", status=expired, returned to sender", ", status=force-expired, returned to sender":
		return evidence.Expired{QueueID: id, Sender: sender}, logline.Evidence
	}
	size, s, ok := intAttribute(s, ", size=")
	if !ok {
		return nil, logline.Unparsed
	}
	count, s, ok := intAttribute(s, ", nrcpt=")
	if !ok || !strings.HasSuffix(s, " (queue active)") {
		return nil, logline.Unparsed
	}
	return evidence.Queued{QueueID: id, Sender: sender, Size: size, Recipients: int(count)}, logline.Evidence
}

// intAttribute reads prefix and a decimal number.
func intAttribute(s, prefix string) (n int64, rest string, ok bool) {
	s, ok = strings.CutPrefix(s, prefix)
	if !ok {
		return 0, "", false
	}
	end := 0
	for end < len(s) && '0' <= s[end] && s[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(s[:end], 10, 64)
	return n, s[end:], err == nil
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}
