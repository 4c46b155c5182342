package console

import (
	"net/url"
	"regexp"
	"strings"
)

// query is what somebody searches for among the mail events.
type query struct {
	// Text is an address, a Message-ID, a trace id, a filter pattern or words.
	Text string
	// Event is an eventName, "" for all.
	Event string
}

// Active reports whether anything is searched for.
func (q query) Active() bool { return q.Text != "" || q.Event != "" }

// values are the query's URL parameters.
func (q query) values() url.Values {
	v := url.Values{}
	if q.Text != "" {
		v.Set("q", q.Text)
	}
	if q.Event != "" {
		v.Set("event", q.Event)
	}
	return v
}

var (
	messageID = regexp.MustCompile(`^<[^<>\s]+>$`)
	traceID   = regexp.MustCompile(`^[0-9a-f]{16,64}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	plainWord = regexp.MustCompile(`^[\pL\pN]+( [\pL\pN]+)*$`)
)

// pattern turns the query into a CloudWatch Logs filter pattern ("Filter pattern
// syntax", CloudWatch Logs user guide). What begins like a pattern is taken as
// one; anything else is quoted, so that "@" and "-" mean themselves. An address
// matches wherever it stands in an event: as sender, as any recipient, in a reason.
func (q query) pattern() (string, error) {
	text := strings.TrimSpace(q.Text)
	var json, terms string
	switch {
	case text == "":
	case strings.HasPrefix(text, "{"):
		inner, ok := strings.CutSuffix(strings.TrimPrefix(text, "{"), "}")
		if !ok {
			return "", badRequest("The filter pattern begins with { and does not end with }.")
		}
		json = strings.TrimSpace(inner)
	case strings.HasPrefix(text, "["), strings.HasPrefix(text, "?"):
		if q.Event != "" {
			return "", badRequest("A filter pattern with [ or ? cannot be combined with an event. Choose all events.")
		}
		return text, nil
	case messageID.MatchString(text):
		json = `$.event.messageId = ` + quote(text)
	case traceID.MatchString(text):
		json = `$.traceId = ` + quote(text)
	case strings.HasPrefix(text, `"`), strings.HasPrefix(text, "-"), strings.HasPrefix(text, "%"), plainWord.MatchString(text):
		terms = text
	default:
		terms = quote(text)
	}
	const name = `$.event.eventName = `
	switch {
	case json != "" && q.Event != "":
		return "{ (" + name + quote(q.Event) + ") && (" + json + ") }", nil
	case json != "":
		return "{ " + json + " }", nil
	case terms != "" && q.Event != "":
		return terms + " " + quote(q.Event), nil
	case terms != "":
		return terms, nil
	case q.Event != "":
		return "{ " + name + quote(q.Event) + " }", nil
	default:
		return "", nil
	}
}

// quote writes a string literal of a filter pattern.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
