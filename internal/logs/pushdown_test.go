package logs

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"waybill/internal/logs/pattern"
)

// The pools that messages and patterns of the push-down test are drawn from.
// Some of the values make the engine keep a column as numbers, addresses or times.
var (
	pushNames = []string{"a", "b", "n", "a.b", "@x", "_msg", "_time", "x/y", "é", "k*", strings.Repeat("long", 40)}
	pushKinds = [][]string{
		{"1", "2", "10", "255", "007", "0"},
		{"1.5", "10.0", "-3", "1e3", "3.14159", "100000000000000000000"},
		{"10.0.0.1", "192.168.1.255", "10.0.0.10"},
		{"2026-11-24T12:00:00Z", "2026-11-24T12:00:00.000Z", "2026-11-24T12:00:00.123Z"},
		{"ERROR", "ERROR bounced", "user1@example.com", "user10@example.com", "error", "INFO"},
		{"", " ", `q"q`, `b\s`, "é€", "a/b", "\u2028", "\x00", "<x&y>", "true", "null", "x*y", "\ufffd", "tab\there"},
	}
)

// messageMaker makes random messages; kind is that of most of its values.
type messageMaker struct {
	*rand.Rand
	kind int
}

func (m messageMaker) text() string {
	kind := m.kind
	if m.IntN(10) == 0 {
		kind = m.IntN(len(pushKinds))
	}
	return pushKinds[kind][m.IntN(len(pushKinds[kind]))]
}

func (m messageMaker) value(depth int) string {
	switch n := m.IntN(20); {
	case n < 3 && depth > 0:
		return m.object(depth - 1)
	case n < 6 && depth > 0:
		var list []string
		for range []int{0, 1, 2, 3, 3, 250}[m.IntN(6)] {
			list = append(list, m.value(0))
		}
		return "[" + strings.Join(list, ", ") + "]"
	case n == 6:
		return []string{"true", "false", "null", "{}", `"\ud800x"`, `"\u0041B"`}[m.IntN(6)]
	case n < 10:
		if s := m.text(); json.Valid([]byte(s)) && s[0] != '"' {
			return s // a number
		}
	}
	b, _ := json.Marshal(m.text())
	return string(b)
}

func (m messageMaker) object(depth int) string {
	var list []string
	for range m.IntN(5) {
		name := "a"
		if m.IntN(3) > 0 {
			name = pushNames[m.IntN(len(pushNames))]
		}
		b, _ := json.Marshal(name)
		list = append(list, string(b)+":"+m.value(depth))
	}
	return "{" + strings.Join(list, ",") + "}"
}

func (m messageMaker) message() string {
	switch m.IntN(12) {
	case 0:
		return "plain " + m.text()
	case 1:
		return "[" + m.value(1) + "]"
	case 2:
		return " " + m.object(2) + "\n"
	case 3:
		return strings.TrimSuffix(m.object(2), "}") // broken
	case 4:
		return strings.Repeat(`{"a":`, 34) + m.value(1) + strings.Repeat("}", 34)
	}
	return m.object(3)
}

// pushFixture has messages of every kind, some on disk, some in memory, some
// put a moment ago.
func pushFixture(t *testing.T) *fixture {
	f := newFixture(t)
	f.make(t, "g", "s0", "s1", "s2", "s3", "s4", "s5")
	r := rand.New(rand.NewPCG(4, 4))
	for round := range 3 {
		for kind := range pushKinds {
			stream := fmt.Sprint("s", kind)
			m := messageMaker{r, kind}
			var events []InputEvent
			for i := range 60 {
				events = append(events, ev(int64(round*40+i), m.message()))
			}
			f.put(t, "g", stream, events...)
		}
		if round < 2 {
			must(t, f.Checkpoint(context.Background()))
		}
	}
	return f
}

func drawPushPattern(t *rapid.T) string {
	switch rapid.IntRange(0, 7).Draw(t, "pattern") {
	case 0: // terms
		var list []string
		for range rapid.IntRange(1, 3).Draw(t, "terms") {
			sign := rapid.SampledFrom([]string{"", "", "-", "?"}).Draw(t, "sign")
			list = append(list, sign+rapid.SampledFrom([]string{`"` + drawPushText(t) + `x"`, `"` + drawPushText(t) + `"`, "%[0-9]+:%", "%user[0-9]@%", "ERROR"}).Draw(t, "term"))
		}
		return strings.Join(list, " ")
	case 1: // words
		return `[first=*` + rapid.SampledFrom([]string{"plain", "a", "{"}).Draw(t, "start") + `*, ..., last="*` + drawPushText(t) + `*"]`
	}
	p := drawPushCondition(t)
	for range rapid.IntRange(0, 2).Draw(t, "more") {
		p = "(" + p + ")" + rapid.SampledFrom([]string{" && ", " || "}).Draw(t, "join") + drawPushCondition(t)
	}
	return "{ " + p + " }"
}

func drawPushCondition(t *rapid.T) string {
	selector := "$"
	for i := range rapid.SampledFrom([]int{1, 1, 1, 2, 2, 3}).Draw(t, "depth") {
		name := rapid.SampledFrom(pushNames).Draw(t, "name")
		step := rapid.SampledFrom([]string{"['" + name + "']", ".a", ".n", "[0]", "[249]", "[*]", ".*"}).Draw(t, "step")
		if i == 0 && strings.Contains(step, "[") && !strings.Contains(step, "'") || strings.Contains(step, "*") && strings.Contains(selector, "*") {
			step = ".a"
		}
		selector += step
	}
	quoted := drawPushText(t)
	star := func() string { return rapid.SampledFrom([]string{"", "*"}).Draw(t, "star") }
	switch rapid.IntRange(0, 9).Draw(t, "form") {
	case 0:
		return selector + rapid.SampledFrom([]string{" IS NULL", " IS TRUE", " IS FALSE", " NOT EXISTS"}).Draw(t, "is")
	case 1:
		return selector + rapid.SampledFrom([]string{" = ", " != ", " < ", " >= "}).Draw(t, "op") +
			rapid.SampledFrom([]string{"1", "10", "1000", "1.5", "-3", "1e3", "0"}).Draw(t, "number")
	case 2:
		return selector + " = " + rapid.SampledFrom([]string{"%ERROR%", "%^user[0-9]+@%", "%[0-9]{2}%", "%a?%", "%x.y%"}).Draw(t, "regex")
	case 3:
		return selector + " != \"" + quoted + "\""
	}
	return selector + ` = "` + star() + quoted + star() + `"`
}

// drawPushText draws a value of the pools, or a part of one, as it stands in
// double quotes.
func drawPushText(t *rapid.T) string {
	kind := rapid.IntRange(0, len(pushKinds)-1).Draw(t, "kind")
	text := []rune(rapid.SampledFrom(pushKinds[kind]).Draw(t, "text"))
	if n := len(text); n > 0 && rapid.Bool().Draw(t, "cut") {
		from := rapid.IntRange(0, n-1).Draw(t, "from")
		text = text[from:rapid.IntRange(from, n).Draw(t, "to")]
	}
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(string(text))
}

// TestPushDownFindsTheSame: what the engine is asked beforehand never changes
// which events a pattern finds, nor their order.
func TestPushDownFindsTheSame(t *testing.T) {
	f := pushFixture(t)
	all := f.filter(t, FilterQuery{Group: "g"})
	found, pushed := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		text := drawPushPattern(t)
		p, err := pattern.Parse(text)
		if err != nil {
			t.Skip("three regular expressions, or four wildcards")
		}
		var want []FilteredEvent
		for _, e := range all {
			if p.Match(e.Message) {
				want = append(want, e)
			}
		}
		var got []FilteredEvent
		q := FilterQuery{Group: "g", Pattern: p, Limit: ptr(rapid.SampledFrom([]int{3, 50, 400}).Draw(t, "limit"))}
		for {
			events, token, err := f.FilterLogEvents(context.Background(), here, q)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			got = append(got, events...)
			if q.Token = token; token == "" {
				break
			}
		}
		if memberFilter(p.Condition()) != nil {
			pushed++
			found += len(want)
		}
		for i := range max(len(got), len(want)) {
			switch {
			case i >= len(got):
				t.Fatalf("%s: %q is missing", text, want[i].Message)
			case i >= len(want) || got[i].EventID != want[i].EventID:
				t.Fatalf("%s: %q is at place %d", text, got[i].Message, i)
			}
		}
	})
	if pushed == 0 || found == 0 {
		t.Errorf("%d patterns were pushed down and found %d events: the test shows nothing", pushed, found)
	}
	t.Logf("%d patterns were pushed down and found %d events", pushed, found)
}
