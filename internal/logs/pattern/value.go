package pattern

import (
	"cmp"
	"strconv"
	"strings"
)

// valueKind tells what a selected value is.
type valueKind int

const (
	nullValue valueKind = iota
	trueValue
	falseValue
	numberValue
	stringValue
	fieldValue     // a word of a message
	containerValue // a JSON object or array, which compares with nothing
)

// value is what a selector or a field name points to.
type value struct {
	kind valueKind
	text string
}

// compares reports whether = and the other operators apply to the value at all.
func (v value) compares() bool { return v.kind != nullValue && v.kind != containerValue }

// number reads the value as a number. A JSON string counts as one too, but not
// in scientific notation, which is documented.
func (v value) number() (number, bool) {
	switch v.kind {
	case numberValue, fieldValue:
		return parseNumber(v.text)
	case stringValue:
		if strings.ContainsAny(v.text, "eE") {
			return number{}, false
		}
		return parseNumber(v.text)
	}
	return number{}, false
}

// number is an integer where it is one, so that long identifiers compare exactly.
type number struct {
	whole   int64
	isWhole bool
	real    float64
}

// parseNumber reads an integer or decimal with an optional sign and exponent.
func parseNumber(s string) (number, bool) {
	if s == "" || len(s) > 64 || strings.Trim(s, "+-.0123456789eE") != "" {
		return number{}, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return number{}, false
	}
	i, err := strconv.ParseInt(s, 10, 64)
	return number{whole: i, isWhole: err == nil, real: f}, true
}

func (a number) compare(b number) int {
	if a.isWhole && b.isWhole {
		return cmp.Compare(a.whole, b.whole)
	}
	return cmp.Compare(a.real, b.real)
}
