package mailtrace

import "strconv"

func itoa(n int) string { return strconv.Itoa(n) }

// reason is the server's text; an event's reason is never empty.
func reason(text string) string {
	if text == "" {
		return "no reason given"
	}
	return text
}

// status is the RFC 3463 code, or the SMTP reply code, or the general "other
// or undefined status" of RFC 3463 section 3.1 where the line has neither.
func status(enhanced string, code int) string {
	switch {
	case enhanced != "":
		return enhanced
	case code != 0:
		return strconv.Itoa(code)
	}
	return "5.0.0"
}
