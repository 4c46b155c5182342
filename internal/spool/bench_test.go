package spool

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// One source appending alone: every append waits for an fsync of its own.
func BenchmarkAppend(b *testing.B) {
	s, _ := openSpool(b)
	blob := []byte(strings.Repeat("x", 4096))
	for i := range b.N {
		if _, err := s.Append(b.Context(), Batch{Organization: org, Source: "log", Blob: blob, Position: fmt.Appendf(nil, "%d", i)}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
}

// Many sources appending at once: appends share transactions.
func BenchmarkAppendConcurrent(b *testing.B) {
	s, _ := openSpool(b)
	blob := []byte(strings.Repeat("x", 4096))
	var source atomic.Int64
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		name := fmt.Sprint("log", source.Add(1))
		for i := 0; pb.Next(); i++ {
			if _, err := s.Append(b.Context(), Batch{Organization: org, Source: name, Blob: blob, Position: fmt.Appendf(nil, "%d", i)}); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
}

// One step of a consumer: 200 state rows, 100 events, with 100,000 open messages.
func BenchmarkCommit(b *testing.B) {
	s, _ := openSpool(b)
	open := Commit{Organization: org, Put: map[string][]byte{}}
	for i := range 100_000 {
		open.Put[fmt.Sprintf("message/%d", i)] = make([]byte, 500)
	}
	commit(b, s, open)
	b.ResetTimer()
	for i := range b.N {
		c := Commit{Organization: org, Put: map[string][]byte{}}
		for j := range 200 {
			c.Put[fmt.Sprintf("message/%d", (i*7919+j*31)%100_000)] = make([]byte, 500)
		}
		for j := range 100 {
			c.Events = append(c.Events, Event{ID: fmt.Sprintf("%d-%d", i, j), Time: time.Unix(int64(i), 0), Blob: make([]byte, 600)})
		}
		commit(b, s, c)
	}
	b.ReportMetric(float64(100*b.N)/b.Elapsed().Seconds(), "events/s")
}
