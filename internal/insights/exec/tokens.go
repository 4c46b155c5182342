package exec

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"waybill/internal/insights/syntax"
)

// maxPatternText is how much of a text pattern looks at, in bytes.
const maxPatternText = 8 << 10

// A shape is a text cut into tokens: words, texts in double quotes, and what is
// between them. A token that varies from event to event by its nature (a time, a
// number, an id) is replaced by its kind in "<>".
type shape []string

// appendShape appends the tokens of s to b, each followed by a separator, and to
// values what stands at those that vary.
func appendShape(b []byte, values []string, s string) ([]byte, []string) {
	if len(s) > maxPatternText {
		s = s[:maxPatternText]
	}
	for s != "" {
		n := tokenLen(s)
		b, values = appendGeneralized(b, values, s[:n])
		b = append(b, separator)
		s = s[n:]
	}
	return b, values
}

// separator stands between tokens; a text of a log hardly ever has it.
const separator = 0

// shapeOf reads what appendShape wrote.
func shapeOf(key string) shape {
	return strings.Split(strings.TrimSuffix(key, string(rune(separator))), string(rune(separator)))
}

// timeAtStart is a date with a time, or a date or a time alone.
var timeAtStart = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?|\d{2}:\d{2}:\d{2}([.,]\d+)?)\b`)

// timeLen returns the length of the time at the beginning of s, 0 for none.
func timeLen(s string) int {
	if len(s) < 8 || s[4] != '-' && s[2] != ':' {
		return 0
	}
	return len(timeAtStart.FindString(s))
}

// tokenLen returns the length of the first token of s.
func tokenLen(s string) int {
	if n := timeLen(s); n > 0 {
		return n
	}
	if s[0] == '"' {
		if end := strings.IndexByte(s[1:], '"'); end >= 0 {
			return end + 2
		}
		return 1
	}
	if n := ipv6Len(s); n > 0 {
		return n
	}
	word := isTokenByte(s[0])
	n := 1
	for n < len(s) && s[n] != '"' && isTokenByte(s[n]) == word {
		n++
	}
	return n
}

// ipv6Len returns the length of an IPv6 address at the beginning of s, 0 for none.
func ipv6Len(s string) int {
	n, colons := 0, 0
	for n < len(s) && n < 45 && strings.IndexByte("0123456789abcdefABCDEF:.", s[n]) >= 0 {
		if s[n] == ':' {
			colons++
		}
		n++
	}
	if colons < 2 {
		return 0
	}
	if _, err := netip.ParseAddr(s[:n]); err != nil {
		return 0
	}
	return n
}

// isTokenByte reports whether c belongs to a word: letters, digits and what stands
// inside ids, addresses and file names.
func isTokenByte(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c >= 0x80:
		return true
	}
	return strings.IndexByte("._-@/+%", c) >= 0
}

// appendGeneralized appends the token's kind, and the token to values, when it is of
// one that varies, else the token.
func appendGeneralized(b []byte, values []string, t string) ([]byte, []string) {
	inner := t
	quoted := len(t) > 1 && t[0] == '"'
	if quoted {
		inner = t[1 : len(t)-1]
	}
	k := kindOf(inner)
	switch {
	case k == "":
		if isKind(t) { // a text that looks like a kind is one
			values = append(values, inner)
		}
		return append(b, t...), values
	case quoted:
		return append(append(append(b, '"'), k...), '"'), append(values, inner)
	}
	return append(b, k...), append(values, inner)
}

// The kinds of tokens that vary.
const (
	tokenTime   = "<Time>"
	tokenNumber = "<Number>"
	tokenIP     = "<IP>"
	tokenEmail  = "<Email>"
	tokenID     = "<ID>"
	tokenOther  = "<Token>"
)

func kindOf(t string) string {
	if !strings.ContainsAny(t, "@0123456789") {
		return ""
	}
	if t != "" && timeLen(t) == len(t) {
		return tokenTime
	}
	if _, ok := syntax.ParseNumber(t); ok {
		return tokenNumber
	}
	if strings.Contains(t, "@") && strings.Contains(t, ".") {
		return tokenEmail
	}
	if !strings.ContainsAny(t, "0123456789") {
		return ""
	}
	if _, err := netip.ParseAddr(t); err == nil {
		return tokenIP
	}
	return tokenID
}

func isKind(t string) bool {
	t = strings.Trim(t, `"`)
	return strings.HasPrefix(t, "<") && strings.HasSuffix(t, ">") && len(t) > 2
}

// String returns the pattern, its varying tokens numbered from 1.
func (s shape) String() string {
	var b strings.Builder
	n := 0
	for _, t := range s {
		if !isKind(t) {
			b.WriteString(t)
			continue
		}
		n++
		b.WriteString(strings.Replace(t, ">", "-"+strconv.Itoa(n)+">", 1))
	}
	return b.String()
}

// severity is ERROR, WARN or INFO by the words of the pattern.
func (s shape) severity() string {
	text := strings.ToLower(strings.Join(s, ""))
	switch {
	case strings.Contains(text, "error"):
		return "ERROR"
	case strings.Contains(text, "warn"):
		return "WARN"
	}
	return "INFO"
}
