package exec

import (
	"cmp"
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"strings"

	"waybill/internal/insights/syntax"
)

// tokenValues is what was seen at one varying token of a pattern. Of many different
// values those of the smallest hashes are counted, so that the same are, and exactly,
// in whatever order the rows come and however they are merged.
type tokenValues struct {
	counts map[string]*int64
	// last is the value of the largest hash, once there are maxTokenValues.
	last string
	// more is true when there were values that are not in counts.
	more bool
	// n is how often the token was seen; numbers are those that read as numbers, errors
	// how many values were from 400 to 599, others how many were no HTTP status at all.
	n, errors, others int64
	numbers           moments
}

// maxTokenValues bounds the different values of a token, maxTokenValue their length.
const (
	maxTokenValues = 64
	maxTokenValue  = 256
)

// add counts a value n times; it returns about how much memory that took. Without
// room no new value is noted.
func (t *tokenValues) add(v string, n int64, room bool) int64 {
	t.n += n
	if x, ok := syntax.ParseNumber(v); ok {
		t.numbers.add(x, n)
		if x >= 400 && x < 600 {
			t.errors += n
		}
	}
	if !isHTTPStatus(v) {
		t.others += n
	}
	return t.note(v, n, room)
}

// isHTTPStatus reports whether v is three digits from 100 to 599 (RFC 9110, section 15).
func isHTTPStatus(v string) bool {
	return len(v) == 3 && v[0] >= '1' && v[0] <= '5' && digits(v) == 3
}

func (t *tokenValues) note(v string, n int64, room bool) int64 {
	if t.counts == nil {
		t.counts = map[string]*int64{}
	}
	if count := t.counts[v]; count != nil { // never assigned again: that would keep v, which is the batch's
		*count += n
		return 0
	}
	if len(v) > maxTokenValue || !room && len(t.counts) < maxTokenValues {
		t.more = true
		return 0
	}
	if len(t.counts) < maxTokenValues {
		t.counts[strings.Clone(v)] = &n
		t.findLast()
		return int64(len(v)) + 80
	}
	t.more = true
	if byHash(v, t.last) < 0 {
		delete(t.counts, t.last)
		t.counts[strings.Clone(v)] = &n
		t.findLast()
	}
	return 0
}

func (t *tokenValues) findLast() {
	if len(t.counts) == maxTokenValues {
		t.last = slices.MaxFunc(slices.Collect(maps.Keys(t.counts)), byHash)
	}
}

func byHash(a, b string) int {
	return cmp.Or(cmp.Compare(hashOf(a), hashOf(b)), strings.Compare(a, b))
}

func hashOf(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s)) // never fails
	return h.Sum64()
}

func (t *tokenValues) merge(o *tokenValues, room bool) int64 {
	t.n += o.n
	t.errors += o.errors
	t.others += o.others
	t.more = t.more || o.more
	t.numbers.merge(o.numbers)
	grown := int64(0)
	for v, n := range o.counts {
		grown += t.note(v, *n, room)
	}
	return grown
}

// commonest returns the n commonest values that were counted.
func (t *tokenValues) commonest(n int) map[string]int64 {
	values := slices.SortedFunc(maps.Keys(t.counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(*t.counts[b], *t.counts[a]), strings.Compare(a, b))
	})
	out := map[string]int64{}
	for _, v := range values[:min(n, len(values))] {
		out[v] = *t.counts[v]
	}
	return out
}

// moments are the count, the mean and the sum of squares about it of numbers.
type moments struct {
	n        int64
	mean, sq float64
}

func (m *moments) add(x float64, n int64) { m.merge(moments{n: n, mean: x}) }

func (m *moments) merge(o moments) {
	if o.n == 0 {
		return
	}
	total := float64(m.n + o.n)
	d := o.mean - m.mean
	m.mean += d * float64(o.n) / total
	m.sq += o.sq + d*d*float64(m.n)*float64(o.n)/total
	m.n += o.n
}

// deviation is the population's standard deviation.
func (m *moments) deviation() float64 {
	if m.n == 0 {
		return 0
	}
	return math.Sqrt(max(0, m.sq) / float64(m.n))
}
