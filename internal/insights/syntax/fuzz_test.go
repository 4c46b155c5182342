package syntax_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"waybill/internal/insights/golden"
	"waybill/internal/insights/syntax"
)

// sameTree compares two queries by what they say, not by where in the text.
var sameTree = cmp.Options{
	cmpopts.IgnoreTypes(syntax.Span{}),
	cmpopts.IgnoreFields(syntax.Query{}, "Text"),
}

func goldenQueries(t testing.TB) []string {
	t.Helper()
	files, err := golden.Read("../golden/testdata")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range files {
		for _, c := range f.Cases {
			out = append(out, c.Query)
		}
	}
	return out
}

// roundTrip checks that a query that can be read prints to text that reads the same.
func roundTrip(t *testing.T, text string) {
	t.Helper()
	q, err := syntax.Parse(text)
	if err != nil {
		checkError(t, text, err)
		return
	}
	again, err := syntax.Parse(q.String())
	if err != nil {
		t.Fatalf("%s\nprints as\n%s\nwhich does not parse: %v", text, q, err)
	}
	if diff := cmp.Diff(q, again, sameTree); diff != "" {
		t.Fatalf("%s\nprints as\n%s\nwhich is another query:\n%s", text, q, diff)
	}
	if prepared, err := syntax.Prepare(q); err == nil {
		if _, err := syntax.Parse(prepared.String()); err != nil {
			t.Fatalf("%s\nis prepared as\n%s\nwhich does not parse: %v", text, prepared, err)
		}
	}
}

func checkError(t *testing.T, text string, err error) {
	t.Helper()
	var e *syntax.Error
	if !errors.As(err, &e) {
		t.Fatalf("%s: %v is no *syntax.Error", text, err)
	}
	start, end := e.Offsets()
	line, column := e.Position()
	if start < 0 || end < start || end > utf8.RuneCountInString(text) || line < 1 || column < 0 || e.Error() == "" {
		t.Fatalf("%s: the error is at %d to %d, line %d position %d", text, start, end, line, column)
	}
}

func TestGoldenQueriesPrintAndParse(t *testing.T) {
	for _, q := range goldenQueries(t) {
		roundTrip(t, q)
	}
}

// TestHostile holds that queries made to exhaust end in an error.
func TestHostile(t *testing.T) {
	for _, q := range []string{
		"filter " + strings.Repeat("(", 5000) + "a" + strings.Repeat(")", 4000),
		"filter " + strings.Repeat("not ", 2400) + "a",
		"filter " + strings.Repeat("!", 9000) + "a",
		"fields " + strings.Repeat("-", 9000) + "1",
		"fields 2" + strings.Repeat("^2", 4500),
		"fields " + strings.Repeat("abs(", 2400) + "1",
		"fields " + strings.Repeat("[", 9000),
		strings.Repeat("limit 1|", 1200) + "limit 1",
		strings.Repeat("x", syntax.MaxLength+1),
		"filter a like /" + strings.Repeat("(", 5000) + "/",
		"filter a like /(((a{1000}){1000}){1000})/",
	} {
		_, err := syntax.Parse(q)
		if err == nil {
			t.Errorf("%.40s...: no error", q)
			continue
		}
		checkError(t, q, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, q := range goldenQueries(f) {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if utf8.ValidString(text) {
			roundTrip(t, text)
		}
	})
}
