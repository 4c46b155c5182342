package policy

import (
	"strconv"
	"strings"
	"time"
)

// maxNumber bounds the length of a number's text.
const maxNumber = 64

// parseNumber reads an integer or a decimal, with an optional sign and exponent.
func parseNumber(s string) (number, bool) {
	if s == "" || len(s) > maxNumber || strings.Trim(s, "+-.0123456789eE") != "" {
		return number{}, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return number{}, false
	}
	i, err := strconv.ParseInt(s, 10, 64)
	return number{whole: i, isWhole: err == nil, real: f}, true
}

// dateLayouts are the forms of the W3C note on ISO 8601 dates that the
// documentation refers to, and the zone without a colon or minutes. Go reads a
// fraction after the seconds by itself.
var dateLayouts = []string{
	"2006-01-02T15:04:05Z07:00",
	"2006-01-02T15:04Z07:00",
	"2006-01-02T15:04:05Z0700",
	"2006-01-02T15:04:05Z07",
	"2006-01-02T15:04:05",
	"2006-01-02T15:04",
	"2006-01-02",
	"2006-01",
}

// parseDate reads an ISO 8601 date, or seconds since 1970. Four digits are
// seconds, not a year.
func parseDate(s string) (instant, bool) {
	if s == "" || len(s) > maxNumber {
		return instant{}, false
	}
	if !strings.ContainsAny(s[1:], "-tT:") {
		sec, err := strconv.ParseInt(s, 10, 64)
		return instant{sec: sec}, err == nil
	}
	s = strings.ToUpper(s)
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return instant{sec: t.Unix(), nsec: t.Nanosecond()}, true
		}
	}
	return instant{}, false
}
