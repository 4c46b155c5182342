package exec

import (
	"math"

	"waybill/internal/insights/syntax"
)

var numericFunctions = map[string]function{
	"abs":       ofNumber(math.Abs),
	"ceil":      ofNumber(math.Ceil),
	"floor":     ofNumber(math.Floor),
	"log":       ofNumber(math.Log),
	"sqrt":      ofNumber(math.Sqrt),
	"greatest":  ofN(1, -1, func(args []value) value { return extreme(args, math.Max) }),
	"least":     ofN(1, -1, func(args []value) value { return extreme(args, math.Min) }),
	"round":     ofN(1, 2, round),
	"haversine": ofN(4, 4, haversine),
	"tonumber":  ofNumber(func(n float64) float64 { return n }),
	"todouble":  ofNumber(func(n float64) float64 { return n }),
	"toint":     of1(func(a value) value { return integer(a, math.MinInt32, math.MaxInt32) }),
	"tolong":    of1(func(a value) value { return integer(a, math.MinInt64, math.MaxInt64) }),
	"hextodec":  ofText(hexToDec),
	"dectohex":  of1(decToHex),
}

// extreme leaves out what is no number.
func extreme(args []value, pick func(a, b float64) float64) value {
	out := null
	for _, a := range args {
		n, ok := a.num()
		switch {
		case !ok:
		case out.kind == kindNull:
			out = number(n)
		default:
			out.n = pick(out.n, n)
		}
	}
	return out
}

// round rounds halves away from zero.
func round(args []value) value {
	n, ok := args[0].num()
	if !ok {
		return null
	}
	if len(args) == 1 {
		return finite(math.Round(n))
	}
	d, ok := args[1].num()
	if !ok || math.Abs(d) > 300 {
		return null
	}
	scale := math.Pow(10, math.Trunc(d))
	if math.IsInf(n*scale, 0) {
		return number(n)
	}
	return finite(math.Round(n*scale) / scale)
}

// haversine is the great-circle distance in kilometres on a sphere of radius 6371 km.
func haversine(args []value) value {
	var rad [4]float64
	for i, a := range args {
		n, ok := a.num()
		if !ok {
			return null
		}
		rad[i] = n * math.Pi / 180
	}
	lat := math.Sin((rad[2] - rad[0]) / 2)
	lon := math.Sin((rad[3] - rad[1]) / 2)
	h := lat*lat + math.Cos(rad[0])*math.Cos(rad[2])*lon*lon
	return finite(2 * 6371 * math.Asin(math.Sqrt(math.Min(1, h))))
}

// integer cuts the decimals off; null when it does not fit.
func integer(a value, least, most float64) value {
	n, ok := a.num()
	if n = math.Trunc(n); !ok || n < least || n > most {
		return null
	}
	return number(n)
}

// literalNumber returns a number that an argument must be written as.
func (c *compiler) literalNumber(x syntax.Expr, least, most float64, what string) float64 {
	n, ok := x.(*syntax.Num)
	if !ok || n.Value < least || n.Value > most {
		c.fail(x.At(), what)
	}
	return n.Value
}
