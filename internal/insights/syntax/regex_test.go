package syntax

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestMatcherAgrees compares Matcher, which looks for literals first, with the
// regular expression alone.
func TestMatcherAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.SampledFrom([]string{
			"abc", "(?i)abc", "(?i)kiss", "a|bc", "(?i)(abc|kb)", "^ab", "b$", "a+b", "(ab)+", "(ab)*c", "a.c", "[ab]c", "(?i)ſ",
			"ab{2,3}", "(?:ab|c)d", "x?abc", "(?i)a b", "", "a|", "(a|b)(c|k)", `\bab`, "(?i)İ", "(?s)a.b", "(?i)KB|ſs",
		}).Draw(t, "pattern")
		text := rapid.StringOfN(rapid.SampledFrom([]rune("abckABCKsSſ\u212A İ\n")), 0, 12, -1).Draw(t, "text")
		if got, want := NewMatcher(pattern).Match(text), regexp.MustCompile(pattern).MatchString(text); got != want {
			t.Fatalf("/%s/ on %q: %v", pattern, text, got)
		}
	})
}

func TestContainsFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.SampledFrom([]rune("abAB@.zZé"))
		s := rapid.StringOfN(letters, 0, 20, -1).Draw(t, "s")
		lower := strings.Map(asciiLower, rapid.StringOfN(rapid.SampledFrom([]rune("abAB@.z")), 0, 4, -1).Draw(t, "lower"))
		if got, want := ContainsFold(s, lower), strings.Contains(strings.Map(asciiLower, s), lower); got != want {
			t.Fatalf("ContainsFold(%q, %q) = %v", s, lower, got)
		}
	})
}

func asciiLower(r rune) rune {
	if r >= 'A' && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}

func TestRequired(t *testing.T) {
	for pattern, want := range map[string]string{
		"abc":                    "abc exact",
		"(?i)userA@example":      "~usera@example exact",
		"(?i)(foo|Bar)":          "~foo|~bar exact",
		"^ab.*cd$":               "ab & cd",
		`(?i)error \d+ in (\w+)`: "~error  & ~ in ",
		"a?b*":                   "",
		"(x|y?)z":                "z",
		"(?i)naïve":              "",
	} {
		need, exact := Required(pattern)
		var lists []string
		for _, list := range need {
			var alternatives []string
			for _, l := range list {
				text := l.Text
				if l.Fold {
					text = "~" + text
				}
				alternatives = append(alternatives, text)
			}
			lists = append(lists, strings.Join(alternatives, "|"))
		}
		got := strings.Join(lists, " & ")
		if exact {
			got += " exact"
		}
		if got != want {
			t.Errorf("/%s/ requires %q, want %q", pattern, got, want)
		}
	}
}
