package postfix

import (
	"strconv"
	"strings"

	"waybill/internal/capture/logline"
	"waybill/internal/evidence"
)

// parseClient reads smtpd's line behind "QID: client=":
//
//	name[addr], sasl_method=PLAIN, sasl_username=u, sasl_sender=s, orig_queue_id=Q, orig_client=name[addr]
//
// With XFORWARD the original client is the one the message came from, so it
// takes the place of the content filter.
func parseClient(id, s, service string) (evidence.Fact, logline.Outcome) {
	c := evidence.Client{QueueID: id, Service: service}
	var ok bool
	if c.Name, c.Address, s, ok = client(s); !ok {
		return nil, logline.Unparsed
	}
	for s != "" {
		if s, ok = strings.CutPrefix(s, ", "); !ok {
			return nil, logline.Unparsed
		}
		key, value, found := strings.Cut(s, "=")
		if !found || strings.IndexByte(key, ' ') >= 0 {
			return nil, logline.Unparsed
		}
		end := nextClientKey(value)
		switch s = value[end:]; key {
		case "sasl_username":
			c.SASLUser = value[:end]
		case "orig_queue_id":
			c.OriginQueueID = value[:end]
		case "orig_client":
			if name, addr, _, ok := client(value[:end]); ok {
				c.Name, c.Address = name, addr
			}
		}
	}
	return c, logline.Evidence
}

// nextClientKey finds where a value ends: SASL names may hold commas.
func nextClientKey(s string) int {
	end := len(s)
	for _, key := range [...]string{", sasl_", ", orig_"} {
		if i := strings.Index(s[:end], key); i >= 0 {
			end = i
		}
	}
	return end
}

// parsePickup reads pickup's line behind "QID: uid=": "0 from=<root>", with
// " orig_id=QID" for a message that postsuper -r queued again.
func parsePickup(id, s string) (evidence.Fact, logline.Outcome) {
	uid, rest, ok := strings.Cut(s, " from=")
	if !ok {
		return nil, logline.Unparsed
	}
	sender, rest, ok := address(rest)
	if !ok {
		return nil, logline.Unparsed
	}
	p := evidence.Pickup{QueueID: id, UID: uid, Sender: sender}
	if orig, ok := strings.CutPrefix(rest, " orig_id="); ok && isQueueID(orig) {
		p.OriginQueueID = orig
	}
	return p, logline.Evidence
}

// refusal is the part of a "reject:" or "milter-reject:" line that smtpd's own
// text holds: "550 5.1.1 <a@b>: Recipient address rejected: ...".
func refusal(r *evidence.Rejected, text string) {
	if code, rest, ok := strings.Cut(text, " "); ok && len(code) == 3 {
		if n, err := strconv.Atoi(code); err == nil && n >= 400 && n < 600 {
			r.Code, text = n, rest
		}
	}
	if status, rest, ok := strings.Cut(text, " "); ok && isEnhancedStatus(status) {
		r.EnhancedStatus, text = status, rest
	}
	r.Reason = logline.Unescape(text)
}

// isEnhancedStatus recognizes an RFC 3463 code: class 2, 4 or 5, and two numbers.
func isEnhancedStatus(s string) bool {
	if len(s) < 5 || len(s) > 9 || s[0] != '2' && s[0] != '4' && s[0] != '5' || s[1] != '.' {
		return false
	}
	dots := 0
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.':
			if s[i-1] == '.' || i == len(s)-1 {
				return false
			}
			dots++
		case c < '0' || c > '9':
			return false
		}
	}
	return dots == 2
}
