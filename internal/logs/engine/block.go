package engine

import (
	"strconv"
	"strings"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
)

// eventColumns are the columns that make an Event.
const eventColumns = colTime + `, "` + colID + `", "` + colIngested + `", "` + colStream + `", ` + colMessage

// blockReader reads events from one block of an answer. What it refers to is
// the library's and is gone with the block.
type blockReader struct {
	times    []int64
	ids      []string
	ingested []string
	streams  []string
	messages []string
	// matched are the places of those that best takes.
	matched []int
}

// open reads b's columns and reports whether b has events.
func (r *blockReader) open(b *logstorage.DataBlock) bool {
	var ok bool
	r.times, ok = b.GetTimestamps(r.times[:0])
	if !ok || len(r.times) == 0 {
		return false
	}
	for _, c := range []struct {
		name string
		to   *[]string
	}{{colID, &r.ids}, {colIngested, &r.ingested}, {colStream, &r.streams}, {colMessage, &r.messages}} {
		column := b.GetColumnByName(c.name)
		if column == nil {
			return false
		}
		*c.to = column.Values
	}
	return true
}

func (r *blockReader) id(i int) uint64 { return number(r.ids[i]) }

func (r *blockReader) position(i int) Position {
	return Position{r.times[i] / int64(time.Millisecond), r.id(i)}
}

func (r *blockReader) event(i int, p Position) Event {
	return Event{
		Stream:   number(r.streams[i]),
		ID:       p.ID,
		Time:     p.Time,
		Ingested: int64(number(r.ingested[i])),
		Message:  strings.Clone(r.messages[i]),
	}
}

// cell returns a value of an answer, empty if there is none.
func cell(b *logstorage.DataBlock, name string, row int) string {
	if c := b.GetColumnByName(name); c != nil && row < len(c.Values) {
		return c.Values[row]
	}
	return ""
}

// millis reads a time as the library writes it.
func millis(s string) int64 {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return -1
	}
	return t.UnixMilli()
}

// number reads a number that this package wrote.
func number(s string) uint64 {
	n, _ := strconv.ParseUint(s, 10, 64)
	return n
}
