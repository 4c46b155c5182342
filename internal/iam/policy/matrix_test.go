package policy

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the expected outcomes of testdata anew")

// family is a kind of condition operator: its operators, one value for the
// policy, and two values for requests of which only the first is like it. For
// operators of order "a" is below the policy's value and "c" above.
type family struct {
	name             string
	operators        []string
	policy           string
	a, b, c, invalid string
}

var families = []family{
	{"String", []string{"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"}, "Mail", "Able", "Mail", "mail", ""},
	{"StringLike", []string{"StringLike", "StringNotLike"}, "M*l", "Able", "Mail", "mail", ""},
	{"Numeric", []string{"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals"}, "10", "9", "10.0", "11", "ten"},
	{"Date", []string{"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"},
		"2026-01-02T00:00:00Z", "2026-01-01T23:59:59Z", "1767312000", "2026-01-02T00:00:01Z", "soon"},
	{"Bool", []string{"Bool"}, "true", "false", "true", "TRUE", "yes"},
	{"Binary", []string{"BinaryEquals"}, "QUJD", "QUJE", "QUJD", "QQ==", "?"},
	{"Address", []string{"IpAddress", "NotIpAddress"}, "203.0.113.0/24", "198.51.100.1", "203.0.113.7", "2001:db8::1", "here"},
	{"ARN", []string{"ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"}, "arn:aws:logs:*:111122223333:log-group:m*",
		"arn:aws:logs:us-east-1:444455556666:log-group:mail", "arn:aws:logs:us-east-1:111122223333:log-group:mail", "arn:aws:logs:us-east-1:111122223333:other", "mail"},
	{"Null, true", []string{"Null"}, "true", "1", "2", "3", "4"},
	{"Null, false", []string{"Null"}, "false", "1", "2", "3", "4"},
}

// requests are the values that the request has for the key, the matrix's columns.
var requests = []struct {
	name   string
	values func(f family) []string
}{
	{"absent", func(family) []string { return nil }},
	{"empty", func(family) []string { return []string{""} }},
	{"a", func(f family) []string { return []string{f.a} }},
	{"b", func(f family) []string { return []string{f.b} }},
	{"c", func(f family) []string { return []string{f.c} }},
	{"wrong", func(f family) []string { return []string{f.invalid} }},
	{"a,c", func(f family) []string { return []string{f.a, f.c} }},
	{"a,b", func(f family) []string { return []string{f.a, f.b} }},
	{"b,b", func(f family) []string { return []string{f.b, f.b} }},
	{"b,wrong", func(f family) []string { return []string{f.b, f.invalid} }},
}

// TestOperatorMatrix holds what every operator with every modifier says of every
// kind of request: testdata/operators.txt, for reading beside the guide.
func TestOperatorMatrix(t *testing.T) {
	const file = "testdata/operators.txt"
	var b strings.Builder
	b.WriteString("Every condition operator with every modifier; the policy's value is like b, not a. For\n" +
		"operators of order a is below it and c above; \"wrong\" is no value of the kind. Two values\n" +
		"are a key of several. T: the condition holds. go test -run TestOperatorMatrix -update.\n")
	for _, f := range families {
		value := func(v string) string { return fmt.Sprintf("%q", v) }
		fmt.Fprintf(&b, "\n%s: policy %s, a %s, b %s, c %s, wrong %s\n", f.name, value(f.policy), value(f.a), value(f.b), value(f.c), value(f.invalid))
		fmt.Fprintf(&b, "%-48s", "")
		for _, r := range requests {
			b.WriteString(" " + r.name)
		}
		b.WriteString("\n")
		for _, op := range f.operators {
			for _, full := range modified(op) {
				b.WriteString(matrixRow(t, f, full))
			}
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("%s differs: run with -update and read the difference", file)
	}
}

// modified returns an operator with every modifier that it takes.
func modified(op string) []string {
	if op == "Null" {
		return []string{op}
	}
	var out []string
	for _, prefix := range []string{"", "ForAllValues:", "ForAnyValue:"} {
		out = append(out, prefix+op, prefix+op+"IfExists")
	}
	return out
}

func matrixRow(t *testing.T, f family, operator string) string {
	t.Helper()
	value, err := json.Marshal(f.policy)
	if err != nil {
		t.Fatal(err)
	}
	doc := mustParse(t, Identity, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"`+operator+`":{"K":`+string(value)+`}}}}`)
	line := fmt.Sprintf("%-48s", operator)
	for _, r := range requests {
		ctx := Context{}
		if v := r.values(f); v != nil {
			ctx["k"] = v
		}
		d := Evaluate(&Request{Action: "a:b", Resource: "*", Subject: Subject{Account: "111122223333"}, Context: ctx}, &Set{Identity: []Named{{Name: "p", Document: doc}}})
		outcome := "-"
		if d.Allowed() {
			outcome = "T"
		}
		line += " " + outcome + strings.Repeat(" ", len(r.name)-1)
	}
	return strings.TrimRight(line, " ") + "\n"
}

// Every operator that there is stands in the matrix.
func TestOperatorMatrixIsWhole(t *testing.T) {
	var listed []string
	for _, f := range families {
		listed = append(listed, f.operators...)
	}
	for op := range operators {
		if !slices.Contains(listed, op) {
			t.Errorf("%s is not in the matrix", op)
		}
	}
}
