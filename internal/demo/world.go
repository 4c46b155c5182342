package demo

import (
	"strings"
	"time"

	"waybill/internal/evidence"
)

// Domain is the demonstration's own mail domain.
const Domain = "example.com"

// mailboxes are the users of Domain. "archive" is full.
var mailboxes = map[string]bool{
	"alice@" + Domain:   true,
	"bob@" + Domain:     true,
	"carol@" + Domain:   true,
	"archive@" + Domain: true,
}

// fullMailbox refuses every message.
const fullMailbox = "archive@" + Domain

// spamTest is GTUBE, the generic test for unsolicited bulk e-mail: every spam
// filter takes a message with this text for spam, and so does the demonstration.
const spamTest = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

// authentication is what a mail server would have found out about mail from a
// domain, in the form of an Authentication-Results field (RFC 8601).
func authentication(sender string) string {
	_, domain, _ := strings.Cut(sender, "@")
	switch domain {
	case "partner.example":
		return "mx." + Domain + "; dkim=pass header.d=partner.example; spf=pass smtp.mailfrom=" + sender +
			"; dmarc=pass (policy=reject) header.from=partner.example"
	case "prize-draw.example":
		return "mx." + Domain + "; dkim=none; spf=fail smtp.mailfrom=" + sender +
			"; dmarc=fail (policy=none) header.from=prize-draw.example"
	}
	return "mx." + Domain + "; dkim=none; spf=neutral smtp.mailfrom=" + sender + "; dmarc=none header.from=" + domain
}

// remote is how one try to deliver to the outside world ends.
type remote struct {
	relay  string
	status evidence.Status
	code   string // RFC 3463
	reply  string
	// again is when the next try is due, for a deferral.
	again time.Duration
}

// outside answers for the world's mail servers: refuses.example knows nobody,
// greylists.example defers the first try, everybody else accepts.
func outside(recipient string, attempt int) remote {
	_, domain, _ := strings.Cut(recipient, "@")
	host := "mx." + domain
	relay := host + "[203.0.113.25]:25"
	said := "host " + host + "[203.0.113.25] said: "
	switch {
	case domain == "refuses.example":
		return remote{relay: relay, status: evidence.Bounced, code: "5.1.1",
			reply: said + "550 5.1.1 <" + recipient + "> No such user here (in reply to RCPT TO command)"}
	case domain == "greylists.example" && attempt == 1:
		return remote{relay: relay, status: evidence.Deferred, code: "4.7.1", again: greylistTime,
			reply: said + "451 4.7.1 Greylisted, please try again later (in reply to RCPT TO command)"}
	}
	return remote{relay: relay, status: evidence.Sent, code: "2.0.0", reply: "250 2.0.0 Ok: queued as 4kT9Yx"}
}

// greylistTime is how long the demonstration waits before the second try.
const greylistTime = 20 * time.Second
