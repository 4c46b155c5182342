package dovecot

import (
	"testing"

	"waybill/internal/capture/logline/linetest"
	"waybill/internal/evidence"
)

func FuzzParse(f *testing.F) {
	for _, pattern := range []string{recorded, "testdata/*.log"} {
		_, lines := linetest.Lines(f, pattern)
		for _, some := range lines {
			for _, line := range some {
				f.Add(line)
			}
		}
	}
	f.Fuzz(func(t *testing.T, line string) {
		records, outcome := Parse(line, linetest.Clock, nil)
		linetest.Check(t, line, records, outcome)
	})
}

func BenchmarkParse(b *testing.B) {
	_, files := linetest.Lines(b, recorded)
	var lines []string
	size := 0
	for _, some := range files {
		for _, line := range some {
			lines, size = append(lines, line), size+len(line)+1
		}
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	records := make([]evidence.Record, 0, 2*len(lines))
	for b.Loop() {
		records = records[:0]
		for _, line := range lines {
			records, _ = Parse(line, linetest.Clock, records)
		}
	}
	b.ReportMetric(float64(len(lines))*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
