package exec

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// patternDetails is what is known of a pattern besides its text and count.
type patternDetails struct {
	// windows counts events by window of time.
	windows []int64
	// samples are the newest texts, the newest first.
	samples []patternSample
	// tokens are the values of varying tokens, by their place in the shape.
	tokens map[int]*tokenValues
}

type patternSample struct {
	time int64
	seq  uint64
	text string
}

const (
	maxSamples = 3
	// detailed is how many patterns of an answer, the commonest, have details.
	detailed = 1000
	// maxWindows is how many windows the query's time is cut into, at most.
	maxWindows = 50
)

// windows cuts a time range into windows of a round length.
type windows struct{ start, step int64 }

func newWindows(start, end int64) windows {
	least := (end - start) / maxWindows
	for _, d := range []time.Duration{time.Second, 5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute,
		time.Hour, 3 * time.Hour, 6 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour} {
		if step := d.Milliseconds(); step > least {
			return windows{start - start%step, step}
		}
	}
	return windows{start, least + 1}
}

func (w windows) of(t int64) int {
	return int(min(max(0, (t-w.start)/w.step), maxWindows))
}

// sample keeps s if it is one of the newest; it returns about how much memory that took.
func (d *patternDetails) sample(s patternSample, room bool) int64 {
	newer := func(a, b patternSample) int {
		return cmp.Or(cmp.Compare(b.time, a.time), cmp.Compare(b.seq, a.seq), strings.Compare(a.text, b.text))
	}
	at, _ := slices.BinarySearchFunc(d.samples, s, newer)
	if at == maxSamples || !room {
		return 0
	}
	s.text = strings.Clone(s.text)
	d.samples = slices.Insert(d.samples, at, s)
	if len(d.samples) <= maxSamples {
		return int64(len(s.text)) + 32
	}
	d.samples = d.samples[:maxSamples]
	return 0
}

func (d *patternDetails) window(i int, n int64) {
	if d.windows == nil {
		d.windows = make([]int64, maxWindows+1)
	}
	d.windows[i] += n
}

func (d *patternDetails) token(i int) *tokenValues {
	if d.tokens == nil {
		d.tokens = map[int]*tokenValues{}
	}
	if d.tokens[i] == nil {
		d.tokens[i] = &tokenValues{}
	}
	return d.tokens[i]
}

func (d *patternDetails) merge(o *patternDetails, room bool) int64 {
	grown := int64(0)
	for i, n := range o.windows {
		if n > 0 {
			d.window(i, n)
		}
	}
	for _, s := range o.samples {
		grown += d.sample(s, room)
	}
	for i, t := range o.tokens {
		grown += d.token(i).merge(t, room)
	}
	return grown
}

// patternID is the same for the same pattern, whatever the query.
func patternID(pattern string) string {
	sum := sha256.Sum256([]byte(pattern))
	return hex.EncodeToString(sum[:16])
}

// regexString is a regular expression that the pattern's texts match.
func (s shape) regexString() string {
	var b strings.Builder
	b.WriteByte('^')
	for _, t := range s {
		switch {
		case !isKind(t):
			b.WriteString(regexp.QuoteMeta(t))
		case strings.HasPrefix(t, `"`):
			b.WriteString(`".*?"`)
		default:
			b.WriteString(".*?")
		}
	}
	b.WriteByte('$')
	return b.String()
}

// samplesJSON is @logSamples.
func (d *patternDetails) samplesJSON() string {
	type sample struct {
		Time  int64  `json:"timestamp,omitempty"`
		Event string `json:"logEvent"`
	}
	list := make([]sample, len(d.samples))
	for i, s := range d.samples {
		list[i] = sample{s.time, s.text}
	}
	return jsonText(list)
}

// visualizationJSON is @visualization: how many events there are in each window of
// time, by its beginning in milliseconds.
func (d *patternDetails) visualizationJSON(w windows) string {
	counts := map[string]int64{}
	for i, n := range d.windows {
		if n > 0 {
			counts[strconv.FormatInt(w.start+int64(i)*w.step, 10)] = n
		}
	}
	return jsonText(map[string]any{"timeWindowCountMapping": counts, "timeWindowMillis": w.step})
}

func jsonText(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil { // a NaN; there are none
		return ""
	}
	return strings.TrimSuffix(b.String(), "\n")
}
