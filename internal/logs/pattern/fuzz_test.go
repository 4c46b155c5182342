package pattern

import (
	"strings"
	"testing"

	"waybill/internal/awserr"
)

// FuzzMatch parses arbitrary text as a pattern and matches it against arbitrary
// text. A refusal has the one code; clauses never rule out a match; the same
// answer comes twice.
func FuzzMatch(f *testing.F) {
	pattern := ""
	for _, line := range lines(f, "testdata/match.txt") {
		if !strings.HasPrefix(line, "\t") {
			pattern = line
		} else if len(line) > 3 {
			f.Add(pattern, line[3:])
		}
	}
	for _, line := range lines(f, "testdata/invalid.txt") {
		f.Add(line[:strings.Index(line, " => ")], `{"a": [1, {"b": "\u0041"}]}`)
	}
	f.Fuzz(func(t *testing.T, pattern, message string) {
		p, err := Parse(pattern)
		if err != nil {
			if !awserr.HasCode(err, codeInvalid) || p != nil {
				t.Fatalf("%q: %v, %v", pattern, p, err)
			}
			return
		}
		matched := sound(t, pattern, message)
		if values := p.Extract(message); (values != nil) != matched {
			t.Fatalf("%q matches %q: %v, but extracts %v", pattern, message, matched, values)
		}
	})
}

// mailEvent is the shape of a mail event of a few hundred bytes.
const mailEvent = `{"traceId":"0af7651916cd43dd8448eb211c80319c","eventTimestamp":1735689600000,"event":{"eventName":"MAILBOX_EMAIL_DELIVERED",` +
	`"messageId":"<20250101000000.1A2B3C@mail.example.com>","subject":"Quarterly figures","senderAddress":"ann@example.org",` +
	`"recipients":["bob@example.com","carol@example.com"],"folder":"Inbox","size":48231,"tls":true}}`

func BenchmarkMatch(b *testing.B) {
	for name, pattern := range map[string]string{
		"terms": `"MAILBOX_EMAIL_DELIVERED" -INCOMING`,
		"json":  `{ $.event.eventName = "MAILBOX_EMAIL_DELIVERED" && $.event.recipients[*] = "carol@*" }`,
		"miss":  `{ $.event.eventName = "INCOMING_EMAIL_BOUNCED" }`,
		"field": `[a=*traceId*, b]`,
	} {
		b.Run(name, func(b *testing.B) {
			p, err := Parse(pattern)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(mailEvent)))
			b.ReportAllocs()
			for b.Loop() {
				p.Match(mailEvent)
			}
		})
	}
}

// BenchmarkHostile matches messages of 1 MB that are made to be slow to match.
func BenchmarkHostile(b *testing.B) {
	const size = 1 << 20
	for name, c := range map[string][2]string{
		"quotes": {`[a, ..., b=x]`, strings.Repeat(`"a [b `, size/6)},
		"nested": {`{ $` + strings.Repeat("[0]", 300) + ` = 1 }`, strings.Repeat("[", 9999) + strings.Repeat(" ", size) + strings.Repeat("]", 9999)},
		"regex":  {`%a*a*a*a*a*b%`, strings.Repeat("a", size)},
		"stars":  {`{ $.a = "*` + strings.Repeat("a", 400) + `b*" }`, `{"a":"` + strings.Repeat("a", size) + `"}`},
	} {
		b.Run(name, func(b *testing.B) {
			p, err := Parse(c[0])
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				p.form.match(c[1], false)
			}
		})
	}
}
