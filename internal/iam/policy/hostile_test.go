package policy

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"waybill/internal/awserr"
)

// longestText is the longest ARN or name that a pattern meets, in bytes.
const longestText = 2048

// TestPatternsCostBoundedSteps counts what patterns that are made to be slow
// take: at most one step for each character of the text and each started 64
// characters of the pattern.
func TestPatternsCostBoundedSteps(t *testing.T) {
	text := strings.Repeat("a", longestText)
	for name, pattern := range map[string]string{
		"stars":           strings.Repeat("*a", 3000) + "b",
		"many a and b":    strings.Repeat("*a", 50) + "*b",
		"questions":       strings.Repeat("*?a?", 1500) + "b",
		"one long piece":  "*" + strings.Repeat("a?", 500) + "b*",
		"piece and tails": strings.Repeat("*"+strings.Repeat("a?", 100), 50) + "b*",
		"short pieces":    strings.Repeat("*a?a", 400) + "*b",
		"only questions":  "*" + strings.Repeat("?", 1000) + "*b",
		"backtracking":    strings.Repeat("a*", 1000) + "?b*",
		"empty pieces":    strings.Repeat("*", 6000) + "b",
	} {
		steps := 0
		if newTemplate(pattern, grammar{wildcards: true}).fixed.match(text, &steps) {
			t.Errorf("%s: matched", name)
		}
		if most := len(text) * (1 + len(pattern)/wordBits); steps > most {
			t.Errorf("%s: %d steps, want at most %d", name, steps, most)
		}
	}
}

// TestSearchAgainstPlain compares pieces longer than a word with the obvious definition.
func TestSearchAgainstPlain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chars := rapid.SliceOfN(rapid.SampledFrom([]rune("aab?é")), 60, 140).Draw(t, "piece")
		text := rapid.SliceOfN(rapid.SampledFrom([]rune("aabé")), 0, 300).Draw(t, "text")
		if rapid.Bool().Draw(t, "there") { // else it hardly ever is
			for _, c := range chars {
				if c == '?' {
					c = 'b'
				}
				text = append(text, c)
			}
			text = append(text, []rune("xa")...)
		}
		want := plainFind(chars, text)
		got := newTemplate("*"+string(chars)+"*", grammar{wildcards: true}).fixed.matches(string(text))
		if got != want {
			t.Fatalf("%q in %q: got %v, want %v", string(chars), string(text), got, want)
		}
	})
}

func plainFind(piece, text []rune) bool {
	for at := 0; at+len(piece) <= len(text); at++ {
		fits := true
		for i, c := range piece {
			fits = fits && (c == '?' || c == text[at+i])
		}
		if fits {
			return true
		}
	}
	return false
}

// A byte that is not UTF-8 is one character, which only a wildcard fits.
func TestTextThatIsNotUTF8(t *testing.T) {
	for pattern, want := range map[string]bool{"*a?c*": true, "*a?": false, "*a\ufffdc*": false, "*a\ufffd?*": false, "a?c": true, "*": true} {
		if got := newTemplate(pattern, grammar{wildcards: true}).fixed.matches("a\xffc"); got != want {
			t.Errorf("%q: got %v", pattern, got)
		}
	}
}

// TestHostileDocuments parses documents that are made to cost much or to be read
// in two ways. Each is refused in AWS's terms.
func TestHostileDocuments(t *testing.T) {
	statement := `{"Effect": "Allow", "Action": "a:b", "Resource": "*"}`
	whole := `{"Version": "2012-10-17", "Statement": ` + statement + `}`
	for name, doc := range map[string]string{
		"byte order mark":     "\ufeff" + whole,
		"not UTF-8":           strings.Replace(whole, "a:b", "a:\xff", 1),
		"half a surrogate":    whole + "\xed\xa0\x80",
		"two documents":       whole + whole,
		"open lists":          strings.Repeat("[", 100_000),
		"open objects":        strings.Repeat(`{"Statement":`, 9_000),
		"nested lists":        `{"Version": "2012-10-17", "Statement": ` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`,
		"nested values":       strings.Replace(whole, `"a:b"`, strings.Repeat("[", 50)+`"a:b"`+strings.Repeat("]", 50), 1),
		"a member twice":      strings.Replace(whole, `"Effect": "Allow"`, `"Effect": "Deny", "Effect": "Allow"`, 1),
		"twice by escape":     strings.Replace(whole, `"Effect": "Allow"`, `"Effect": "Deny", "\u0045ffect": "Allow"`, 1),
		"another case":        strings.Replace(whole, `"Effect"`, `"effect"`, 1),
		"longer than is read": whole + strings.Repeat(" ", MaxSize),
		"comment":             "// policy\n" + whole,
		"control character":   strings.Replace(whole, "a:b", "a:\x00", 1),
	} {
		if _, err := Parse(Identity, []byte(doc)); !awserr.HasCode(err, CodeMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A document as large as is read, all of it lists, is kept in proportion.
func TestHugeLists(t *testing.T) {
	entry := `"arn:aws:s3:::%d",`
	var list strings.Builder
	for i := 0; list.Len() < MaxSize-500; i++ {
		fmt.Fprintf(&list, entry, i)
	}
	doc := `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "a:b", "Resource": [` + list.String() + `"arn:aws:s3:::last"]}}`
	d := mustParse(t, Identity, doc)
	for resource, want := range map[string]bool{"arn:aws:s3:::last": true, "arn:aws:s3:::7": true, "arn:aws:s3:::none": false} {
		r := &Request{Action: "a:b", Resource: resource, Subject: Subject{Account: "111122223333"}}
		if got := Evaluate(r, &Set{Identity: []Named{{Name: "p", Document: d}}}); got.Allowed() != want {
			t.Errorf("%s: %+v", resource, got)
		}
	}
}
