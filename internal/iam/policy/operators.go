package policy

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"net/netip"
	"strings"
)

// operator is a condition operator: how to compile its values, and whether it
// is the negation of what they test.
type operator struct {
	negated bool
	compile func(values []string, variables bool) (test, error)
}

// operators lists every condition operator but Null (IAM User Guide,
// "Condition operators").
var operators = map[string]operator{
	"StringEquals":              {false, stringEquals},
	"StringNotEquals":           {true, stringEquals},
	"StringEqualsIgnoreCase":    {false, stringEqualsFold},
	"StringNotEqualsIgnoreCase": {true, stringEqualsFold},
	"StringLike":                {false, stringLike},
	"StringNotLike":             {true, stringLike},

	"NumericEquals":            {false, numeric(func(c int) bool { return c == 0 })},
	"NumericNotEquals":         {true, numeric(func(c int) bool { return c == 0 })},
	"NumericLessThan":          {false, numeric(func(c int) bool { return c < 0 })},
	"NumericLessThanEquals":    {false, numeric(func(c int) bool { return c <= 0 })},
	"NumericGreaterThan":       {false, numeric(func(c int) bool { return c > 0 })},
	"NumericGreaterThanEquals": {false, numeric(func(c int) bool { return c >= 0 })},

	"DateEquals":            {false, date(func(c int) bool { return c == 0 })},
	"DateNotEquals":         {true, date(func(c int) bool { return c == 0 })},
	"DateLessThan":          {false, date(func(c int) bool { return c < 0 })},
	"DateLessThanEquals":    {false, date(func(c int) bool { return c <= 0 })},
	"DateGreaterThan":       {false, date(func(c int) bool { return c > 0 })},
	"DateGreaterThanEquals": {false, date(func(c int) bool { return c >= 0 })},

	"Bool":         {false, boolean},
	"BinaryEquals": {false, binary},
	"IpAddress":    {false, ipAddress},
	"NotIpAddress": {true, ipAddress},

	// The documentation says that Equals and Like are the same for ARNs.
	"ArnEquals":    {false, arnLike},
	"ArnLike":      {false, arnLike},
	"ArnNotEquals": {true, arnLike},
	"ArnNotLike":   {true, arnLike},
}

func templates(values []string, g grammar) []template {
	ts := make([]template, len(values))
	for i, v := range values {
		ts[i] = newTemplate(v, g)
	}
	return ts
}

func stringEquals(values []string, variables bool) (test, error) {
	return stringTest(values, variables, func(a, b string) bool { return a == b })
}

func stringEqualsFold(values []string, variables bool) (test, error) {
	return stringTest(values, variables, strings.EqualFold)
}

func stringTest(values []string, variables bool, equal func(a, b string) bool) (test, error) {
	ts := templates(values, grammar{variables: variables})
	return func(value string, ctx Context) bool {
		for i := range ts {
			if ts[i].equals(value, ctx, equal) {
				return true
			}
		}
		return false
	}, nil
}

func stringLike(values []string, variables bool) (test, error) {
	ts := templates(values, grammar{wildcards: true, variables: variables})
	return func(value string, ctx Context) bool {
		for i := range ts {
			if fits, _ := ts[i].matches(value, ctx); fits {
				return true
			}
		}
		return false
	}, nil
}

func arnLike(values []string, variables bool) (test, error) {
	patterns := make([]arnPattern, len(values))
	for i, v := range values {
		patterns[i] = newARNPattern(v, grammar{wildcards: true, variables: variables})
	}
	return func(value string, ctx Context) bool {
		for i := range patterns {
			if patterns[i].matches(value, ctx) {
				return true
			}
		}
		return false
	}, nil
}

// numeric makes an operator from what it accepts of the comparison of the
// request's number with the policy's.
func numeric(accepts func(int) bool) func([]string, bool) (test, error) {
	return func(values []string, _ bool) (test, error) {
		wants, err := parseAll(values, parseNumber)
		if err != nil {
			return nil, err
		}
		return func(value string, _ Context) bool {
			have, ok := parseNumber(value)
			return ok && anyOf(wants, func(want number) bool { return accepts(have.compare(want)) })
		}, nil
	}
}

// date is numeric for points in time.
func date(accepts func(int) bool) func([]string, bool) (test, error) {
	return func(values []string, _ bool) (test, error) {
		wants, err := parseAll(values, parseDate)
		if err != nil {
			return nil, err
		}
		return func(value string, _ Context) bool {
			have, ok := parseDate(value)
			return ok && anyOf(wants, func(want instant) bool { return accepts(have.compare(want)) })
		}, nil
	}
}

// boolean compares without case. A policy value that is neither true nor false
// fits nothing. The guide allows variables here on one page and not on another.
func boolean(values []string, variables bool) (test, error) {
	ts := templates(values, grammar{variables: variables})
	return func(value string, ctx Context) bool {
		if _, ok := parseBool(value); !ok {
			return false
		}
		for i := range ts {
			if ts[i].equals(value, ctx, strings.EqualFold) {
				return true
			}
		}
		return false
	}, nil
}

func binary(values []string, _ bool) (test, error) {
	wants, err := parseAll(values, parseBase64)
	if err != nil {
		return nil, err
	}
	return func(value string, _ Context) bool {
		have, ok := parseBase64(value)
		return ok && anyOf(wants, func(want []byte) bool { return bytes.Equal(want, have) })
	}, nil
}

func ipAddress(values []string, _ bool) (test, error) {
	nets, err := parseAll(values, parsePrefix)
	if err != nil {
		return nil, err
	}
	return func(value string, _ Context) bool {
		ip, err := netip.ParseAddr(value)
		if err != nil {
			return false
		}
		ip = ip.Unmap().WithZone("")
		return anyOf(nets, func(n netip.Prefix) bool { return n.Contains(ip) })
	}, nil
}

func parseAll[T any](values []string, parse func(string) (T, bool)) ([]T, error) {
	out := make([]T, len(values))
	for i, v := range values {
		var ok bool
		if out[i], ok = parse(v); !ok {
			return nil, errLegacy
		}
	}
	return out, nil
}

func anyOf[T any](list []T, ok func(T) bool) bool {
	for _, v := range list {
		if ok(v) {
			return true
		}
	}
	return false
}

func parseBase64(s string) ([]byte, bool) {
	b, err := base64.StdEncoding.DecodeString(s)
	return b, err == nil
}

func parseBool(s string) (value, ok bool) {
	switch {
	case strings.EqualFold(s, "true"):
		return true, true
	case strings.EqualFold(s, "false"):
		return false, true
	}
	return false, false
}

// parsePrefix reads an address or a range in CIDR notation; an address alone is its own range.
func parsePrefix(s string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		if ip := p.Addr(); ip.Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(ip.Unmap(), p.Bits()-96)
		}
		return p.Masked(), true
	}
	ip, err := netip.ParseAddr(s)
	if err != nil || ip.Zone() != "" {
		return netip.Prefix{}, false
	}
	ip = ip.Unmap()
	return netip.PrefixFrom(ip, ip.BitLen()), true
}

// number is an integer where it is one, so that large ones compare exactly.
type number struct {
	whole   int64
	isWhole bool
	real    float64
}

func (a number) compare(b number) int {
	if a.isWhole && b.isWhole {
		return cmp.Compare(a.whole, b.whole)
	}
	return cmp.Compare(a.real, b.real)
}

// instant is a point in time: seconds since 1970 and nanoseconds.
type instant struct {
	sec  int64
	nsec int
}

func (a instant) compare(b instant) int {
	return cmp.Or(cmp.Compare(a.sec, b.sec), cmp.Compare(a.nsec, b.nsec))
}
