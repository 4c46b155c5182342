package wire

import (
	"encoding/json"
	"math"
	"strconv"
	"time"
)

// EpochSeconds is a time that JSON carries as a number of seconds since 1970,
// with a fraction (JSON 1.0 and 1.1 unless the model says otherwise), and Query
// as ISO 8601. It keeps milliseconds, as AWS does.
type EpochSeconds struct{ time.Time }

// Seconds returns t for an optional member; nil for the zero time.
func Seconds(t time.Time) *EpochSeconds {
	if t.IsZero() {
		return nil
	}
	return &EpochSeconds{t.UTC().Truncate(time.Millisecond)}
}

// MarshalJSON implements json.Marshaler.
func (e EpochSeconds) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(e.UnixMilli())/1000, 'f', -1, 64), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (e *EpochSeconds) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var seconds float64
	if err := json.Unmarshal(data, &seconds); err != nil || !inRange(seconds) {
		return serialization("%s can not be converted to a Timestamp.", clip(string(data)))
	}
	*e = fromSeconds(seconds)
	return nil
}

// inRange keeps to the years 1 to 9999, which every protocol can write.
func inRange(seconds float64) bool {
	return seconds >= -62135596800 && seconds < 253402300800
}

func fromSeconds(seconds float64) EpochSeconds {
	return EpochSeconds{time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()}
}
