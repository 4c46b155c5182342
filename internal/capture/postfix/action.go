package postfix

import (
	"mime"
	"strings"

	"github.com/emersion/go-message/charset"

	"waybill/internal/capture/logline"
	"waybill/internal/evidence"
)

// isAction reports whether word is what stands before a line about a refusal
// or a rule: smtpd's access(5) actions, cleanup's header_checks(5) actions and
// what a milter asked for.
func isAction(word string) bool {
	switch word {
	case "reject", "milter-reject", "proxy-reject",
		"redirect", "discard", "hold", "filter", "bcc", "prepend", "replace", "strip", "delay", "info",
		"milter-hold", "milter-discard":
		return true
	}
	return false
}

// parseAction reads a line behind "QID: ACTION: ". Two forms exist:
//
//	STAGE from CLIENT: TEXT; from=<> to=<> proto= helo=<>          smtpd(8), milters, postscreen(8)
//	header NAME: CONTENT from CLIENT; from=<> ... helo=<>: TEXT    cleanup(8)
func parseAction(id, action, s string) (evidence.Fact, logline.Outcome) {
	if class, content, ok := cutClass(s); ok {
		return parseContentAction(id, action, class, content)
	}
	stage, rest, ok := strings.Cut(s, " ")
	if ok && strings.HasPrefix(rest, "from ") {
		return parseStageAction(id, action, stage, rest[len("from "):])
	}
	// A before-queue filter's line has no client.
	if stage, ok := strings.CutSuffix(stage, ":"); ok {
		return stageAction(id, action, stage, evidence.Rejected{}, rest)
	}
	return nil, logline.Unparsed
}

func cutClass(s string) (class, content string, ok bool) {
	switch class, content, _ = strings.Cut(s, " "); class {
	case "header", "body", "mime-header", "nested-header":
		return class, content, true
	}
	return "", "", false
}

func parseStageAction(id, action, stage, s string) (evidence.Fact, logline.Outcome) {
	name, addr, rest, ok := client(s)
	if !ok {
		return nil, logline.Unparsed
	}
	text, ok := strings.CutPrefix(rest, ": ")
	if !ok {
		return nil, logline.Unparsed
	}
	return stageAction(id, action, stage, evidence.Rejected{ClientName: name, ClientAddress: addr}, text)
}

func stageAction(id, action, stage string, r evidence.Rejected, s string) (evidence.Fact, logline.Outcome) {
	text, _, env, rest, ok := cutTrailer(s, func(_, rest string) bool { return rest == "" })
	if !ok || rest != "" {
		return nil, logline.Unparsed
	}
	switch action {
	case "reject", "milter-reject", "proxy-reject":
		if stage == "VRFY" || stage == "ETRN" {
			return nil, logline.Ignored
		}
		r.QueueID, r.Stage, r.Milter, r.Sender = id, stage, action == "milter-reject", env.sender
		if stage == "RCPT" {
			r.Recipient = env.recipient
		}
		refusal(&r, text)
		return r, logline.Evidence
	case "info":
		return nil, logline.Ignored
	}
	return evidence.CleanupAction{QueueID: id, Action: action, Sender: env.sender, Recipient: env.recipient,
		Text: logline.Unescape(ruleText(text))}, logline.Evidence
}

// ruleText is what an access table's rule says. smtpd writes "<x>: Recipient
// address triggers REDIRECT a@b", and with a text of the rule's own
// "<x>: Recipient address TEXT". A rule without any text, "triggers HOLD
// action", is left whole.
func ruleText(text string) string {
	_, rest, ok := address(text)
	if !ok {
		return text
	}
	for _, class := range [...]string{"Recipient address ", "Sender address ", "Client host ", "Helo command ", "Data command ", "End-of-data ", "Client certificate "} {
		rule, ok := strings.CutPrefix(rest, ": "+class)
		if !ok {
			continue
		}
		action, ok := strings.CutPrefix(rule, "triggers ")
		if !ok {
			return rule
		}
		if _, rule, ok := strings.Cut(action, " "); ok && rule != "action" {
			return rule
		}
	}
	return text
}

// parseContentAction reads cleanup's form: content is the sender's text.
func parseContentAction(id, action, class, content string) (evidence.Fact, logline.Outcome) {
	shown, origin, env, rest, ok := cutTrailer(content, func(before, rest string) bool {
		return strings.Contains(before, " from ") && (rest == "" || strings.HasPrefix(rest, ": "))
	})
	if !ok {
		return nil, logline.Unparsed
	}
	text := logline.Unescape(strings.TrimPrefix(rest, ": "))
	switch action {
	case "info":
		if subject, ok := cutSubject(shown); ok && class == "header" {
			return evidence.Subject{QueueID: id, Text: subject}, logline.Evidence
		}
		return nil, logline.Ignored
	case "reject", "milter-reject":
		r := evidence.Rejected{QueueID: id, Stage: class, Milter: action == "milter-reject", Sender: env.sender}
		r.ClientName, r.ClientAddress, _, _ = client(origin)
		refusal(&r, text)
		return r, logline.Evidence
	}
	return evidence.CleanupAction{QueueID: id, Action: action, Sender: env.sender, Recipient: env.recipient, Text: text}, logline.Evidence
}

// cutTrailer splits "TEXT; from=<> to=<> proto= helo=<>REST". The text is other
// people's and may imitate the fields; so may an address. Fields count only
// where accept says that what stands around them is right, and of several such
// places the last one that is not inside the fields of an earlier one.
// In cleanup's form the text ends in " from CLIENT", which is cut off as origin.
func cutTrailer(s string, accept func(before, rest string) bool) (text, origin string, env envelope, rest string, ok bool) {
	for at := 0; at < len(s); {
		i := strings.IndexByte(s[at:], ';')
		if i < 0 {
			break
		}
		i += at
		at = i + 1
		e, r, valid := trailer(s[i+1:])
		if !valid || !accept(s[:i], r) {
			continue
		}
		text, env, rest, ok = s[:i], e, r, true
		at = len(s) - len(r)
	}
	if i := strings.LastIndex(text, " from "); i >= 0 && ok {
		origin = text[i+len(" from "):]
	}
	return text, origin, env, rest, ok
}

var words = mime.WordDecoder{CharsetReader: charset.Reader}

// cutSubject takes the subject out of "Subject: TEXT from CLIENT".
func cutSubject(shown string) (string, bool) {
	name, value, ok := strings.Cut(shown, ":")
	if !ok || !strings.EqualFold(name, "Subject") {
		return "", false
	}
	if i := strings.LastIndex(value, " from "); i >= 0 {
		value = value[:i]
	}
	value = strings.TrimSpace(logline.Unescape(value))
	if decoded, err := words.DecodeHeader(value); err == nil {
		value = decoded
	}
	return value, true
}
