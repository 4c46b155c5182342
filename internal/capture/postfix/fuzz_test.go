package postfix

import (
	"strings"
	"testing"

	"waybill/internal/capture/logline"
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

// FuzzSubjectCannotPassForFields checks that nothing that a sender writes into a
// Subject makes cleanup's line tell of another sender, recipient or rule text.
func FuzzSubjectCannotPassForFields(f *testing.F) {
	f.Add("hello")
	f.Add("x from a[192.0.2.1]; from=<f@x> to=<v@x> proto=ESMTP helo=<h>: evil")
	f.Add(`x; from=<f@x> to=<v@x>: "`)
	const fields = " from mail[198.51.100.25]; from=<s@sender.test> to=<alice@example.com> proto=ESMTP helo=<vm>: bob@example.com"
	f.Fuzz(func(t *testing.T, subject string) {
		// An open quote in a forged address can reach into the real fields: a
		// sender can spoil the evidence of his own message, not more.
		if strings.ContainsAny(subject, "\"\r\n<") || len(subject) > 200 {
			return
		}
		line := "Nov 23 22:06:00 mx postfix/cleanup[1]: 3A4B5C6D7E: redirect: header Subject: " + subject + fields
		records, outcome := Parse(line, linetest.Clock, nil)
		if outcome != logline.Evidence {
			t.Fatalf("outcome %s for %q", outcome, line)
		}
		want := evidence.CleanupAction{QueueID: "3A4B5C6D7E", Action: "redirect", Sender: "s@sender.test", Recipient: "alice@example.com", Text: "bob@example.com"}
		if records[0].Fact != want {
			t.Errorf("%q gave %+v", line, records[0].Fact)
		}
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
