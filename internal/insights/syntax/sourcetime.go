package syntax

import (
	"strconv"
	"strings"
	"time"
)

// SourceTime is a time of START= or END=: so long before the query is started
// (-2h, 0s, now), or a moment (seconds or milliseconds since the Unix epoch, RFC 3339).
type SourceTime struct {
	// Text is how it was written, without quotes.
	Text string
	// Before is how long before; used when Relative.
	Relative bool
	Before   time.Duration
	// At is the moment in milliseconds since the Unix epoch, Last the last
	// millisecond of it: a moment without a fraction is a whole second.
	At, Last int64
}

// First returns the time's first millisecond for a query started at now.
func (t *SourceTime) First(now time.Time) int64 {
	if t.Relative {
		return now.Add(-t.Before).UnixMilli()
	}
	return t.At
}

// End returns the time's last millisecond.
func (t *SourceTime) End(now time.Time) int64 {
	if t.Relative {
		return t.First(now)
	}
	return t.Last
}

// sourceTimes takes START=... and END=..., in either order.
func (p *parser) sourceTimes(s *Source) {
	for {
		at := p.tok.Span
		var t **SourceTime
		switch {
		case p.option("start"):
			t = &s.Start
		case p.option("end"):
			t = &s.End
		default:
			return
		}
		if *t != nil {
			p.fail(at, "given twice")
		}
		*t = p.sourceTime()
	}
}

func (p *parser) sourceTime() *SourceTime {
	at, text := p.tok.Span, p.tok.text
	if p.tok.kind != tokString {
		at.End, text = p.plainWord()
	}
	t, ok := parseSourceTime(text)
	if !ok {
		p.fail(at, strconv.Quote(text)+" is no time: write so long ago (-2h, 0s), now, seconds or milliseconds since 1970, or 2026-11-24T00:00:00Z")
	}
	p.advance()
	return t
}

// plainWord makes the current token what stands up to the next white space or the
// end of the command: a time has "-" and ":" in it.
func (p *parser) plainWord() (end int, text string) {
	src := p.lexer.src
	text = src[p.tok.Start:]
	if i := strings.IndexAny(text, " \t\r\n|(),#"); i >= 0 {
		text = text[:i]
	}
	if text == "" {
		p.unexpected("a time")
	}
	p.lexer.pos = p.tok.Start + len(text)
	p.tok.End = p.lexer.pos
	return p.tok.End, text
}

func parseSourceTime(text string) (*SourceTime, bool) {
	t := &SourceTime{Text: text}
	if strings.EqualFold(text, "now") {
		t.Relative = true
		return t, true
	}
	ago, minus := strings.CutPrefix(text, "-")
	if n, unit, ok := parsePeriod(ago); ok && (minus || n == 0) {
		length, ok := unitLength(unit)
		const most = 100 * 366 * 24 * time.Hour
		if !ok || n > int64(most/length) {
			return nil, false
		}
		t.Relative, t.Before = true, time.Duration(n)*length
		return t, true
	}
	// As StartQuery has it: what would be after the year 5138 as seconds is milliseconds.
	if n, err := strconv.ParseUint(text, 10, 53); err == nil {
		t.At, t.Last = int64(n), int64(n)
		if n < 100_000_000_000 {
			t.At, t.Last = t.At*1000, t.At*1000+999
		}
		return t, true
	}
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil || moment.Year() < 1970 || strings.Contains(text, ",") {
		return nil, false
	}
	t.At = moment.UnixMilli()
	t.Last = t.At
	if !strings.Contains(text, ".") {
		t.Last += 999
	}
	return t, true
}

// unitLength is the length of units that have one.
func unitLength(u Unit) (time.Duration, bool) {
	return (&Period{N: 1, Unit: u}).Fixed()
}
