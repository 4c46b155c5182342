package corpus

import (
	"sort"
	"time"
)

// hourly is how busy each hour of a working day is.
var hourly = [24]float64{2, 1, 1, 1, 1, 2, 4, 8, 14, 18, 18, 16, 12, 14, 17, 16, 14, 11, 7, 5, 4, 4, 3, 2}

// weekend is how busy a Saturday or Sunday is beside a working day.
const weekend = 0.25

// dayClock spreads messages over hours by how busy they are.
type dayClock struct {
	start    time.Time
	messages int
	// until is the share of messages that came before the end of each hour.
	until []float64
}

func newDayClock(start time.Time, span time.Duration, messages int) *dayClock {
	c := &dayClock{start: start, messages: messages}
	sum := 0.0
	for t := start; t.Before(start.Add(span)); t = t.Add(time.Hour) {
		w := hourly[t.UTC().Hour()]
		if d := t.UTC().Weekday(); d == time.Saturday || d == time.Sunday {
			w *= weekend
		}
		sum += w
		c.until = append(c.until, sum)
	}
	for i := range c.until {
		c.until[i] /= sum
	}
	return c
}

// at returns when message n came, in epoch milliseconds; it grows with n.
func (c *dayClock) at(n int) int64 {
	share := (float64(n) + 0.5) / float64(c.messages)
	hour := min(sort.SearchFloat64s(c.until, share), len(c.until)-1)
	from := 0.0
	if hour > 0 {
		from = c.until[hour-1]
	}
	within := (share - from) / (c.until[hour] - from)
	return c.start.UnixMilli() + int64((float64(hour)+within)*float64(time.Hour.Milliseconds()))
}
