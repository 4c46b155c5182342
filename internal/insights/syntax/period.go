package syntax

import (
	"strconv"
	"strings"
	"time"
)

// Unit is a unit of time; its value is the shortest way to write it.
type Unit string

// The units of a Period.
const (
	Millisecond Unit = "ms"
	Second      Unit = "s"
	Minute      Unit = "m"
	Hour        Unit = "h"
	Day         Unit = "d"
	Week        Unit = "w"
	Month       Unit = "mo"
	Quarter     Unit = "q"
	Year        Unit = "y"
)

// units are all the spellings; those longer than one letter may end in "s" too.
var units = map[string]Unit{
	"millisecond": Millisecond, "ms": Millisecond, "msec": Millisecond,
	"second": Second, "s": Second, "sec": Second,
	"minute": Minute, "m": Minute, "min": Minute,
	"hour": Hour, "h": Hour, "hr": Hour,
	"day": Day, "d": Day,
	"week": Week, "w": Week,
	"month": Month, "mo": Month, "mon": Month,
	"quarter": Quarter, "q": Quarter, "qtr": Quarter,
	"year": Year, "y": Year, "yr": Year,
}

func unitOf(word string) (Unit, bool) {
	word = strings.ToLower(word)
	if u, ok := units[word]; ok {
		return u, true
	}
	if s, ok := strings.CutSuffix(word, "s"); ok && len(s) > 1 {
		u, ok := units[s]
		return u, ok
	}
	return "", false
}

// parsePeriod reads "5m".
func parsePeriod(word string) (n int64, u Unit, ok bool) {
	digits := len(word) - len(strings.TrimLeft(word, "0123456789"))
	if digits == 0 || digits == len(word) {
		return 0, "", false
	}
	n, err := strconv.ParseInt(word[:digits], 10, 64)
	if err != nil {
		return 0, "", false
	}
	u, ok = unitOf(word[digits:])
	return n, u, ok
}

func isPeriod(word string) bool {
	_, _, ok := parsePeriod(word)
	return ok
}

// Fixed returns the period's length when it has one: up to weeks. AWS caps the
// number by the unit (1000 ms, 60 s, 60 m, 24 h); so does Fixed.
func (p *Period) Fixed() (time.Duration, bool) {
	limit := func(most int64, unit time.Duration) (time.Duration, bool) {
		return time.Duration(min(p.N, most)) * unit, true
	}
	switch p.Unit {
	case Millisecond:
		return limit(1000, time.Millisecond)
	case Second:
		return limit(60, time.Second)
	case Minute:
		return limit(60, time.Minute)
	case Hour:
		return limit(24, time.Hour)
	case Day:
		return limit(36500, 24*time.Hour)
	case Week:
		return limit(5200, 7*24*time.Hour)
	}
	return 0, false
}

// Months returns the period's length in months for units of months and more, 0 for others.
func (p *Period) Months() int64 {
	n := min(p.N, 12000)
	switch p.Unit {
	case Month:
		return n
	case Quarter:
		return 3 * n
	case Year:
		return 12 * n
	}
	return 0
}

// ParseNumber reads s as a number the way the language sees one in a log's text:
// an optional sign, decimal digits with an optional point among them, an optional
// exponent; no white space, no hexadecimal, no infinity.
func ParseNumber(s string) (float64, bool) {
	if s == "" || len(s) > 64 {
		return 0, false
	}
	if n, ok := smallInteger(s); ok {
		return n, true
	}
	switch c := s[len(s)-1]; {
	case c >= '0' && c <= '9', c == '.':
	default:
		return 0, false
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c == '.', c == '-', c == '+', c == 'e', c == 'E':
		default:
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// smallInteger is the common case: up to 15 digits and nothing else.
func smallInteger(s string) (float64, bool) {
	if len(s) > 15 {
		return 0, false
	}
	n := int64(0)
	for i := 0; i < len(s); i++ {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = n*10 + int64(c)
	}
	return float64(n), true
}
