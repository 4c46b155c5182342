// Package dovecot reads the log lines of Dovecot 2.3 and 2.4 about deliveries
// into evidence: its own log files and syslog's, with the mail_log plugin,
// Pigeonhole (Sieve), and the JSON lines of an event exporter.
//
// Message-IDs, From and Subject in these lines are the sender's words: what a
// line is about is read from its beginning, and Dovecot's own words behind a
// Message-ID are the last that fit.
package dovecot

import (
	"strings"
	"time"

	"waybill/internal/capture/logline"
	"waybill/internal/evidence"
)

// Parse reads one line without its line feed and appends what it shows to dst:
// nothing, one record, or two for a Sieve fileinto, which is both an action and
// a copy in a mailbox. Unparsed are only lines about a delivery whose form is
// not known. Records have no Source yet.
//
// The forms of a line are
//
//	STAMP lmtp(user)<pid><session>: Info: TEXT               log_path, info_log_path
//	STAMP host dovecot[pid]: lmtp(user)<pid><session>: TEXT  syslog
//	STAMP stats: Info: {"event":...}                         event_exporter, transport log
//	{"event":...}                                            an exporter's own file
func Parse(line string, clock logline.Clock, dst []evidence.Record) ([]evidence.Record, logline.Outcome) {
	line = logline.Valid(line)
	if strings.HasPrefix(line, `{"event":`) {
		return parseEvent(line, "", time.Time{}, dst)
	}
	at, host, rest, ok := head(line, clock)
	if !ok {
		return dst, logline.Foreign
	}
	if text, ok := strings.CutPrefix(rest, "stats: "); ok {
		text = cutLevel(text)
		if !strings.HasPrefix(text, "{") {
			return dst, logline.Ignored
		}
		return parseEvent(text, host, at, dst)
	}
	d, text, ok := cutPrefix(rest)
	if !ok {
		return dst, logline.Ignored
	}
	d.host, d.at = host, at
	return d.parse(cutLevel(text), dst)
}

// head reads what stands before Dovecot's own prefix.
func head(line string, clock logline.Clock) (at time.Time, host, rest string, ok bool) {
	if h, ok := clock.Parse(line); ok && h.Program == "dovecot" {
		return h.Time, h.Host, h.Message, true
	}
	at, rest, ok = clock.Stamp(line)
	if !ok || !isOwnPrefix(rest) {
		return at, "", "", false
	}
	return at, "", rest, true
}

// isOwnPrefix reports whether s begins like a line of Dovecot's own log: a
// process name, then "(user)" or ": ", and no host name before it.
func isOwnPrefix(s string) bool {
	i := 0
	for i < len(s) && ('a' <= s[i] && s[i] <= 'z' || s[i] == '-' || '0' <= s[i] && s[i] <= '9') {
		i++
	}
	if i == 0 || i == len(s) {
		return false
	}
	return s[i] == '(' || strings.HasPrefix(s[i:], ": ")
}

// cutLevel drops the "Info: " that Dovecot's own log has and syslog mostly lacks.
func cutLevel(s string) string {
	for _, level := range [...]string{"Info: ", "Warning: ", "Error: "} {
		if rest, ok := strings.CutPrefix(s, level); ok {
			return rest
		}
	}
	return s
}

// delivery is the process prefix of a line of lmtp or lda.
type delivery struct {
	at            time.Time
	host          string
	user, session string
}

// cutPrefix reads "lmtp(user)<pid><session>: TEXT" (mail_log_prefix's default);
// other processes' lines and those without a session are not about a delivery.
func cutPrefix(s string) (d delivery, text string, ok bool) {
	rest, ok := strings.CutPrefix(s, "lmtp(")
	if !ok {
		if rest, ok = strings.CutPrefix(s, "lda("); !ok {
			return d, "", false
		}
	}
	if d.user, rest, ok = strings.Cut(rest, ")<"); !ok {
		return d, "", false
	}
	if _, rest, ok = strings.Cut(rest, "><"); !ok {
		return d, "", false
	}
	d.session, text, ok = strings.Cut(rest, ">: ")
	return d, text, ok && d.user != "" && strings.IndexByte(d.session, ' ') < 0
}

func (d delivery) record(f evidence.Fact) evidence.Record {
	return evidence.Record{Host: d.host, Time: d.at, Fact: f}
}

func (d delivery) parse(text string, dst []evidence.Record) ([]evidence.Record, logline.Outcome) {
	if rest, ok := strings.CutPrefix(text, "save: "); ok {
		return d.mailLog(rest, dst)
	}
	// LMTP may copy a message it has already saved for an earlier recipient.
	if rest, ok := strings.CutPrefix(text, "copy from "); ok {
		if _, fields, ok := strings.Cut(rest, ": box="); ok {
			return d.mailLog("box="+fields, dst)
		}
	}
	if rest, ok := strings.CutPrefix(text, "sieve: msgid="); ok {
		return d.result(rest, "sieve", dst)
	}
	if rest, ok := strings.CutPrefix(text, "msgid="); ok {
		return d.result(rest, "lmtp", dst)
	}
	return dst, logline.Ignored
}

// messageID drops the word that stands for an absent Message-ID.
func messageID(s string) string {
	if s == "unspecified" || s == "(null)" {
		return ""
	}
	return s
}
