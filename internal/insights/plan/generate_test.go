package plan_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// generator makes random queries over the members of lab's events.
type generator struct{ *rand.Rand }

func (g generator) pick(list ...string) string { return list[g.IntN(len(list))] }

func (g generator) field() string {
	return g.pick("event.from", "event.eventName", "event.n", "traceId", "event.recipients", "event.recipients.0", "event.recipients.207",
		"event.subject", "event.messageId", "event.flag", "event.nested.deep.1.a", "event.none", "`event.n`")
}

func (g generator) text() string {
	return g.pick(`"anna@example.com"`, `"Anna"`, `"ORGANIZATION_EMAIL_RECEIVED"`, `"t7"`, `"example"`, `"7"`, `"1"`, `"user3@example.com"`, `"@"`, `"Hello"`, `""`, `"ö"`)
}

func (g generator) regex() string {
	return g.pick(`/(?i)anna/`, `/(?i)ANNA@Example/`, `/^a/`, `/user[0-4]@/`, `/(?i)invoice|hello/`, `/^$/`, `/./`, `/EMAIL_(RECEIVED|BOUNCED)$/`,
		`/(?i)kelvin/`, `/(?i)SPECIAL/`, `/(?i)söle/`, `/[0-9]+/`, `/7/`, `/(?i)many207/`)
}

func (g generator) condition(depth int) string {
	if depth > 0 {
		switch g.IntN(4) {
		case 0:
			return "(" + g.condition(depth-1) + " and " + g.condition(depth-1) + ")"
		case 1:
			return "(" + g.condition(depth-1) + " or " + g.condition(depth-1) + ")"
		case 2:
			return "not (" + g.condition(depth-1) + ")"
		}
	}
	f := g.field()
	switch g.IntN(9) {
	case 0, 1:
		return f + g.pick(" = ", " != ") + g.text()
	case 2:
		return f + g.pick(" like ", " not like ") + g.text()
	case 3:
		return f + g.pick(" like ", " not like ", " =~ ") + g.regex()
	case 4:
		return f + g.pick(" in [", " not in [") + g.text() + ", " + g.text() + "]"
	case 5:
		return f + g.pick(" > ", " < ", " >= ", " = ", " != ") + g.pick("7", "0", "-5", "2.5", "100")
	case 6:
		return g.pick("ispresent(", "isempty(", "isblank(") + f + ")"
	case 7:
		return "strlen(" + f + ") " + g.pick("> ", "<= ") + g.pick("4", "12", "16")
	}
	return "@message" + g.pick(" like ", " not like ") + g.pick(g.text(), g.regex())
}

func (g generator) query() string {
	var parts []string
	if g.IntN(3) == 0 {
		parts = append(parts, "fields @timestamp, @message, "+g.field()+", "+g.field()+" as x")
	}
	for range g.IntN(3) {
		parts = append(parts, "filter "+g.condition(g.IntN(3)))
	}
	switch g.IntN(5) {
	case 0, 1:
		parts = append(parts, "stats "+g.aggregate()+" as v, count(*) as c by "+g.key())
		if g.IntN(2) == 0 {
			parts = append(parts, "filter c > 1")
		}
	case 2:
		parts = append(parts, "stats "+g.aggregate()+" as v, "+g.aggregate()+" as w")
	case 3:
		parts = append(parts, "sort @timestamp "+g.pick("asc", "desc"), fmt.Sprintf("limit %d", 1+g.IntN(300)))
	default:
		parts = append(parts, "fields "+g.field()+" as key", "sort key "+g.pick("asc", "desc"), "limit 20")
	}
	if g.IntN(6) == 0 && !strings.Contains(strings.Join(parts, " "), "stats") {
		parts = append(parts, "dedup "+g.field())
	}
	return strings.Join(parts, " | ")
}

func (g generator) key() string {
	switch g.IntN(4) {
	case 0:
		return "bin(" + g.pick("1h", "30m", "1d", "90s", "1w", "1mo") + ")"
	case 1:
		return g.field() + ", bin(" + g.pick("1h", "5m") + ")"
	case 2:
		return g.field() + ", @logStream"
	}
	return g.field()
}

func (g generator) aggregate() string {
	f := g.field()
	return g.pick("count("+f+")", "sum("+f+")", "min("+f+")", "max("+f+")", "avg("+f+")", "count_distinct("+f+")",
		"pct("+f+", 50)", "earliest("+f+")", "latest("+f+")", "sortsFirst("+f+")", "count(*)")
}
