package logline

import (
	"testing"
	"time"
	_ "time/tzdata"
)

func clockAt(t *testing.T, zone, now string) Clock {
	t.Helper()
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse(time.RFC3339, now)
	if err != nil {
		t.Fatal(err)
	}
	return Clock{Zone: location, Now: func() time.Time { return at }}
}

func TestStamp(t *testing.T) {
	const utc, paris, newYork = "UTC", "Europe/Paris", "America/New_York"
	for _, c := range []struct{ zone, now, line, want string }{
		{utc, "2026-11-24T00:00:00Z", "Nov 23 22:06:00 x", "2026-11-23T22:06:00Z"},
		{utc, "2026-11-24T00:00:00Z", "Nov  3 22:06:00 x", "2026-11-03T22:06:00Z"},
		{utc, "2026-11-24T00:00:00Z", "Nov 03 22:06:00 x", "2026-11-03T22:06:00Z"},
		// December read in January, and the first lines of January read by a clock that is behind.
		{utc, "2027-01-01T00:00:10Z", "Dec 31 23:59:59 x", "2026-12-31T23:59:59Z"},
		{utc, "2026-12-31T23:59:58Z", "Jan  1 00:00:01 x", "2027-01-01T00:00:01Z"},
		{utc, "2026-11-24T00:00:00Z", "Nov 25 00:00:01 x", "2025-11-25T00:00:01Z"},
		{paris, "2026-12-31T23:30:00Z", "Jan  1 00:29:00 x", "2026-12-31T23:29:00Z"},
		{utc, "2027-03-01T00:00:00Z", "Feb 29 12:00:00 x", "2024-02-29T12:00:00Z"},
		// Summer and winter time; the hour that comes twice, read the first time, the second time and later, east and west of Greenwich.
		{paris, "2026-11-24T00:00:00Z", "Jul  1 12:00:00 x", "2026-07-01T10:00:00Z"},
		{paris, "2026-11-24T00:00:00Z", "Nov  1 12:00:00 x", "2026-11-01T11:00:00Z"},
		{paris, "2026-10-25T00:30:01Z", "Oct 25 02:30:00 x", "2026-10-25T00:30:00Z"},
		{paris, "2026-10-25T01:30:01Z", "Oct 25 02:30:00 x", "2026-10-25T01:30:00Z"},
		{paris, "2026-11-24T00:00:00Z", "Oct 25 02:30:00 x", "2026-10-25T01:30:00Z"},
		{newYork, "2026-11-01T05:30:01Z", "2026-11-01 01:30:00 x", "2026-11-01T05:30:00Z"},
		{newYork, "2026-11-01T06:30:01Z", "2026-11-01 01:30:00 x", "2026-11-01T06:30:00Z"},
		{newYork, "2026-11-24T00:00:00Z", "2026-11-01 01:30:00 x", "2026-11-01T06:30:00Z"},
		{utc, "2026-11-24T00:00:00Z", "2026-11-23T22:06:00.123456+01:00 x", "2026-11-23T21:06:00.123456Z"},
		{utc, "2026-11-24T00:00:00Z", "2026-11-23T22:06:00-0330 x", "2026-11-24T01:36:00Z"},
		{utc, "2026-11-24T00:00:00Z", "2026-11-23T22:06:00Z", "2026-11-23T22:06:00Z"},
		{paris, "2026-11-24T00:00:00Z", "2026-11-23 22:06:00 x", "2026-11-23T21:06:00Z"},
		{utc, "2026-11-24T00:00:00Z", "2016-12-31T23:59:60Z x", "2016-12-31T23:59:59Z"},
	} {
		got, _, ok := clockAt(t, c.zone, c.now).Stamp(c.line)
		if !ok || got.UTC().Format(time.RFC3339Nano) != c.want {
			t.Errorf("%s at %s in %s: %s %v, want %s", c.line, c.now, c.zone, got.UTC().Format(time.RFC3339Nano), ok, c.want)
		}
	}
	for _, line := range []string{"", "Nov", "Nov 23 22:06:00", "Nov 31 22:06:00 x", "Nov 23 24:06:00 x", "Nov 23 22-06-00 x", "Ovd 23 22:06:00 x",
		"2026-13-23T22:06:00Z x", "2026-11-31T22:06:00Z x", "2026-11-23T22:06:00+1 x", "2026-11-23T22:06:00+25:00 x", "2026-11-23T22:06:00Zx", "12345"} {
		if at, _, ok := clockAt(t, utc, "2026-11-24T00:00:00Z").Stamp(line); ok {
			t.Errorf("%q was read as %s", line, at)
		}
	}
}

func TestParseHead(t *testing.T) {
	clock := clockAt(t, "UTC", "2026-11-24T00:00:00Z")
	for line, want := range map[string]Head{
		"Nov 23 22:06:00 mx postfix/smtpd[27379]: a: b": {Host: "mx", Program: "postfix/smtpd", PID: "27379", Message: "a: b"},
		"Nov 23 22:06:00 mx dovecot: x":                 {Host: "mx", Program: "dovecot", Message: "x"},
		"Nov 23 22:06:00 mx dovecot:":                   {Host: "mx", Program: "dovecot"},
	} {
		want.Time = time.Date(2026, 11, 23, 22, 6, 0, 0, time.UTC)
		if got, ok := clock.Parse(line); !ok || got != want {
			t.Errorf("%q: %+v %v, want %+v", line, got, ok, want)
		}
	}
	for _, line := range []string{"Nov 23 22:06:00 mx", "Nov 23 22:06:00 mx no tag", "Nov 23 22:06:00  x: y", "Nov 23 22:06:00 mx [1]: y", "Nov 23 22:06:00 mx : y"} {
		if got, ok := clock.Parse(line); ok {
			t.Errorf("%q was read as %+v", line, got)
		}
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		"a#012b#011c#177d": "a b c d", "#0": "#0", "#012": " ", "#099 #12": "#099 #12", "plain #100": "plain #100",
	} {
		if got := Unescape(in); got != want {
			t.Errorf("Unescape(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzStamp(f *testing.F) {
	for _, seed := range []string{"Nov 23 22:06:00 x", "2026-11-23T22:06:00.123456+01:00 x", "2026-11-23 22:06:00 x"} {
		f.Add(seed)
	}
	limit := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	clock := Clock{Zone: time.UTC, Now: func() time.Time { return limit }}
	f.Fuzz(func(t *testing.T, line string) {
		at, rest, ok := clock.Stamp(line)
		if !ok {
			return
		}
		if len(rest) >= len(line) {
			t.Errorf("%q: rest %q", line, rest)
		}
		if line[0] > '9' && (at.After(limit.Add(ahead)) || at.Before(limit.AddDate(-9, 0, 0))) {
			t.Errorf("%q without a year is in %s", line, at)
		}
	})
}
