package exec

import (
	"strings"
	"time"

	"github.com/valyala/fastjson"

	"waybill/internal/insights/syntax"
)

// kind says what a value is.
type kind uint8

const (
	kindNull kind = iota
	kindText
	kindNumber
	kindTime // n is milliseconds since the Unix epoch
	kindBool // n is 1 or 0
	kindTree // a map or a list
)

// value is one value of the language. A field of a log is text whatever it looks
// like; what reads as a number is one wherever a number is asked for.
type value struct {
	kind kind
	n    float64 // of a structure that was parsed: the length of its text
	s    string
	tree *fastjson.Value
}

var null value

func text(s string) value    { return value{kind: kindText, s: s} }
func number(n float64) value { return value{kind: kindNumber, n: n} }
func moment(ms float64) value {
	return value{kind: kindTime, n: ms}
}

func boolean(b bool) value {
	if b {
		return value{kind: kindBool, n: 1}
	}
	return value{kind: kindBool}
}

// source is the value of a field of a log: an empty text is none.
func source(s string) value {
	if s == "" {
		return null
	}
	return text(s)
}

// num returns v as a number.
func (v value) num() (float64, bool) {
	switch v.kind {
	case kindNumber, kindTime, kindBool:
		return v.n, true
	case kindText:
		return syntax.ParseNumber(v.s)
	}
	return 0, false
}

// str returns v as text; maps and lists have none for functions.
func (v value) str() (string, bool) {
	switch v.kind {
	case kindNull, kindTree:
		return "", false
	case kindText:
		return v.s, true
	}
	return v.display(), true
}

// millis returns v as a time: a time, a number of milliseconds or a time in TimeLayout.
func (v value) millis() (float64, bool) {
	if n, ok := v.num(); ok {
		return n, true
	}
	if v.kind != kindText || len(v.s) != len(TimeLayout) {
		return 0, false
	}
	t, err := time.Parse(TimeLayout, v.s)
	return float64(t.UnixMilli()), err == nil
}

// truth returns whether v holds as a condition.
func (v value) truth() truth {
	switch v.kind {
	case kindNull:
		return unknown
	case kindNumber, kindBool, kindTime:
		return truthOf(v.n != 0)
	case kindText:
		if n, ok := syntax.ParseNumber(v.s); ok {
			return truthOf(n != 0)
		}
		return truthOf(strings.EqualFold(v.s, "true"))
	}
	return no
}

// keep returns v with texts of its own, good after the batch is gone.
func (v value) keep() value {
	if v.kind == kindText {
		v.s = strings.Clone(v.s)
	}
	return v
}

// size is about what v takes in memory beyond the value itself.
func (v value) size() int64 {
	if v.kind == kindTree {
		return 512 + 8*int64(v.n)
	}
	return int64(len(v.s))
}

// truth is the answer to a condition: unknown when a field is missing. Only yes
// lets a row through; not, and, or follow SQL.
type truth uint8

const (
	no truth = iota
	yes
	unknown
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) value() value {
	if t == unknown {
		return null
	}
	return boolean(t == yes)
}

func (t truth) not() truth {
	switch t {
	case yes:
		return no
	case no:
		return yes
	}
	return unknown
}

// keepText returns v's text, copied.
func (v value) keepText() string { return strings.Clone(v.s) }
