package arn_test

import (
	"testing"

	"waybill/internal/arn"
)

func TestParseKeepsColonsOfTheResource(t *testing.T) {
	const s = "arn:aws:logs:us-east-1:111122223333:log-group:/aws/x:log-stream:a"
	a, err := arn.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	if a.Resource != "log-group:/aws/x:log-stream:a" || a.String() != s {
		t.Fatalf("Parse(%q) = %+v", s, a)
	}
	if got := arn.LogStream("us-east-1", "111122223333", "/aws/x", "a"); got != s {
		t.Fatalf("LogStream = %q, want %q", got, s)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, s := range []string{"", "arn", "arn:aws:iam::1", "urn:aws:iam::1:role/x", "arn::iam::1:role/x", "arn:aws:iam::1:"} {
		if a, err := arn.Parse(s); err == nil {
			t.Errorf("Parse(%q) = %+v, want an error", s, a)
		}
	}
}
