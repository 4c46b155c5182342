package exec_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"waybill/internal/insights/exec"
	"waybill/internal/insights/syntax"
)

// benchBatch is a block of mail events, as the engine gives them.
func benchBatch() *exec.Batch {
	const n = 8192
	names := []string{"ORGANIZATION_EMAIL_RECEIVED", "MAILBOX_EMAIL_DELIVERED", "OUTGOING_EMAIL_SENT", "OUTGOING_EMAIL_SUBMITTED"}
	columns := map[string]func(i int) string{
		"event.eventName":    func(i int) string { return names[i%4] },
		"event.from":         func(i int) string { return fmt.Sprintf("Sender%d@Example.com", i*7919%5000) },
		"event.recipients.0": func(i int) string { return fmt.Sprintf("person%d@example.org", i*104729%3000) },
		"event.subject":      func(i int) string { return fmt.Sprintf("Quarterly report number %d for the board", i*31%977) },
		"traceId":            func(i int) string { return fmt.Sprintf("%032x", i*2654435761) },
		"event.size":         func(i int) string { return fmt.Sprint(i * 7919 % 100000) },
		exec.FieldMessage: func(i int) string {
			return fmt.Sprintf(`{"eventTimestamp":%d,"traceId":"%032x","event":{"eventName":"%s","from":"Sender%d@Example.com","subject":"Quarterly report number %d for the board"}}`,
				1764021600000+i, i*2654435761, names[i%4], i*7919%5000, i*31%977)
		},
	}
	b := &exec.Batch{N: n, Ptr: func(i int) string { return fmt.Sprint(i) }}
	for i := range n {
		b.Times = append(b.Times, 1764021600000+int64(i)*250)
		b.Seq = append(b.Seq, uint64(i))
	}
	for name, of := range columns {
		values := make([]string, n)
		for i := range values {
			values[i] = of(i)
		}
		b.Columns = append(b.Columns, name)
		b.Values = append(b.Values, values)
	}
	return b
}

// BenchmarkPush is one worker on mail events; rows/s is what one core does.
func BenchmarkPush(b *testing.B) {
	batch := benchBatch()
	for _, q := range []struct{ name, query string }{
		{"equal", `filter traceId = "00000000000000000000000000000000" | stats count(*)`},
		{"like", `filter event.subject like "number 17 " | stats count(*)`},
		{"likeFold", `filter event.from like /(?i)sender17@/ | stats count(*)`},
		{"likeFoldMessage", `filter @message like /(?i)number 17 for/ | stats count(*)`},
		{"regex", `filter event.subject like /report number \d+7 for/ | stats count(*)`},
		{"in", `filter event.eventName in ["OUTGOING_EMAIL_SENT", "OUTGOING_EMAIL_SUBMITTED"] | stats count(*)`},
		{"countBy", `stats count(*) as c by event.recipients.0 | sort c desc`},
		{"countByTwo", `stats count(*) as c by event.eventName, event.recipients.0`},
		{"countByBin", `stats count(*) by bin(5m)`},
		{"avgBy", `stats avg(event.size), max(event.size), pct(event.size, 95) by event.eventName`},
		{"distinct", `stats count_distinct(event.from)`},
		{"newest", `fields event.from, event.subject | sort @timestamp desc | limit 100`},
		{"sortText", `fields event.from | sort event.from asc | limit 100`},
		{"dedup", `fields event.from | sort @timestamp desc | dedup event.from`},
		{"parse", `parse event.subject "* report number * for *" as a, n, c | stats count(*) by n`},
		{"parseRegex", `parse event.subject /number (?<n>\d+) for/ | stats count(*) by n`},
		{"pattern", `pattern @message | display @pattern, @sampleCount`},
		{"patternTokens", `pattern @message`},
	} {
		b.Run(q.name, func(b *testing.B) {
			p := compile(b, q.query)
			w := p.Worker()
			for b.Loop() {
				if err := w.Push(batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*float64(batch.N)/b.Elapsed().Seconds(), "rows/s")
			if _, err := p.Finish(context.Background()); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func compile(t testing.TB, query string) *exec.Program {
	t.Helper()
	q, err := syntax.Parse(query)
	if err != nil {
		t.Fatal(err)
	}
	if q, err = syntax.Prepare(q); err != nil {
		t.Fatal(err)
	}
	p, err := exec.Compile(q, &exec.Env{Start: 0, End: 2e12, Now: time.UnixMilli(1764072000000)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}
