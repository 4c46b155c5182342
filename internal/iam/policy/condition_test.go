package policy

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestConditions runs testdata/conditions.txt.
func TestConditions(t *testing.T) {
	data, err := os.ReadFile("testdata/conditions.txt")
	if err != nil {
		t.Fatal(err)
	}
	for n, line := range strings.Split(string(data), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		left, want, ok := strings.Cut(line, " -> ")
		op, rest, ok2 := strings.Cut(left, " ")
		if !ok || !ok2 {
			t.Fatalf("line %d: %s", n+1, line)
		}
		d := json.NewDecoder(strings.NewReader(rest))
		var values json.RawMessage
		if err := d.Decode(&values); err != nil {
			t.Fatalf("line %d: %v", n+1, err)
		}
		doc := mustParse(t, Identity, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*",
			"Condition": {"`+op+`": {"K": `+string(values)+`}}}}`)
		ctx := Context{"user": {"ann"}, "star": {"*"}, "two": {"a", "b"}, "flag": {"True"}}
		if have := strings.TrimSpace(rest[d.InputOffset():]); have != "absent" {
			var list []string
			if err := json.Unmarshal([]byte(have), &list); err != nil {
				t.Fatalf("line %d: %v", n+1, err)
			}
			ctx["k"] = list
		}
		got := Evaluate(&Request{Action: "a:b", Resource: "*", Subject: Subject{Account: "111122223333"}, Context: ctx},
			&Set{Identity: []Named{{Name: "p", Document: doc}}}).Allowed()
		if (want == "true") != got || want != "true" && want != "false" {
			t.Errorf("line %d: %s: got %v", n+1, line, got)
		}
	}
}
