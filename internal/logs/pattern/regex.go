package pattern

import (
	"regexp"
	"strings"
)

// maxRegexes is the quota for JSON and field patterns (PutMetricFilter).
const maxRegexes = 2

// The characters that a regular expression may have beside letters and digits
// (User Guide, "Supported regular expressions"). Parentheses are not among
// them; a blank is, by the examples there.
const (
	regexSymbols   = ":_#=@/;,- "
	regexOperators = `^$?[]{}|\*+.`
)

// cutRegex reads %...% at the beginning of s and returns the rest. There is no
// way to write a % within, but \x25.
func cutRegex(s string) (*regexp.Regexp, string, error) {
	i := strings.IndexByte(s[1:], '%')
	if i < 0 {
		return nil, "", errInvalid()
	}
	re, err := compileRegex(s[1 : i+1])
	return re, s[i+2:], err
}

func compileRegex(s string) (*regexp.Regexp, error) {
	if s == "" {
		return nil, errInvalid()
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '\\' {
			n := escapeLen(s[i:])
			if n == 0 {
				return nil, errInvalid()
			}
			i += n - 1
			continue
		}
		if c >= 0x80 || !isAlphanumeric(rune(c)) && !strings.ContainsRune(regexSymbols+regexOperators, rune(c)) {
			return nil, errCharacter([]rune(s[i:])[0])
		}
	}
	// {,n} is documented and means {0,n}; RE2 would take it as text.
	re, err := regexp.Compile(strings.ReplaceAll(s, "{,", "{0,"))
	if err != nil {
		return nil, errInvalid()
	}
	return re, nil
}

// escapeLen returns the length of the escape at the beginning of s: \d \s \w
// and their opposites, \t \n, \xhh of ASCII, or an operator or symbol taken literally.
func escapeLen(s string) int {
	if len(s) < 2 {
		return 0
	}
	switch c := s[1]; {
	case strings.IndexByte("dDsSwWtn", c) >= 0:
		return 2
	case c == 'x':
		if len(s) >= 4 && s[2] >= '0' && s[2] <= '7' && isHex(s[3]) {
			return 4
		}
		return 0
	case c < 0x80 && c > ' ' && !isAlphanumeric(rune(c)) && c != '_':
		return 2
	}
	return 0
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func isAlphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}
