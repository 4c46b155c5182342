// Package bench holds benchmarks that cross packages. Figures measured with
// them stand in docs/performance.md.
package bench

import (
	"fmt"
	"testing"
	"time"

	"waybill/internal/capture/logline"
	"waybill/internal/capture/postfix"
	"waybill/internal/evidence"
	"waybill/internal/mailtrace"
)

// linesPerMessage is what Postfix logs of one accepted and delivered message.
const linesPerMessage = 7

// postfixLines are the log lines of one incoming message, as recorded from Postfix 3.7.
func postfixLines(n int, at time.Time) []string {
	stamp := at.Format("2006-01-02T15:04:05.000000Z07:00")
	id := fmt.Sprintf("4jY%012d", n) // Postfix's long ids have no vowels
	head := func(daemon string) string { return stamp + " mx postfix/" + daemon + "[27379]: " }
	return []string{
		head("smtpd") + "connect from mail.sender.test[198.51.100.25]",
		head("smtpd") + id + ": client=mail.sender.test[198.51.100.25]",
		head("cleanup") + id + ": message-id=<m" + id + "@sender.test>",
		head("qmgr") + id + ": from=<s@sender.test>, size=435, nrcpt=1 (queue active)",
		head("smtpd") + "disconnect from mail.sender.test[198.51.100.25] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5",
		head("lmtp") + id + ": to=<alice@example.com>, relay=127.0.0.1[127.0.0.1]:10024, delay=0.15, delays=0.12/0.01/0.01/0.01, dsn=2.0.0, status=sent (250 2.0.0 <alice@example.com> +H6oGsi4BGv5agAAg+zDdQ Saved)",
		head("qmgr") + id + ": removed",
	}
}

// BenchmarkLines measures log lines through the Postfix parser and the state
// machine, with the machine's changes taken every 1,000 lines as a commit would.
func BenchmarkLines(b *testing.B) {
	machine := mailtrace.New(mailtrace.Config{OrganizationID: "m-0123456789abcdef0123456789abcdef", Domains: []string{"example.com"}})
	now := time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC)
	clock := logline.Clock{Zone: time.UTC, Now: func() time.Time { return now }}
	var records []evidence.Record
	lines, events := 0, 0
	for b.Loop() {
		now = now.Add(time.Millisecond)
		for _, line := range postfixLines(lines, now) {
			records, _ = postfix.Parse(line, clock, records[:0])
			for _, r := range records {
				machine.Apply(now, r)
			}
			lines++
			if lines%1000 == 0 {
				machine.Advance(now)
				events += len(machine.Take().Events)
			}
		}
	}
	machine.Advance(now.Add(time.Hour))
	events += len(machine.Take().Events)
	if events == 0 {
		b.Fatal("no events")
	}
	b.ReportMetric(float64(lines)/b.Elapsed().Seconds(), "lines/s")
	b.ReportMetric(float64(events)/float64(lines/linesPerMessage), "events/message")
}
