package engine

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// mailEvent is a message shaped as Waybill's own.
func mailEvent(i int) string {
	return fmt.Sprintf(`{"eventTimestamp":%d,"organizationId":"m-0123456789abcdef0123456789abcdef","traceId":"%016x%016x",`+
		`"event":{"eventName":"ORGANIZATION_EMAIL_RECEIVED","recipients":["user%d@example.com","user%d@example.com"],`+
		`"from":"sender%d@example.org","subject":"Report number %d of the week","messageId":"<%d.%x@mail.example.org>",`+
		`"spamVerdict":"PASS","dkimVerdict":"PASS","spfVerdict":"PASS","dmarcVerdict":"PASS","messageTimestamp":%d}}`,
		noon+int64(i), i/4, i*7919, i%1000, i%777, i%5000, i, i, i*31, noon+int64(i))
}

func mailRows(first, n int) []Row {
	rows := make([]Row, n)
	for i := range rows {
		k := first + i
		rows[i] = Row{Tenant: group, Stream: 1, ID: uint64(k), Time: noon + int64(k/10), Ingested: noon, Message: mailEvent(k)}
	}
	return rows
}

// BenchmarkAdd is the bare engine: batches of 1,000, nothing acknowledged.
func BenchmarkAdd(b *testing.B) {
	for _, plain := range []bool{false, true} {
		b.Run(map[bool]string{false: "columns", true: "messageOnly"}[plain], func(b *testing.B) {
			e := open(b, b.TempDir())
			defer closeEngine(b, e)
			var batches [][]Row
			for i := range 20 {
				rows := mailRows(i*1000, 1000)
				if plain {
					for j := range rows {
						rows[j].Message = rows[j].Message + " "
						rows[j].Message = "x" + rows[j].Message
					}
				}
				batches = append(batches, rows)
			}
			n := 0
			for b.Loop() {
				add(b, e, batches[n%len(batches)]...)
				n++
			}
			if err := e.Sync(context.Background()); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(n)*1000/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func BenchmarkFlatten(b *testing.B) {
	e := open(b, b.TempDir())
	defer closeEngine(b, e)
	rows := mailRows(0, 1000)
	f := &flattener{names: map[string]*column{}}
	set, err := e.nameSet(&rows[0])
	if err != nil {
		b.Fatal(err)
	}
	f.allowed = set
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		f.flatten(&rows[n%1000])
		n++
	}
}

// BenchmarkPage is the first page, newest and oldest first, of many rows.
func BenchmarkPage(b *testing.B) {
	const total = 1_000_000
	e := open(b, b.TempDir())
	defer closeEngine(b, e)
	for i := 0; i < total; i += 10_000 {
		add(b, e, mailRows(i, 10_000)...)
	}
	if err := e.Sync(context.Background()); err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		q    func(*PageQuery)
	}{
		{"newest100", func(q *PageQuery) { q.Descending, q.Limit = true, 100 }},
		{"oldest100", func(q *PageQuery) { q.Limit = 100 }},
		{"newest10000", func(q *PageQuery) { q.Descending, q.MaxBytes = true, 1<<20 }},
		{"contains", func(q *PageQuery) { q.Descending, q.Limit, q.Contains = true, 100, [][]string{{"sender123@"}} }},
		{"oneTrace", func(q *PageQuery) { q.Limit, q.Contains = 100, [][]string{{fmt.Sprintf("%016x", 100_000)}} }},
		{"newest100afterOne", func(q *PageQuery) { q.Descending, q.Limit = true, 100 }},
	} {
		b.Run(c.name, func(b *testing.B) {
			q := everything(group)
			c.q(&q)
			id := total
			for b.Loop() {
				if c.name == "newest100afterOne" { // a row that is not searchable yet
					add(b, e, mailRows(id, 1)...)
					id++
				}
				page(b, e, q)
			}
		})
	}
}

// BenchmarkSync is how long adding stands still, and the whole, after a second's worth of rows.
func BenchmarkSync(b *testing.B) {
	e := open(b, b.TempDir())
	defer closeEngine(b, e)
	n := 0
	var total time.Duration
	for b.Loop() {
		b.StopTimer()
		for range 20 {
			add(b, e, mailRows(n, 1000)...)
			n += 1000
		}
		b.StartTimer()
		began := time.Now()
		if err := e.Sync(context.Background()); err != nil {
			b.Fatal(err)
		}
		total += time.Since(began)
	}
	b.ReportMetric(total.Seconds()*1000/float64(b.N), "ms/sync")
}
