package bench

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"waybill/bench/corpus"
	"waybill/internal/event"
	"waybill/internal/logs"
	"waybill/internal/logs/pattern"
)

// data opens the corpus. WAYBILL_CORPUS names a folder to keep it in, and
// WAYBILL_CORPUS_EVENTS is its size (10,000,000 for the figures in
// docs/performance.md, which take some minutes to write); without them it is
// small and gone afterwards.
func data(b *testing.B) *corpus.Data {
	b.Helper()
	folder, events := os.Getenv("WAYBILL_CORPUS"), 100_000
	if s := os.Getenv("WAYBILL_CORPUS_EVENTS"); s != "" {
		var err error
		if events, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	if folder == "" {
		folder = filepath.Join(b.TempDir(), "corpus")
	}
	began := time.Now()
	d, err := corpus.Open(b.Context(), folder, corpus.Default(events))
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("opened in %v", time.Since(began))
	b.Cleanup(func() {
		if err := d.Close(); err != nil {
			b.Error(err)
		}
	})
	return d
}

// BenchmarkPages is how long pages of GetLogEvents and FilterLogEvents take.
func BenchmarkPages(b *testing.B) {
	d := data(b)
	end := d.Start.Add(d.Span)
	get := func(name string, q logs.GetQuery) {
		b.Run("GetLogEvents/"+name, func(b *testing.B) {
			times := newTimes(b)
			for b.Loop() {
				times.begin()
				p, err := d.GetLogEvents(b.Context(), corpus.Scope, q)
				if err != nil || len(p.Events) == 0 {
					b.Fatal(len(p.Events), err)
				}
				times.end()
			}
		})
	}
	last := corpus.Stream(end.UnixMilli())
	hundred := ptr(100)
	trace := middle(b, d)
	get("newest100", logs.GetQuery{Group: corpus.Group, Stream: last, Limit: hundred})
	get("oldest100", logs.GetQuery{Group: corpus.Group, Stream: last, Limit: hundred, FromHead: true})
	get("newest1MiB", logs.GetQuery{Group: corpus.Group, Stream: last})
	for _, c := range []struct {
		name, pattern string
		limit         int
	}{
		{"all", "", 100},
		{"all1MiB", "", 10_000},
		{"frequentTerm", "MAILBOX_EMAIL_DELIVERED", 100},
		{"frequentJSON", `{ $.event.eventName = "OUTGOING_EMAIL_BOUNCED" }`, 100},
		{"oneRecipient", `{ $.event.eventName = "OUTGOING_EMAIL_BOUNCED" && $.event.destination = "*@important-fischer*" }`, 100},
		{"oneMailbox", `"yusuf.drake@example.com"`, 100},
		{"traceTerm", `"` + trace + `"`, 100},
		{"traceJSON", `{ $.traceId = "` + trace + `" }`, 100},
		{"noneTerm", "NOSUCHWORD", 100},
		{"noneJSON", `{ $.event.subject = "no such subject" }`, 100},
		{"noneRegex", `%[0-9]{3}nosuch%`, 100},
		{"number", `{ $.event.attempt > 3 }`, 100},
	} {
		for _, descending := range []bool{true, false} {
			name := c.name + map[bool]string{true: "/newestFirst", false: "/oldestFirst"}[descending]
			b.Run("FilterLogEvents/"+name, func(b *testing.B) {
				p, err := pattern.Parse(c.pattern)
				if err != nil {
					b.Fatal(err)
				}
				times := newTimes(b)
				calls := 0
				for b.Loop() {
					times.begin()
					q := logs.FilterQuery{Group: corpus.Group, Pattern: p, Limit: &c.limit, Descending: descending}
					for calls++; ; calls++ { // to the first page that is not empty, or the end
						events, token, err := d.FilterLogEvents(b.Context(), corpus.Scope, q)
						if err != nil {
							b.Fatal(err)
						}
						if q.Token = token; len(events) > 0 || token == "" {
							break
						}
					}
					times.end()
				}
				b.ReportMetric(float64(calls)/float64(b.N), "calls/op")
			})
		}
	}
	b.Run("FilterLogEvents/throughAll", func(b *testing.B) { throughAll(b, d) })
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.Logf("%d MiB in use, %d MiB from the system", (m.HeapInuse+m.StackInuse)>>20, m.Sys>>20)
}

// middle returns the trace id of an event in the middle of the corpus.
func middle(b *testing.B, d *corpus.Data) string {
	b.Helper()
	at := d.Start.Add(d.Span / 2).UnixMilli()
	events, _, err := d.FilterLogEvents(b.Context(), corpus.Scope, logs.FilterQuery{Group: corpus.Group, Start: &at, Limit: ptr(1)})
	if err != nil || len(events) != 1 {
		b.Fatal(len(events), err)
	}
	e, err := event.Decode([]byte(events[0].Message))
	if err != nil {
		b.Fatal(err)
	}
	return e.TraceID
}

// throughAll pages through an hour of events.
func throughAll(b *testing.B, d *corpus.Data) {
	end := d.Start.Add(d.Span).UnixMilli()
	n := 0
	for b.Loop() {
		q := logs.FilterQuery{Group: corpus.Group, Start: ptr(end - time.Hour.Milliseconds()), End: &end}
		for {
			events, token, err := d.FilterLogEvents(b.Context(), corpus.Scope, q)
			if err != nil {
				b.Fatal(err)
			}
			n += len(events)
			if q.Token = token; token == "" {
				break
			}
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}

// times reports the fastest, the median and the slowest of single operations.
type times struct {
	took  []time.Duration
	began time.Time
}

func newTimes(b *testing.B) *times {
	t := &times{}
	b.Cleanup(func() {
		slices.Sort(t.took)
		b.ReportMetric(float64(t.took[0].Microseconds())/1000, "ms-fastest")
		b.ReportMetric(float64(t.took[len(t.took)/2].Microseconds())/1000, "ms-median")
		b.ReportMetric(float64(t.took[len(t.took)-1].Microseconds())/1000, "ms-slowest")
	})
	return t
}

func (t *times) begin() { t.began = time.Now() }
func (t *times) end()   { t.took = append(t.took, time.Since(t.began)) }

func ptr[T any](v T) *T { return &v }
