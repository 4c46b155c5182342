package logline

import (
	"strings"
	"time"
)

// Clock is what a parser must know to read time stamps that lack a year or a
// zone (RFC 3164 section 4.1.2).
type Clock struct {
	// Zone is the zone the log's daemon writes local times in; nil is time.Local.
	Zone *time.Location
	// Now is the present time, for the year rule; nil is time.Now.
	Now func() time.Time
}

// ahead is how far a stamp without a year may lie in the future before it is
// taken for last year's: clocks differ, and zones are configured wrongly.
const ahead = 24 * time.Hour

func (c Clock) zone() *time.Location {
	if c.Zone == nil {
		return time.Local
	}
	return c.Zone
}

func (c Clock) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

// Stamp reads the time stamp a line begins with and returns the rest of the
// line behind it and one blank. It knows
//
//	Nov  3 22:06:00 or Nov 03 22:06:00     RFC 3164, also Dovecot's default
//	2026-11-23T22:06:00.123456+01:00       RFC 3339, with or without fraction and zone
//	2026-11-23 22:06:00                    Dovecot with log_timestamp "%Y-%m-%d %H:%M:%S "
//
// A stamp without a zone is in Clock.Zone; in the hour that a zone repeats at
// the end of daylight saving time it means the later of the two times that is
// not in the future, which is right for a log that is read as it is written. A
// stamp without a year is in the newest year that does not put it more than a
// day into the future, so that a log of December is read rightly in January.
func (c Clock) Stamp(line string) (t time.Time, rest string, ok bool) {
	if line == "" {
		return time.Time{}, "", false
	}
	if isDigit(line[0]) {
		return c.full(line)
	}
	return c.withoutYear(line)
}

func (c Clock) withoutYear(line string) (time.Time, string, bool) {
	// Mmm dd hh:mm:ss and a blank
	if len(line) < 16 || line[3] != ' ' || line[6] != ' ' || line[15] != ' ' {
		return time.Time{}, "", false
	}
	month, ok := monthOf(line[:3])
	if !ok {
		return time.Time{}, "", false
	}
	day, ok := number(strings.TrimPrefix(line[4:6], " "))
	if !ok {
		return time.Time{}, "", false
	}
	h, m, s, ok := clockTime(line[7:15])
	if !ok {
		return time.Time{}, "", false
	}
	limit := c.now().Add(ahead)
	// Nine years back there was a 29 February, whatever the century.
	for year := limit.In(c.zone()).Year(); year > limit.Year()-10; year-- {
		t := c.local(year, month, day, h, m, s, 0)
		if t.Month() == month && t.Day() == day && !t.After(limit) {
			return t, line[16:], true
		}
	}
	return time.Time{}, "", false
}

func (c Clock) full(line string) (time.Time, string, bool) {
	// yyyy-mm-ddThh:mm:ss
	if len(line) < 19 || line[4] != '-' || line[7] != '-' || line[10] != 'T' && line[10] != ' ' {
		return time.Time{}, "", false
	}
	year, ok1 := number(line[:4])
	month, ok2 := number(line[5:7])
	day, ok3 := number(line[8:10])
	h, m, s, ok4 := clockTime(line[11:19])
	if !ok1 || !ok2 || !ok3 || !ok4 || month < 1 || month > 12 {
		return time.Time{}, "", false
	}
	nanos, rest := fraction(line[19:])
	zone, rest, ok := offset(rest)
	if !ok || rest != "" && rest[0] != ' ' {
		return time.Time{}, "", false
	}
	var t time.Time
	if zone != nil {
		t = time.Date(year, time.Month(month), day, h, m, s, nanos, zone)
	} else {
		t = c.local(year, time.Month(month), day, h, m, s, nanos)
	}
	if t.Day() != day {
		return time.Time{}, "", false
	}
	return t, strings.TrimPrefix(rest, " "), true
}

// fraction reads ".123456" as nanoseconds.
func fraction(s string) (nanos int, rest string) {
	if s == "" || s[0] != '.' {
		return 0, s
	}
	scale := int(time.Second)
	i := 1
	for ; i < len(s) && isDigit(s[i]); i++ {
		scale /= 10
		nanos += int(s[i]-'0') * scale
	}
	return nanos, s[i:]
}

// local is a time in the clock's zone. Where the zone has that time twice,
// time.Date picks either.
func (c Clock) local(year int, month time.Month, day, h, m, s, nanos int) time.Time {
	zone := c.zone()
	t := time.Date(year, month, day, h, m, s, nanos, zone)
	if zone == time.UTC {
		return t
	}
	if later := t.Add(time.Hour); later.Hour() == t.Hour() && !later.After(c.now()) {
		return later
	}
	if earlier := t.Add(-time.Hour); earlier.Hour() == t.Hour() && t.After(c.now()) {
		return earlier
	}
	return t
}

// offset reads "Z", "+01:00" or "+0100"; nothing gives a nil zone.
func offset(s string) (zone *time.Location, rest string, ok bool) {
	if s == "" || s[0] == ' ' {
		return nil, s, true
	}
	if s[0] == 'Z' {
		return time.UTC, s[1:], true
	}
	if s[0] != '+' && s[0] != '-' || len(s) < 5 {
		return nil, "", false
	}
	minutes := 3
	if s[3] == ':' {
		minutes = 4
	}
	if len(s) < minutes+2 {
		return nil, "", false
	}
	h, ok1 := number(s[1:3])
	m, ok2 := number(s[minutes : minutes+2])
	if !ok1 || !ok2 || h > 23 || m > 59 {
		return nil, "", false
	}
	seconds := h*3600 + m*60
	if s[0] == '-' {
		seconds = -seconds
	}
	rest = s[minutes+2:]
	if seconds == 0 {
		return time.UTC, rest, true
	}
	return time.FixedZone("", seconds), rest, true
}

func clockTime(s string) (h, m, sec int, ok bool) {
	if s[2] != ':' || s[5] != ':' {
		return 0, 0, 0, false
	}
	h, ok1 := number(s[:2])
	m, ok2 := number(s[3:5])
	sec, ok3 := number(s[6:8])
	ok = ok1 && ok2 && ok3 && h < 24 && m < 60 && sec <= 60
	// 60 is a leap second, for which Unix time has the second before it.
	return h, m, min(sec, 59), ok
}

func monthOf(s string) (time.Month, bool) {
	const names = "JanFebMarAprMayJunJulAugSepOctNovDec"
	i := strings.Index(names, s)
	if i < 0 || i%3 != 0 {
		return 0, false
	}
	return time.Month(i/3 + 1), true
}

func number(s string) (int, bool) {
	n := 0
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, s != ""
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }
