package console

import "testing"

func TestPattern(t *testing.T) {
	for _, c := range []struct{ text, event, want string }{
		{"", "", ""},
		{"", "OUTGOING_EMAIL_SENT", `{ $.event.eventName = "OUTGOING_EMAIL_SENT" }`},
		{"bob@example.com", "", `"bob@example.com"`},
		{" bob@example.com ", "RULE_APPLIED", `"bob@example.com" "RULE_APPLIED"`},
		{"<a@b.example>", "", `{ $.event.messageId = "<a@b.example>" }`},
		{"<a@b.example>", "RULE_APPLIED", `{ ($.event.eventName = "RULE_APPLIED") && ($.event.messageId = "<a@b.example>") }`},
		{"0f3a9c0e4b7d4c0f8a1e2d3c4b5a6978", "", `{ $.traceId = "0f3a9c0e4b7d4c0f8a1e2d3c4b5a6978" }`},
		{"6e0b6a3c-7f4e-4c55-9d4c-1a2b3c4d5e6f", "", `{ $.traceId = "6e0b6a3c-7f4e-4c55-9d4c-1a2b3c4d5e6f" }`},
		{"two words", "", "two words"},
		{`say "hi"\`, "", `"say \"hi\"\\"`},
		{`"as it is" -not`, "", `"as it is" -not`},
		{`{ $.event.from = "a" || $.event.from = "b" }`, "RULE_APPLIED", `{ ($.event.eventName = "RULE_APPLIED") && ($.event.from = "a" || $.event.from = "b") }`},
		{`?a ?b`, "", `?a ?b`},
	} {
		got, err := query{c.text, c.event}.pattern()
		if err != nil || got != c.want {
			t.Errorf("%q with event %q: got %s, %v; want %s", c.text, c.event, got, err, c.want)
		}
	}
	for _, q := range []query{{"{ $.x", ""}, {"?a ?b", "RULE_APPLIED"}, {"[a, b]", "RULE_APPLIED"}} {
		if got, err := q.pattern(); err == nil {
			t.Errorf("%+v gives %s, want a refusal", q, got)
		}
	}
}
