package pattern

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// sound checks that a message that the pattern matches when all of it is
// evaluated is not ruled out by what the pattern says every match contains.
func sound(t interface{ Fatalf(string, ...any) }, text, message string) (matched bool) {
	p, err := Parse(text)
	if err != nil {
		return false
	}
	_, matched = p.form.match(message, false)
	if matched && !p.mayMatch(message) {
		t.Fatalf("pattern %s matches %q, which has not %q", text, message, p.Clauses())
	}
	if matched {
		for _, l := range p.Literals() {
			if !strings.Contains(message, l) {
				t.Fatalf("pattern %s matches %q, which has not %q", text, message, l)
			}
		}
	}
	if got := p.Match(message); got != matched {
		t.Fatalf("pattern %s, message %q: Match says %v", text, message, got)
	}
	return matched
}

// spell writes s as a JSON string in one of the many ways there are.
func spell(t *rapid.T, s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		short := map[rune]string{'"': `\"`, '\\': `\\`, '/': `\/`, '\n': `\n`, '\t': `\t`}[r]
		switch n := rapid.IntRange(0, 5).Draw(t, "escape"); {
		case n == 0 && r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		case short != "" && (n < 5 || r != '/'):
			b.WriteString(short)
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + `"`
}

var (
	poolNames = []string{"a", "b", "é", "a.b", "x/y", `q"q`}
	poolTexts = []string{"", "a", "ab", "a/b", "x\"y", "é\n", "404", "4.0", "true", "null", "b\\", "\ufffd"}
)

func drawJSON(t *rapid.T, depth int) string {
	most := 6
	if depth == 0 {
		most = 4
	}
	switch rapid.IntRange(0, most).Draw(t, "kind") {
	case 0, 1:
		return spell(t, rapid.SampledFrom(poolTexts).Draw(t, "text"))
	case 2:
		return rapid.SampledFrom([]string{"404", "4.0", "-1e3", "0"}).Draw(t, "number")
	case 3:
		return rapid.SampledFrom([]string{"true", "false", "null"}).Draw(t, "constant")
	case 4:
		return rapid.SampledFrom([]string{"{}", "[ ]", `""`}).Draw(t, "empty")
	case 5:
		var items []string
		for range rapid.IntRange(1, 3).Draw(t, "elements") {
			items = append(items, drawJSON(t, depth-1))
		}
		return "[" + strings.Join(items, " ,") + "]"
	}
	return drawObject(t, depth)
}

func drawObject(t *rapid.T, depth int) string {
	var items []string
	for range rapid.IntRange(1, 4).Draw(t, "members") {
		items = append(items, spell(t, rapid.SampledFrom(poolNames).Draw(t, "name"))+" : "+drawJSON(t, depth-1))
	}
	return "{" + strings.Join(items, ", ") + " }"
}

func drawCondition(t *rapid.T) string {
	sel := "$" + rapid.SampledFrom([]string{".a", ".b", ".*", ".a.b", ".a[0]", ".b[*]", ".['a.b']", ".['x/y']", ".a.*", ".['é']"}).Draw(t, "selector")
	if rapid.IntRange(0, 4).Draw(t, "postfix") == 0 {
		return sel + rapid.SampledFrom([]string{" IS NULL", " IS TRUE", " IS FALSE", " NOT EXISTS"}).Draw(t, "is")
	}
	op := rapid.SampledFrom([]string{"=", "=", "!="}).Draw(t, "op")
	switch rapid.IntRange(0, 3).Draw(t, "value") {
	case 0:
		return sel + " >= 4"
	case 1:
		return sel + op + rapid.SampledFrom([]string{"404", "4*", "*", "true", "4e0"}).Draw(t, "word")
	case 2:
		return sel + op + rapid.SampledFrom([]string{"%a%", "%^a.b%", `%\x22y%`, "%[0-9]+%"}).Draw(t, "regex")
	}
	text := rapid.SampledFrom(poolTexts).Draw(t, "quoted")
	text = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)
	return sel + op + `"` + text + rapid.SampledFrom([]string{"", "*"}).Draw(t, "star") + `"`
}

func TestClausesAreSoundForJSON(t *testing.T) {
	matched := 0
	rapid.Check(t, func(t *rapid.T) {
		cond := drawCondition(t)
		for range rapid.IntRange(0, 2).Draw(t, "more") {
			cond = "(" + cond + ")" + rapid.SampledFrom([]string{" && ", " || "}).Draw(t, "join") + drawCondition(t)
		}
		if sound(t, "{"+cond+"}", drawObject(t, 2)) {
			matched++
		}
	})
	if matched == 0 {
		t.Error("nothing matched, so nothing was shown")
	}
}

func TestClausesAreSoundForText(t *testing.T) {
	matched := 0
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.SampledFrom([]string{
			`ab`, `-ab`, `?ab`, `?b`, `"a b"`, `-"b a"`, `%a.?b%`, `?%ba*%`, `" "`,
		}), 1, 4).Draw(t, "terms")
		fields := rapid.SliceOfN(rapid.SampledFrom([]string{
			`f`, `f=a`, `f=*b`, `f!=a`, `f=a || f="b a"`, `f=%a+% && f!=ab`, `f>=1`, `f=(a)`, ``,
		}), 1, 4).Draw(t, "fields")
		if rapid.Bool().Draw(t, "ellipsis") {
			fields = append(fields, "...")
			fields = rapid.Permutation(fields).Draw(t, "order")
		}
		message := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{
			"a", "b", "ab", " ", " ", `"`, "[", "]", "1", "\xff",
		}), 0, 12).Draw(t, "message"), "")
		if sound(t, strings.Join(texts, " "), message) || sound(t, "["+strings.Join(fields, ", ")+"]", message) {
			matched++
		}
	})
	if matched == 0 {
		t.Error("nothing matched, so nothing was shown")
	}
}

// TestWalkAgainstDecoder compares the walk with what encoding/json reads.
func TestWalkAgainstDecoder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := drawObject(t, 3)
		sel := drawCondition(t)
		p, _, err := cutPath(sel)
		if err != nil {
			t.Fatalf("%s: %v", sel, err)
		}
		var root any
		d := json.NewDecoder(strings.NewReader(doc))
		d.UseNumber()
		if err := d.Decode(&root); err != nil {
			t.Fatalf("%s: %v", doc, err)
		}
		got, want := map[value]int{}, map[value]int{}
		for _, v := range selectValues(doc, p.steps) {
			got[v]++
		}
		for _, v := range decoded(root, p.steps) {
			want[v]++
		}
		if p.wildcards() > 0 && twice(doc) {
			return // the decoder drops members that the walk finds twice
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s in %s:\n got %v\nwant %v", sel, doc, got, want)
		}
	})
}

// twice reports whether an object of the document has a member twice.
func twice(doc string) bool {
	var root any
	if json.Unmarshal([]byte(doc), &root) != nil {
		return true
	}
	canonical, err := json.Marshal(root)
	return err != nil || strings.Count(string(canonical), ":") != strings.Count(doc, " : ")
}

func decoded(v any, steps []step) []value {
	if len(steps) == 0 {
		switch v := v.(type) {
		case nil:
			return []value{{nullValue, "null"}}
		case bool:
			return []value{{map[bool]valueKind{true: trueValue, false: falseValue}[v], fmt.Sprint(v)}}
		case json.Number:
			return []value{{numberValue, v.String()}}
		case string:
			return []value{{stringValue, v}}
		}
		return []value{{kind: containerValue}}
	}
	var out []value
	s := steps[0]
	switch v := v.(type) {
	case map[string]any:
		for name, m := range v {
			if !s.element && (s.any || s.name == name) {
				out = append(out, decoded(m, steps[1:])...)
			}
		}
	case []any:
		for i, m := range v {
			if s.element && (s.any || s.index == i) {
				out = append(out, decoded(m, steps[1:])...)
			}
		}
	}
	return out
}
