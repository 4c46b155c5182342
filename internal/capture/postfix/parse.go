// Package postfix reads the log lines of Postfix (postlogd(8) files and syslog
// files alike) into evidence.
//
// The header texts, HELO names, addresses and remote replies in these lines are
// other people's words, so lines are read by position from the left and never
// searched for words: a sender must not be able to write "status=sent" into
// somebody's log. Where a line ends in Postfix's own fields behind such a text,
// the fields must be well-formed up to the end of the line.
package postfix

import (
	"strings"

	"waybill/internal/capture/logline"
	"waybill/internal/evidence"
)

// Parse reads one line without its line feed and appends what it shows to dst.
// Lines of programs whose syslog name does not begin with "postfix" are
// Foreign. Unparsed are only lines with a queue id whose form is not known.
// Records have no Source yet.
func Parse(line string, clock logline.Clock, dst []evidence.Record) ([]evidence.Record, logline.Outcome) {
	line = logline.Valid(line)
	head, ok := clock.Parse(line)
	if !ok || !strings.HasPrefix(head.Program, "postfix") {
		return dst, logline.Foreign
	}
	service, daemon := splitProgram(head.Program)
	fact, outcome := parseMessage(head.Message, service, daemon)
	if outcome == logline.Evidence {
		dst = append(dst, evidence.Record{Host: head.Host, Time: head.Time, Fact: fact})
	}
	return dst, outcome
}

// splitProgram splits "postfix/submission/smtpd" into the service's own part
// of the syslog name ("submission") and the daemon ("smtpd").
func splitProgram(program string) (service, daemon string) {
	last := strings.LastIndexByte(program, '/')
	if last < 0 {
		return "", program
	}
	daemon = program[last+1:]
	if first := strings.IndexByte(program, '/'); first < last {
		service = program[first+1 : last]
	}
	return service, daemon
}

func parseMessage(msg, service, daemon string) (evidence.Fact, logline.Outcome) {
	word, rest, ok := strings.Cut(msg, ": ")
	switch {
	case !ok:
		return nil, logline.Ignored
	case word == "NOQUEUE":
		return parseNoQueue(rest)
	case word == "warning":
		return parseWarning(rest)
	case !isQueueID(word):
		return nil, logline.Ignored
	}
	return parseQueued(word, rest, service, daemon)
}

// parseWarning finds the one warning that ends a message: smtpd and cleanup
// both write it, and no reject line follows.
func parseWarning(rest string) (evidence.Fact, logline.Outcome) {
	id, text, _ := strings.Cut(rest, ": ")
	if text == "queue file size limit exceeded" && isQueueID(id) {
		return evidence.TooLarge{QueueID: id}, logline.Evidence
	}
	return nil, logline.Ignored
}

// parseNoQueue reads lines of smtpd and postscreen about mail that has no
// queue file (yet).
func parseNoQueue(rest string) (evidence.Fact, logline.Outcome) {
	action, text, ok := strings.Cut(rest, ": ")
	if !ok || !isAction(action) {
		return nil, logline.Ignored
	}
	return parseAction("", action, text)
}

// parseQueued reads what follows "QID: ".
func parseQueued(id, rest, service, daemon string) (evidence.Fact, logline.Outcome) {
	key, value, ok := strings.Cut(rest, "=")
	if ok {
		switch key {
		case "to":
			return parseAttempt(id, value, daemon)
		case "from":
			return parseFrom(id, value)
		case "message-id":
			return evidence.MessageID{QueueID: id, ID: strings.TrimSpace(logline.Unescape(value))}, logline.Evidence
		case "client":
			return parseClient(id, value, service)
		case "uid":
			return parsePickup(id, value)
		case "resent-message-id":
			return nil, logline.Ignored
		}
	}
	switch rest {
	case "removed":
		return evidence.Removed{QueueID: id}, logline.Evidence
	case "released from hold":
		return evidence.Released{QueueID: id}, logline.Evidence
	}
	if action, text, ok := strings.Cut(rest, ": "); ok {
		if kind, ok := strings.CutSuffix(action, " notification"); ok && isQueueID(text) {
			return evidence.Notification{QueueID: id, Kind: evidence.NotificationKind(kind), ChildID: text}, logline.Evidence
		}
		if isAction(action) {
			return parseAction(id, action, text)
		}
	}
	if isRemark(rest) {
		return nil, logline.Ignored
	}
	return nil, logline.Unparsed
}

// remarks are the beginnings of lines with a queue id that say nothing about
// an outcome: what smtp(8) writes before it tries the next server, rules that
// only warn, and what postsuper(1) and qmgr(8) say of their own work.
var remarks = []string{
	"host ", "conversation with ", "lost connection with ", "connect to ", "enabling PIX workarounds",
	"breaking line ", "Cannot start TLS", "TLS is required", "SASL authentication failed", "Server certificate ",
	"Host offered STARTTLS", "skipped, still being delivered", "requeued", "placed on hold", "expired",
	"warn: ", "warning: ", "reject_warning: ", "permit: ", "pass: ", "proxy-accept: ",
}

func isRemark(s string) bool {
	for _, p := range remarks {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// isQueueID reports whether s has the form of a queue id: microseconds and
// inode in upper-case hexadecimal digits, or with enable_long_queue_ids
// base-52 digits, which have no vowels (postconf(5)). Other words before a
// colon, "statistics" or "warning", are neither.
func isQueueID(s string) bool {
	if len(s) < 6 || len(s) > 40 {
		return false
	}
	hex, base52 := true, len(s) >= 10
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case '0' <= c && c <= '9':
		case 'A' <= c && c <= 'F':
			base52 = base52 && c != 'A' && c != 'E'
		case 'G' <= c && c <= 'Z' || 'a' <= c && c <= 'z':
			hex = false
			base52 = base52 && strings.IndexByte("IOUaeiou", c) < 0
		default:
			return false
		}
	}
	return hex || base52
}
