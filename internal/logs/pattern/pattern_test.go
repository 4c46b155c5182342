package pattern

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"waybill/internal/awserr"
)

func lines(t testing.TB, file string) []string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}

// TestMatch runs testdata/match.txt; testdata/README has its format.
func TestMatch(t *testing.T) {
	var p *Pattern
	var text string
	for _, line := range lines(t, "testdata/match.txt") {
		rest, indented := strings.CutPrefix(line, "\t")
		if !indented {
			var err error
			if p, err = Parse(line); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			text = line
			continue
		}
		verb, arg, _ := strings.Cut(rest, " ")
		switch verb {
		case "needs":
			checkNeeds(t, text, p, arg)
		case "+", "-":
			checkMatch(t, text, p, arg, verb == "+")
		default:
			t.Fatalf("%q", line)
		}
	}
}

func checkNeeds(t *testing.T, text string, p *Pattern, want string) {
	t.Helper()
	var clauses [][]string
	if err := json.Unmarshal([]byte(want), &clauses); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if diff := cmp.Diff(clauses, p.Clauses()); diff != "" {
		t.Errorf("%s needs (-want +got):\n%s", text, diff)
	}
	for _, l := range p.Literals() {
		if !strings.Contains(want, `["`+l+`"]`) {
			t.Errorf("%s: literal %q is not a clause of its own", text, l)
		}
	}
}

func checkMatch(t *testing.T, text string, p *Pattern, arg string, want bool) {
	t.Helper()
	message, values, extracts := strings.Cut(arg, " => ")
	if got := p.Match(message); got != want {
		t.Errorf("%s\n\tmatches %s: %v", text, message, got)
	}
	got := p.Extract(message)
	if (got != nil) != want {
		t.Errorf("%s\n\textracts from %s: %v", text, message, got)
	}
	if !extracts {
		return
	}
	var wantValues map[string]string
	if err := json.Unmarshal([]byte(values), &wantValues); err != nil {
		t.Fatalf("%s: %v", values, err)
	}
	if diff := cmp.Diff(wantValues, got); diff != "" {
		t.Errorf("%s\n\textracts from %s (-want +got):\n%s", text, message, diff)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, line := range lines(t, "testdata/invalid.txt") {
		text, want, _ := strings.Cut(line, " => ")
		_, err := Parse(text)
		var e *awserr.Error
		if !errors.As(err, &e) || e.Code != "InvalidParameterException" || e.Message != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func TestEmptyMatchesEverything(t *testing.T) {
	for _, text := range []string{"", "  ", `""`} {
		p, err := Parse(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if !p.Match("") || !p.Match("x\ny") || p.Literals() != nil {
			t.Errorf("%q does not match everything", text)
		}
	}
}

func TestLength(t *testing.T) {
	if _, err := Parse(strings.Repeat("é", MaxLength)); err != nil {
		t.Errorf("%d characters: %v", MaxLength, err)
	}
	if _, err := Parse(strings.Repeat("a", MaxLength+1)); !awserr.HasCode(err, "InvalidParameterException") {
		t.Errorf("%d characters: %v", MaxLength+1, err)
	}
	if _, err := Parse("a\xff"); err == nil {
		t.Error("text that is not UTF-8 is taken")
	}
}

func TestRegexes(t *testing.T) {
	for text, want := range map[string]int{`a`: 0, `%a% -%b% ?%c%`: 3, `{ $.a = %b% && $.c = "%" }`: 1, `[a=%b%, c=%d%]`: 2} {
		p, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Regexes(); got != want {
			t.Errorf("%s has %d regular expressions, want %d", text, got, want)
		}
	}
}
