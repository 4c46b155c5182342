package exec

import (
	"strconv"
	"strings"
	"time"

	"waybill/internal/insights/syntax"
)

// zone takes the optional time zone argument, written as a string: UTC, an IANA
// name or an offset like +02:00.
func (c *compiler) zone(call *syntax.Call) *time.Location {
	if len(call.Args) < 3 {
		return time.UTC
	}
	s, ok := call.Args[2].(*syntax.Str)
	if !ok {
		c.fail(call.Args[2].At(), "Invalid arguments for function "+call.Name+": the time zone must be written as a string")
	}
	if t, err := time.Parse("-07:00", s.Value); err == nil {
		return t.Location()
	}
	l, err := time.LoadLocation(s.Value)
	if err != nil || s.Value == "Local" {
		c.fail(s.Span, "Invalid arguments for function "+call.Name+": unknown time zone "+s.Value)
	}
	return l
}

// dateText takes the format argument, which must be written as a string.
func (c *compiler) dateText(call *syntax.Call) *syntax.Str {
	s, ok := call.Args[1].(*syntax.Str)
	if !ok {
		c.fail(call.Args[1].At(), "Invalid arguments for function "+call.Name+": the format must be written as a string")
	}
	return s
}

func formatDate(c *compiler, call *syntax.Call) eval {
	at, format, zone := c.expr(call.Args[0]), c.dateText(call), c.zone(call)
	if bad := unknownDirective(format.Value); bad != "" {
		c.fail(format.Span, "Invalid arguments for function "+call.Name+": "+bad+" is not supported")
	}
	return func(r *row) value {
		ms, ok := at(r).millis()
		if !ok || ms < minTime || ms > maxTime {
			return null
		}
		return text(strftime(time.UnixMilli(int64(ms)).In(zone), format.Value))
	}
}

// directives are those of strftime, with Go's layouts.
var directives = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'e': "_2", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM",
	'b': "Jan", 'h': "Jan", 'B': "January", 'a': "Mon", 'A': "Monday", 'z': "-0700", 'Z': "MST", 'F': "2006-01-02",
	'T': "15:04:05", 'R': "15:04", 'D': "01/02/06", 'j': "002", 'f': "000000", 'L': "000",
}

func unknownDirective(format string) string {
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		if i++; i == len(format) {
			return "%"
		}
		if _, ok := directives[format[i]]; !ok && !strings.ContainsRune("%snt", rune(format[i])) {
			return format[i-1 : i+1]
		}
	}
	return ""
}

func strftime(t time.Time, format string) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b.WriteByte(format[i])
			continue
		}
		i++
		switch d := format[i]; d {
		case '%':
			b.WriteByte('%')
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 's':
			b.WriteString(strconv.FormatInt(t.Unix(), 10))
		case 'f', 'L':
			b.WriteString(t.Format("." + directives[d])[1:])
		default:
			b.WriteString(t.Format(directives[d]))
		}
	}
	return b.String()
}

func parseDate(c *compiler, call *syntax.Call) eval {
	s, format, zone := c.expr(call.Args[0]), c.dateText(call), c.zone(call)
	layout, bad := javaLayout(format.Value)
	if bad != "" {
		c.fail(format.Span, "Invalid arguments for function "+call.Name+": "+bad+" is not supported")
	}
	return func(r *row) value {
		in, ok := s(r).str()
		if !ok {
			return null
		}
		t, err := time.ParseInLocation(layout, in, zone)
		if err != nil {
			return null
		}
		return number(float64(t.UnixMilli()))
	}
}

// javaFields are the letters of Java's DateTimeFormatter that Go has a layout for.
var javaFields = map[string]string{
	"yyyy": "2006", "uuuu": "2006", "yy": "06", "y": "2006", "MM": "01", "M": "1", "MMM": "Jan", "MMMM": "January",
	"dd": "02", "d": "2", "HH": "15", "H": "15", "hh": "03", "h": "3", "mm": "04", "m": "4", "ss": "05", "s": "5", "a": "PM",
	"EEE": "Mon", "E": "Mon", "EEEE": "Monday", "DDD": "002", "z": "MST", "Z": "-0700", "XXX": "Z07:00", "XX": "Z0700",
	"X": "Z07", "xxx": "-07:00", "xx": "-0700", "x": "-07", "VV": "MST",
}

// javaLayout turns a pattern of Java's DateTimeFormatter into Go's layout. Bad is
// the first part that has none.
func javaLayout(pattern string) (layout, bad string) {
	var b strings.Builder
	for pattern != "" {
		c := pattern[0]
		switch {
		case c == '\'':
			end := strings.IndexByte(pattern[1:], '\'')
			if end < 0 {
				return "", pattern
			}
			if end == 0 {
				b.WriteByte('\'')
			}
			b.WriteString(pattern[1 : 1+end])
			pattern = pattern[end+2:]
			continue
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			run := len(pattern) - len(strings.TrimLeft(pattern, string(c)))
			part, ok := javaField(pattern[:run], b.String())
			if !ok {
				return "", pattern[:run]
			}
			b.WriteString(part)
			pattern = pattern[run:]
			continue
		}
		b.WriteByte(c)
		pattern = pattern[1:]
	}
	return b.String(), ""
}

func javaField(field, before string) (string, bool) {
	if field[0] == 'S' && (strings.HasSuffix(before, ".") || strings.HasSuffix(before, ",")) {
		return strings.Repeat("0", len(field)), len(field) <= 9
	}
	part, ok := javaFields[field]
	return part, ok
}
