package exec

import (
	"encoding/json"
	"math"
	"sort"
	"strconv"
	"strings"
)

// The kinds of anomaly that the guide describes.
const (
	anomalyNew       = "New Pattern"
	anomalyFrequency = "Pattern Frequency"
	anomalyToken     = "Token Variation"
	anomalyNumber    = "Numerical Token"
	anomalyHTTP      = "HTTP Error Code"
)

// The rules of anomaly. CloudWatch Logs learns what is usual; here the time before is.
const (
	// unusual is how many standard deviations from before something must be.
	unusual = 3
	// leastSeen is how many events a token must have been seen in, before and now.
	leastSeen = 10
	// fewValues is how many different values a token may have had for another to be
	// remarkable, newShare the share of events that must have others now.
	fewValues = 10
	newShare  = 0.2
	// leastSpread is the least standard deviation that numbers are taken to have, as a
	// share of their mean.
	leastSpread = 0.05
)

// finding is one anomaly of a pattern.
type finding struct{ kind, what string }

// compared is a pattern now beside what it was in the time before.
type compared struct {
	old, now             float64
	oldTokens, nowTokens []patternToken
}

// findings returns what is unusual about a pattern.
func (c *compared) findings() []finding {
	if c.old == 0 {
		return []finding{{anomalyNew, describe(0, c.now)}}
	}
	var out []finding
	if farFrom(c.old, c.now) {
		out = append(out, finding{anomalyFrequency, describe(c.old, c.now)})
	}
	before := dynamic(c.oldTokens)
	for i, now := range dynamic(c.nowTokens) {
		if i == len(before) {
			break
		}
		if f, ok := unusualToken(&before[i], &now); ok {
			f.what = now.Text + ": " + f.what
			out = append(out, f)
		}
	}
	return out
}

// farFrom reports whether a count is further from what it was than chance would have
// it: three standard deviations of a Poisson count, and at least half or double.
func farFrom(old, now float64) bool {
	return math.Abs(now-old) > unusual*math.Sqrt(math.Max(old, 1)) && (now >= 2*old || now <= old/2)
}

func unusualToken(old, now *patternToken) (finding, bool) {
	switch {
	case old.ErrorCode && now.ErrorCode:
		// More errors than there would be if their share had stayed.
		expected := float64(old.Errors) * float64(now.Count) / float64(max(old.Count, 1))
		if n := float64(now.Errors); n > expected && farFrom(expected, n) {
			return finding{anomalyHTTP, describe(math.Round(expected), n) + " (HTTP status 400 to 599)"}, true
		}
		return finding{}, false
	case old.Count < leastSeen || now.Count < leastSeen:
		return finding{}, false
	case old.Numeric && now.Numeric:
		spread := math.Max(old.Deviation, leastSpread*math.Abs(old.Mean))
		if d := math.Abs(now.Mean - old.Mean); d > 0 && d > unusual*spread {
			return finding{anomalyNumber, "mean " + formatNumber(now.Mean) + " instead of " + formatNumber(old.Mean)}, true
		}
		return finding{}, false
	}
	return newValues(old, now)
}

// newValues finds values that a token with few of them did not have before.
func newValues(old, now *patternToken) (finding, bool) {
	if old.More || old.Distinct == 0 || old.Distinct > fewValues {
		return finding{}, false
	}
	known := int64(0)
	var fresh []string
	for v, n := range now.Enumerations {
		if _, ok := old.Enumerations[v]; ok {
			known += n
		} else {
			fresh = append(fresh, v)
		}
	}
	if len(fresh) == 0 || float64(now.Count-known) < newShare*float64(now.Count) {
		return finding{}, false
	}
	sort.Strings(fresh)
	return finding{anomalyToken, "new values " + strings.Join(quoteAll(fresh), ", ")}, true
}

func quoteAll(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strconv.Quote(s)
	}
	return out
}

// dynamic are the varying tokens of @tokens.
func dynamic(tokens []patternToken) []patternToken {
	var out []patternToken
	for _, t := range tokens {
		if t.Type == "DYNAMIC" {
			out = append(out, t)
		}
	}
	return out
}

// readTokens reads @tokens; none for a pattern without.
func readTokens(s string) []patternToken {
	var tokens []patternToken
	if json.Unmarshal([]byte(s), &tokens) != nil {
		return nil
	}
	return tokens
}

// fillAnomaly fills @anomaly and @anomalyDescription: the kinds, each once, and what
// they are about. Both are missing for a pattern that is as it was.
func fillAnomaly(r *row, slots []int, c *compared) {
	found := c.findings()
	if len(found) == 0 {
		return
	}
	var kinds, what []string
	for _, f := range found {
		if len(kinds) == 0 || kinds[len(kinds)-1] != f.kind {
			kinds = append(kinds, f.kind)
		}
		what = append(what, f.what)
	}
	r.slots[slots[0]] = text(strings.Join(kinds, ", "))
	r.slots[slots[1]] = text(strings.Join(what, "; "))
}
