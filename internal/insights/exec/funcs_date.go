package exec

import (
	"math"
	"time"

	"waybill/internal/insights/syntax"
)

var dateFunctions = map[string]function{
	"bin":        {1, 1, bin},
	"datefloor":  {2, 2, func(c *compiler, call *syntax.Call) eval { return rounded(c, call, floorTo) }},
	"dateceil":   {2, 2, func(c *compiler, call *syntax.Call) eval { return rounded(c, call, ceilTo) }},
	"frommillis": of1(func(a value) value { return asTime(a) }),
	"tomillis": of1(func(a value) value {
		if t := asTime(a); t.kind == kindTime {
			return number(t.n)
		}
		return null
	}),
	"now":        {0, 0, func(c *compiler, _ *syntax.Call) eval { return constant(number(float64(c.env.Now.Unix()))) }},
	"parsedate":  {2, 3, parseDate},
	"formatdate": {2, 3, formatDate},
	"strftime":   {2, 3, formatDate},
}

func asTime(a value) value {
	ms, ok := a.millis()
	if !ok {
		return null
	}
	return moment(ms)
}

// bin is datefloor of @timestamp.
func bin(c *compiler, call *syntax.Call) eval {
	at := c.field(&syntax.Field{Span: call.Span, Steps: []syntax.Step{{Name: FieldTimestamp}}})
	p := c.period(call, call.Args[0])
	return func(r *row) value {
		t := asTime(at(r))
		if t.kind == kindTime {
			t.n = floorTo(t.n, p)
		}
		return t
	}
}

func rounded(c *compiler, call *syntax.Call, to func(float64, *syntax.Period) float64) eval {
	at := c.expr(call.Args[0])
	p := c.period(call, call.Args[1])
	return func(r *row) value {
		t := asTime(at(r))
		if t.kind == kindTime {
			t.n = to(t.n, p)
		}
		return t
	}
}

// period takes an argument that must be written as a period.
func (c *compiler) period(call *syntax.Call, x syntax.Expr) *syntax.Period {
	p, ok := x.(*syntax.Period)
	if !ok || p.N <= 0 {
		c.fail(x.At(), "Invalid arguments for function "+call.Name+": a period such as 5m or 1h is expected")
	}
	return p
}

// monday is a Monday in milliseconds, where weeks begin.
const monday = 4 * 24 * 3600 * 1000

// floorTo returns the beginning of the period that t is in, in UTC.
func floorTo(t float64, p *syntax.Period) float64 {
	if n := p.Months(); n > 0 {
		return float64(monthStart(months(t)/n*n, t))
	}
	d, _ := p.Fixed()
	ms := float64(d.Milliseconds())
	offset := 0.0
	if p.Unit == syntax.Week {
		offset = monday
	}
	return math.Floor((t-offset)/ms)*ms + offset
}

// ceilTo returns the beginning of the next period unless t is one.
func ceilTo(t float64, p *syntax.Period) float64 {
	floor := floorTo(t, p)
	if floor == t {
		return t
	}
	if n := p.Months(); n > 0 {
		return float64(monthStart(months(t)/n*n+n, t))
	}
	d, _ := p.Fixed()
	return floor + float64(d.Milliseconds())
}

// months counts the months from year 0 to t.
func months(t float64) int64 {
	u := time.UnixMilli(int64(t)).UTC()
	return int64(u.Year())*12 + int64(u.Month()) - 1
}

func monthStart(n int64, t float64) int64 {
	if t < minTime || t > maxTime {
		return int64(t)
	}
	return time.Date(int(n/12), time.Month(n%12)+1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
}
