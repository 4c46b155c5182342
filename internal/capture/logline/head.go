package logline

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Head is what stands before the message of a syslog line as files hold it:
// "STAMP HOST PROGRAM[PID]: MESSAGE".
type Head struct {
	Time    time.Time
	Host    string
	Program string
	// PID is empty when the tag has none.
	PID     string
	Message string
}

// Parse reads a line's head. It is not ok when the line has no such head.
func (c Clock) Parse(line string) (h Head, ok bool) {
	t, rest, ok := c.Stamp(line)
	if !ok {
		return Head{}, false
	}
	host, rest, ok := strings.Cut(rest, " ")
	if !ok || host == "" {
		return Head{}, false
	}
	program, pid, message, ok := tag(rest)
	return Head{Time: t, Host: host, Program: program, PID: pid, Message: message}, ok
}

// tag reads "program[pid]: message" and "program: message".
func tag(s string) (program, pid, message string, ok bool) {
	word, message, found := strings.Cut(s, " ")
	if !found {
		word, message = s, ""
	}
	if len(word) < 2 || word[len(word)-1] != ':' {
		return "", "", "", false
	}
	word = word[:len(word)-1]
	if word[len(word)-1] == ']' {
		open := strings.LastIndexByte(word, '[')
		if open <= 0 {
			return "", "", "", false
		}
		return word[:open], word[open+1 : len(word)-1], message, true
	}
	return word, "", message, true
}

// Valid replaces what is not UTF-8, such as Latin-1 headers in a log: evidence
// cannot hold it.
func Valid(line string) string {
	if utf8.ValidString(line) {
		return line
	}
	return strings.ToValidUTF8(line, "\uFFFD")
}

// Unescape turns rsyslog's three-digit octal escapes of control characters
// ("#012" is a line feed) into blanks; text without any is returned as it is.
// What a sender wrote can look like an escape; it then loses four characters.
func Unescape(s string) string {
	if !strings.Contains(s, "#0") && !strings.Contains(s, "#177") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if isEscape(s[i:]) {
			b.WriteByte(' ')
			i += 4
			continue
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}

func isEscape(s string) bool {
	if len(s) < 4 || s[0] != '#' {
		return false
	}
	if s[1] == '0' && '0' <= s[2] && s[2] <= '3' && '0' <= s[3] && s[3] <= '7' {
		return true
	}
	return s[1:4] == "177"
}
