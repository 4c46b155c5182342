package exec

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// display returns v as an answer shows it; null gives "".
func (v value) display() string {
	switch v.kind {
	case kindText:
		return v.s
	case kindNumber:
		return formatNumber(v.n)
	case kindBool:
		return strconv.Itoa(int(v.n))
	case kindTime:
		return formatTime(v.n)
	case kindTree:
		return string(v.tree.MarshalTo(nil))
	}
	return ""
}

// formatNumber writes at most four decimals, as CloudWatch Logs Insights does for
// what it computed. What would be 0 by that keeps four digits instead.
func formatNumber(n float64) string {
	switch {
	case n == math.Trunc(n) && math.Abs(n) < 1<<63:
		return strconv.FormatInt(int64(n), 10)
	case math.Abs(n) < 0.0001:
		few, _ := strconv.ParseFloat(strconv.FormatFloat(n, 'e', 3, 64), 64)
		return strconv.FormatFloat(few, 'f', -1, 64)
	case math.Abs(n) >= 1e21:
		return strconv.FormatFloat(n, 'g', -1, 64)
	}
	s := strconv.FormatFloat(n, 'f', 4, 64)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// The times that TimeLayout can write.
const (
	minTime = -62135596800000 // 0001-01-01
	maxTime = 253402300799999 // 9999-12-31
)

func formatTime(ms float64) string {
	if ms < minTime || ms > maxTime {
		return strconv.FormatFloat(ms, 'f', 0, 64)
	}
	var buf [len(TimeLayout)]byte
	return string(time.UnixMilli(int64(ms)).UTC().AppendFormat(buf[:0], TimeLayout))
}
