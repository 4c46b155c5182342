package milter

import (
	"mime"
	"net/mail"
	"net/textproto"
	"strings"
	"time"

	"github.com/emersion/go-message/charset"

	"waybill/internal/evidence"
)

// Bounds of what is kept of one header: a message with more is somebody's
// attack or accident, and its further fields say nothing new.
const (
	maxFields = 500
	maxValue  = 16 << 10
)

// headerCollector keeps the header fields that mail events need.
type headerCollector struct {
	seen   bool
	fields []headerField
}

type headerField struct{ name, value string }

// wanted are the fields kept, by canonical name; true for those that may repeat.
var wanted = map[string]bool{
	"Message-Id": false, "From": false, "Sender": false, "Subject": false, "Date": false,
	"Auto-Submitted": false, "Content-Type": false, "X-Sieve-Redirected-From": false,
	"X-Spam": false, "X-Spam-Flag": false, "X-Spam-Status": false, "X-Spam-Action": false, "X-Rspamd-Action": false,
	"Authentication-Results": true, "Received": true,
}

func (c *headerCollector) add(name, value string) {
	c.seen = true
	name = textproto.CanonicalMIMEHeaderKey(name)
	if _, ok := wanted[name]; !ok || len(c.fields) == maxFields {
		return
	}
	if len(value) > maxValue {
		value = value[:maxValue]
	}
	c.fields = append(c.fields, headerField{name, unfold(value)})
}

// get returns the first (topmost) field of a name.
func (c *headerCollector) get(name string) string {
	for _, f := range c.fields {
		if f.name == name {
			return f.value
		}
	}
	return ""
}

func (c *headerCollector) isDeliveryReport() bool {
	return contentType(c.get("Content-Type")) == "multipart/report; report-type=delivery-status"
}

// finish makes evidence of the fields and forgets them; nil when the milter was
// shown no header.
func (c *headerCollector) finish() *evidence.Header {
	if !c.seen {
		return nil
	}
	h := &evidence.Header{
		MessageID:      c.get("Message-Id"),
		From:           firstAddress(c.get("From")),
		SenderField:    firstAddress(c.get("Sender")),
		Subject:        decodeWords(c.get("Subject")),
		Date:           date(c.get("Date")),
		AutoSubmitted:  c.get("Auto-Submitted"),
		ContentType:    contentType(c.get("Content-Type")),
		RedirectedFrom: c.get("X-Sieve-Redirected-From"),
	}
	for _, f := range c.fields {
		switch {
		case f.name == "Authentication-Results":
			h.AuthenticationResults = append(h.AuthenticationResults, f.value)
		case f.name == "Received":
			if id := receivedID(f.value); id != "" {
				h.ReceivedSessions = append(h.ReceivedSessions, id)
			}
		case strings.HasPrefix(f.name, "X-Spam") || f.name == "X-Rspamd-Action":
			if h.Spam == nil {
				h.Spam = map[string]string{}
			}
			if _, ok := h.Spam[f.name]; !ok {
				h.Spam[f.name] = f.value
			}
		}
	}
	*c = headerCollector{}
	return h
}

// unfold joins the lines of a field (RFC 5322 section 2.2.3), makes tabs blanks
// and text of no known charset valid UTF-8.
func unfold(s string) string {
	s = strings.Map(func(r rune) rune {
		switch r {
		case '\r', '\n', 0:
			return -1
		case '\t':
			return ' '
		}
		return r
	}, s)
	return strings.TrimSpace(valid(s))
}

var words = mime.WordDecoder{CharsetReader: charset.Reader}

// decodeWords decodes RFC 2047 encoded words; text with a word that cannot be
// decoded stays as it is.
func decodeWords(s string) string {
	decoded, err := words.DecodeHeader(s)
	if err != nil {
		return s
	}
	return valid(decoded)
}

var addresses = mail.AddressParser{WordDecoder: &words}

// firstAddress takes the first address out of an address list. Where the list
// is malformed it is what stands in the first angle brackets, or else the first
// word with an at sign.
func firstAddress(s string) string {
	if s == "" {
		return ""
	}
	if list, err := addresses.ParseList(s); err == nil && len(list) > 0 {
		return list[0].Address
	}
	if open := strings.IndexByte(s, '<'); open >= 0 {
		if end := strings.IndexByte(s[open:], '>'); end > 0 {
			return strings.TrimSpace(s[open+1 : open+end])
		}
	}
	for word := range strings.FieldsSeq(s) {
		if strings.Contains(word, "@") {
			return strings.Trim(word, ",;")
		}
	}
	return ""
}

func date(s string) time.Time {
	t, err := mail.ParseDate(s)
	// A year outside RFC 3339 cannot be evidence.
	if err != nil || t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}
	}
	return t.UTC()
}

// contentType returns the media type in lower case, with its report-type
// parameter where it has one.
func contentType(s string) string {
	if s == "" {
		return ""
	}
	media, params, err := mime.ParseMediaType(s)
	if err != nil && media == "" {
		media, _, _ = strings.Cut(strings.ToLower(s), ";")
		media = strings.TrimSpace(media)
	}
	if report := params["report-type"]; report != "" {
		return media + "; report-type=" + strings.ToLower(report)
	}
	return media
}

// receivedID finds the "id" clause of a Received field (RFC 5321 section 4.4):
// Postfix puts its queue id there, Dovecot its LMTP session id.
func receivedID(s string) string {
	depth, previous := 0, ""
	for word := range strings.FieldsSeq(s) {
		if depth == 0 {
			if strings.EqualFold(previous, "id") {
				return strings.TrimSuffix(word, ";")
			}
			if strings.HasSuffix(word, ";") {
				return ""
			}
		}
		previous = word
		depth += strings.Count(word, "(") - strings.Count(word, ")")
		if depth < 0 {
			depth = 0
		}
	}
	return ""
}
