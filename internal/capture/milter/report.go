package milter

import "strings"

// reportBytes is how much of a notification's body is looked at: the machine-
// readable part stands before the returned message.
const reportBytes = 64 << 10

// parentField is the field that Postfix's notifications name the undelivered
// message with (bounce(8)).
const parentField = "X-Postfix-Queue-ID:"

// reportScanner finds the parent's queue id in a delivery status notification.
// The first such field counts: what follows is the returned message, which its
// sender wrote.
type reportScanner struct {
	parent string
	text   []byte
}

// write takes a part of the body and reports whether more is wanted.
func (s *reportScanner) write(chunk []byte) bool {
	if s.parent != "" {
		return false
	}
	if room := reportBytes - len(s.text); len(chunk) > room {
		chunk = chunk[:room]
	}
	s.text = append(s.text, chunk...)
	s.parent = findParent(string(s.text))
	return s.parent == "" && len(s.text) < reportBytes
}

// findParent looks for a complete line that begins with the field's name.
func findParent(text string) string {
	for line := range strings.Lines(text) {
		if len(line) < len(parentField) || !strings.EqualFold(line[:len(parentField)], parentField) || !strings.HasSuffix(line, "\n") {
			continue
		}
		return strings.TrimSpace(line[len(parentField):])
	}
	return ""
}
