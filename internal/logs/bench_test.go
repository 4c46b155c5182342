package logs

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"waybill/internal/logs/engine"
)

// mailEvent is a message shaped as Waybill's own.
func mailEvent(i int) string {
	return fmt.Sprintf(`{"eventTimestamp":%d,"organizationId":"m-0123456789abcdef0123456789abcdef","traceId":"%016x%016x",`+
		`"event":{"eventName":"ORGANIZATION_EMAIL_RECEIVED","recipients":["user%d@example.com","user%d@example.com"],`+
		`"from":"sender%d@example.org","subject":"Report number %d of the week","messageId":"<%d.%x@mail.example.org>",`+
		`"spamVerdict":"PASS","dkimVerdict":"PASS","spfVerdict":"PASS","dmarcVerdict":"PASS","messageTimestamp":%d}}`,
		noon+int64(i), i/4, i*7919, i%1000, i%777, i%5000, i, i, i*31, noon+int64(i))
}

// mailBatches returns batches as PutLogEvents takes them: 10,000 mail events are
// more than its 1,048,576 bytes, so the larger batches are of shorter messages.
func mailBatches(size int) [][]InputEvent {
	batches := make([][]InputEvent, 20)
	for b := range batches {
		batches[b] = make([]InputEvent, size)
		for i := range batches[b] {
			k := b*size + i
			m := mailEvent(k)
			if size > 2000 {
				m = fmt.Sprintf(`{"traceId":"%016x","event":{"eventName":"SENT","n":%d}}`, k/4, k)
			}
			batches[b][i] = ev(int64(k/10), m)
		}
	}
	return batches
}

// BenchmarkPutLogEvents is acknowledged and fsynced, beside the bare engine on
// the same batches.
func BenchmarkPutLogEvents(b *testing.B) {
	for _, size := range []int{1000, 10_000} {
		batches := mailBatches(size)
		b.Run(fmt.Sprintf("engine/%d", size), func(b *testing.B) {
			e, err := engine.Open(b.TempDir(), discard())
			must(b, err)
			rows := make([][]engine.Row, len(batches))
			for i, events := range batches {
				rows[i] = (&batch{tenant: engine.Tenant{Account: 1, Group: 1}, stream: 1, ingested: noon, events: events}).rows(uint64(i))
			}
			var n atomic.Int64
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := e.Add(rows[int(n.Add(1))%len(rows)]); err != nil {
						b.Error(err)
					}
				}
			})
			must(b, e.Sync(context.Background()))
			b.ReportMetric(float64(n.Load())*float64(size)/b.Elapsed().Seconds(), "events/s")
			must(b, e.Close())
		})
		for _, clients := range []int{2, 4, 16} {
			b.Run(fmt.Sprintf("service/%d/%dclients", size, clients), func(b *testing.B) {
				f := newFixture(b)
				f.make(b, "g", "s")
				ctx, stop := context.WithCancel(context.Background())
				done := make(chan error)
				go func() { done <- f.Run(ctx) }()
				var n atomic.Int64
				b.ResetTimer()
				b.SetParallelism(max(1, clients/runtime.GOMAXPROCS(0)))
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if _, err := f.PutLogEvents(ctx, here, "g", "s", batches[int(n.Add(1))%len(batches)], nil); err != nil {
							b.Error(err)
						}
					}
				})
				must(b, f.Checkpoint(ctx))
				b.ReportMetric(float64(n.Load())*float64(size)/b.Elapsed().Seconds(), "events/s")
				stop()
				must(b, <-done)
			})
		}
	}
}

// BenchmarkFirstPage is a page of a stream and a search in a group of 300,000 events.
func BenchmarkFirstPage(b *testing.B) {
	f := newFixture(b)
	f.make(b, "g", "s")
	for range 15 {
		for _, events := range mailBatches(1000) {
			f.put(b, "g", "s", events...)
		}
	}
	must(b, f.Checkpoint(context.Background()))
	b.Run("GetLogEvents", func(b *testing.B) {
		for b.Loop() {
			_, err := f.GetLogEvents(context.Background(), here, GetQuery{Group: "g", Stream: "s", Limit: ptr(100)})
			must(b, err)
		}
	})
	b.Run("FilterLogEvents", func(b *testing.B) {
		for b.Loop() {
			_, _, err := f.FilterLogEvents(context.Background(), here, FilterQuery{Group: "g", Limit: ptr(100), Pattern: contains("sender77@")})
			must(b, err)
		}
	})
}
