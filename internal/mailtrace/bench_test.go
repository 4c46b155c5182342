package mailtrace

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"waybill/internal/capture/logline"
	"waybill/internal/capture/postfix"
	"waybill/internal/evidence"
)

// BenchmarkApply is evidence of whole messages (milter, log and Dovecot), with a
// Take every 1,000 records.
func BenchmarkApply(b *testing.B) {
	now := time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC)
	m := New(recordedConfig())
	records, n := inbound(0, now, true), 0
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if i == len(records) {
			n++
			if n%100 == 0 {
				now = now.Add(time.Second)
			}
			b.StopTimer()
			records, i = inbound(n, now, true), 0
			b.StartTimer()
		}
		m.Apply(now, records[i])
		i++
		if n%143 == 0 && i == 1 {
			m.Take()
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkLines is the recorded Postfix logs through the parser and the
// machine, log only, with a Take every 1,000 lines.
func BenchmarkLines(b *testing.B) {
	files, _ := filepath.Glob("testdata/recorded/*/maillog")
	var lines []string
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			b.Fatal(err)
		}
		lines = append(lines, strings.Split(strings.TrimSpace(string(data)), "\n")...)
	}
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	clock := logline.Clock{Zone: time.UTC, Now: func() time.Time { return now }}
	m := New(Config{OrganizationID: testOrg, Domains: []string{"example.com"}})
	var records []evidence.Record
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		records, _ = postfix.Parse(lines[i%len(lines)], clock, records[:0])
		for _, r := range records {
			m.Apply(now, r)
		}
		if i++; i%1000 == 0 {
			m.Take()
			now = now.Add(10 * time.Second)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
