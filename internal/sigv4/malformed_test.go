package sigv4

import (
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"waybill/internal/awserr"
)

var update = flag.Bool("update", false, "write the expected outcomes of testdata anew")

// TestMalformed runs testdata/header.txt and testdata/presigned.txt: a good
// request of each form, one thing of it changed, and what the verifier says. A
// case is a line "case NAME", edits, and the outcome after "->".
func TestMalformed(t *testing.T) {
	for file, good := range map[string]func(*testing.T) (*http.Request, string){
		"testdata/header.txt": func(t *testing.T) (*http.Request, string) {
			r := newRequest("{}")
			sign(t, r, "{}", vectorTime)
			return r, "{}"
		},
		"testdata/presigned.txt": func(t *testing.T) (*http.Request, string) {
			r := vectors[0].request()
			presign(r, "host", "", 3600, vectors[0].query)
			return r, ""
		},
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got := runCases(t, string(text), good)
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if got != string(text) {
			t.Errorf("%s differs:\n%s", file, differences(string(text), got))
		}
	}
}

func differences(want, got string) string {
	var b strings.Builder
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		a, c := "", ""
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			c = g[i]
		}
		if a != c {
			fmt.Fprintf(&b, "-%s\n+%s\n", a, c)
		}
	}
	return b.String()
}

// runCases returns the text with the outcomes found.
func runCases(t *testing.T, text string, good func(*testing.T) (*http.Request, string)) string {
	t.Helper()
	var out strings.Builder
	var r *http.Request
	var body string
	now := vectorTime
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		words := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(words, "case "):
			r, body = good(t)
			now = vectorTime
		case strings.HasPrefix(words, "->"):
			line = "  -> " + outcome(r, body, now)
		case words == "" || strings.HasPrefix(words, "#"):
		default:
			edited(t, r, &body, &now, words)
		}
		out.WriteString(line + "\n")
	}
	return out.String()
}

// edited makes one change: auth OLD => NEW, query OLD => NEW, set, add or drop
// a header, path, method, host, body, or now. \s is a space, \t a tab.
func edited(t *testing.T, r *http.Request, body *string, now *time.Time, line string) {
	t.Helper()
	verb, rest, _ := strings.Cut(line, " ")
	old, new, _ := strings.Cut(rest, "=>")
	spelled := strings.NewReplacer(`\t`, "\t", `\s`, " ")
	old, new = spelled.Replace(strings.TrimSpace(old)), spelled.Replace(strings.TrimSpace(new))
	rest = spelled.Replace(rest)
	replace := func(s string) string {
		if !strings.Contains(s, old) {
			t.Fatalf("%s: %q has no %q", line, s, old)
		}
		return strings.Replace(s, old, new, 1)
	}
	name, value, _ := strings.Cut(rest, ":")
	value = strings.TrimPrefix(value, " ")
	switch verb {
	case "auth":
		r.Header.Set("Authorization", replace(r.Header.Get("Authorization")))
	case "query":
		r.URL.RawQuery = replace(r.URL.RawQuery)
	case "set":
		r.Header.Set(name, value)
	case "add":
		r.Header.Add(name, value)
	case "drop":
		r.Header.Del(rest)
	case "path":
		r.URL.Path = rest
	case "method":
		r.Method = rest
	case "host":
		r.Host = rest
	case "body":
		*body = rest
	case "now":
		d, err := time.ParseDuration(rest)
		if err != nil {
			t.Fatal(err)
		}
		*now = now.Add(d)
	default:
		t.Fatalf("no edit %q", line)
	}
}

// outcome is "verified", or status, code and the first line of the message.
func outcome(r *http.Request, body string, now time.Time) string {
	_, err := NewVerifier(0).Verify(r, []byte(body), now, vectorLookup)
	var e *awserr.Error
	switch {
	case err == nil:
		return "verified"
	case !errors.As(err, &e):
		return err.Error()
	}
	text, _, _ := strings.Cut(e.Message, "\n")
	return fmt.Sprintf("%d %s: %s", e.HTTPStatus(), e.Code, text)
}
