package exec

import (
	"math"
	"strconv"
	"strings"
)

// patternToken is a token as @tokens has it. The guide does not describe that column;
// the names down to inferredTokenName are those that CloudWatch Logs answers with,
// the rest is ours, for anomaly.
type patternToken struct {
	Position     int              `json:"dynamicTokenPosition,omitempty"`
	Type         string           `json:"tokenType"` // STATIC or DYNAMIC
	Text         string           `json:"tokenString"`
	Numeric      bool             `json:"isNumeric"`
	ErrorCode    bool             `json:"isErrorCode"`
	Enumerations map[string]int64 `json:"enumerations,omitempty"`
	Name         string           `json:"inferredTokenName,omitempty"`

	// Count is how often the token was seen, Distinct how many values were told apart,
	// More that there were others.
	Count    int64 `json:"count,omitempty"`
	Distinct int   `json:"distinctValues,omitempty"`
	More     bool  `json:"moreValues,omitempty"`
	// Mean and Deviation are those of numbers; Errors counts HTTP statuses from 400 on.
	Mean      float64 `json:"mean,omitempty"`
	Deviation float64 `json:"standardDeviation,omitempty"`
	Errors    int64   `json:"errorCount,omitempty"`
}

// maxEnumerations is how many values of a token an answer has, as the guide says.
const maxEnumerations = 10

// dynamicToken describes the varying token that stands after text.
func dynamicToken(position int, name string, after string, t *tokenValues) patternToken {
	p := patternToken{Position: position, Type: "DYNAMIC", Text: "<" + name + "-" + strconv.Itoa(position) + ">", Name: name}
	if t == nil {
		return p
	}
	p.Count, p.Distinct, p.More, p.Enumerations = t.n, len(t.counts), t.more, t.commonest(maxEnumerations)
	p.Numeric = t.numbers.n == t.n && t.n > 0
	p.ErrorCode = t.others == 0 && t.n > 0 && namesStatus(after)
	if p.Numeric {
		p.Mean, p.Deviation = fourDecimals(t.numbers.mean), fourDecimals(t.numbers.deviation())
	}
	if p.ErrorCode {
		p.Errors = t.errors
	}
	return p
}

func fourDecimals(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// namesStatus reports whether the text before a number says that it is an HTTP
// status: it ends with status, code or HTTP/1.1, whatever stands between.
func namesStatus(before string) bool {
	before = strings.TrimRight(strings.ToLower(before), ` "'=:[(_-`)
	for _, name := range []string{"status", "code", "http/1.0", "http/1.1", "http/2", "http/2.0", "http/3"} {
		if strings.HasSuffix(before, name) {
			return true
		}
	}
	return false
}

// tokensJSON is @tokens: the pattern's tokens in their order.
func (x *shapeCount) tokensJSON() string {
	var list []patternToken
	before := ""
	n := 0
	for i, t := range x.shape {
		if !isKind(t) {
			before += t
			continue
		}
		if strings.HasPrefix(t, `"`) {
			before += `"`
		}
		list = appendStatic(list, before)
		n++
		list = append(list, dynamicToken(n, strings.Trim(t, `"<>`), before, x.details.tokens[i]))
		before = strings.Repeat(`"`, strings.Count(t, `"`)/2)
	}
	return jsonText(appendStatic(list, before))
}

func appendStatic(list []patternToken, text string) []patternToken {
	if text == "" {
		return list
	}
	return append(list, patternToken{Type: "STATIC", Text: text})
}
