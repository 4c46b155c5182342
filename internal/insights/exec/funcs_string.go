package exec

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"waybill/internal/insights/syntax"
)

var stringFunctions = map[string]function{
	"isempty": of1(func(a value) value { s, ok := a.str(); return flag(s == "" && (ok || a.kind == kindNull)) }),
	"isblank": of1(func(a value) value {
		s, ok := a.str()
		return flag(strings.TrimSpace(s) == "" && (ok || a.kind == kindNull))
	}),
	"concat":       ofN(1, -1, concat),
	"ltrim":        trimmer(true, false),
	"rtrim":        trimmer(false, true),
	"trim":         trimmer(true, true),
	"strlen":       ofText(func(s string) value { return number(float64(utf8.RuneCountInString(s))) }),
	"toupper":      ofText(func(s string) value { return text(strings.ToUpper(s)) }),
	"tolower":      ofText(func(s string) value { return text(strings.ToLower(s)) }),
	"substr":       ofN(2, 3, substr),
	"replace":      ofN(3, 3, replace),
	"regexreplace": {3, 3, regexReplace},
	"strcontains":  ofN(2, 3, strContains),
	"startswith":   of2(func(a, b value) value { return textTest(a, b, strings.HasPrefix) }),
	"endswith":     of2(func(a, b value) value { return textTest(a, b, strings.HasSuffix) }),
	"split":        of2(split),
	"messagesize":  ofText(func(s string) value { return number(float64(len(s))) }),
}

// concat leaves missing values out.
func concat(args []value) value {
	var b strings.Builder
	for _, a := range args {
		s, _ := a.str()
		if b.Len()+len(s) > maxText {
			return null
		}
		b.WriteString(s)
	}
	return text(b.String())
}

// trimmer trims white space, or the characters of a second argument.
func trimmer(left, right bool) function {
	return ofN(1, 2, func(args []value) value {
		s, ok := args[0].str()
		if !ok {
			return null
		}
		in := unicode.IsSpace
		if len(args) == 2 {
			set, ok := args[1].str()
			if !ok {
				return null
			}
			in = func(r rune) bool { return strings.ContainsRune(set, r) }
		}
		if left {
			s = strings.TrimLeftFunc(s, in)
		}
		if right {
			s = strings.TrimRightFunc(s, in)
		}
		return text(s)
	})
}

// substr counts characters from 0.
func substr(args []value) value {
	s, ok := args[0].str()
	start, okStart := args[1].num()
	if !ok || !okStart || start < 0 {
		return null
	}
	s = s[runeOffset(s, start):]
	if len(args) == 3 {
		n, ok := args[2].num()
		if !ok || n < 0 {
			return null
		}
		s = s[:runeOffset(s, n)]
	}
	return text(s)
}

// runeOffset returns where the n-th character of s begins.
func runeOffset(s string, n float64) int {
	if n >= float64(len(s)) {
		return len(s)
	}
	left := int(n)
	for i := range s {
		if left == 0 {
			return i
		}
		left--
	}
	return len(s)
}

func replace(args []value) value {
	s, ok := args[0].str()
	old, okOld := args[1].str()
	with, okWith := args[2].str()
	if !ok || !okOld || !okWith {
		return null
	}
	if old == "" {
		return text(s)
	}
	return bounded(len(s)+strings.Count(s, old)*len(with), func() string { return strings.ReplaceAll(s, old, with) })
}

// maxText bounds the text that a function makes, in bytes; it is the largest log
// event. What would be longer is null.
const maxText = 1 << 20

func bounded(n int, make func() string) value {
	if n > maxText {
		return null
	}
	return text(make())
}

// regexReplace takes its pattern as a string; $1 and ${name} in the replacement
// stand for groups.
func regexReplace(c *compiler, call *syntax.Call) eval {
	pattern, ok := call.Args[1].(*syntax.Str)
	if !ok {
		c.fail(call.Args[1].At(), "Invalid arguments for function "+call.Name+": the pattern must be written as a string")
	}
	re := c.regex(pattern)
	s, with := c.expr(call.Args[0]), c.expr(call.Args[2])
	return func(r *row) value {
		in, ok := s(r).str()
		w, okWith := with(r).str()
		if !ok || !okWith {
			return null
		}
		return replaceMatches(re.Regexp(), in, w)
	}
}

func replaceMatches(re *regexp.Regexp, s, with string) value {
	var out []byte
	last := 0
	for _, m := range re.FindAllStringSubmatchIndex(s, -1) {
		out = append(out, s[last:m[0]]...)
		out = re.ExpandString(out, with, s, m)
		last = m[1]
		if len(out) > maxText {
			return null
		}
	}
	if len(out)+len(s)-last > maxText {
		return null
	}
	return text(string(append(out, s[last:]...)))
}

func strContains(args []value) value {
	s, ok := args[0].str()
	part, okPart := args[1].str()
	if !ok || !okPart {
		return null
	}
	if len(args) == 3 && args[2].truth() == yes {
		return flag(strings.Contains(strings.ToLower(s), strings.ToLower(part)))
	}
	return flag(strings.Contains(s, part))
}

func textTest(a, b value, test func(s, t string) bool) value {
	s, ok := a.str()
	t, okT := b.str()
	if !ok || !okT {
		return null
	}
	return flag(test(s, t))
}

// maxParts bounds a list that split makes.
const maxParts = 10_000

func split(a, b value) value {
	s, ok := a.str()
	sep, okSep := b.str()
	if !ok || !okSep {
		return null
	}
	return listOf(strings.SplitN(s, sep, maxParts))
}
