package audit

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// object builds one JSON object; open objects nest. Members come out in the
// order written. encoding/json would take several times as long, and a record is
// written for every call.
type object struct {
	b     []byte
	comma bool
}

func (o *object) key(name string) {
	if o.comma {
		o.b = append(o.b, ',')
	}
	o.b = appendString(o.b, name)
	o.b = append(o.b, ':')
	o.comma = true
}

// open and close bracket an object ('{') or a list ('[') under a name; in a list the name is empty.
func (o *object) open(name string, bracket byte) {
	if name != "" {
		o.key(name)
	} else if o.comma {
		o.b = append(o.b, ',')
	}
	o.b = append(o.b, bracket)
	o.comma = false
}

func (o *object) close(bracket byte) {
	o.b = append(o.b, bracket)
	o.comma = true
}

// text writes a string; an empty one is left out.
func (o *object) text(name, value string) {
	if value != "" {
		o.key(name)
		o.b = appendString(o.b, value)
	}
}

// element writes a string of a list.
func (o *object) element(value string) {
	if o.comma {
		o.b = append(o.b, ',')
	}
	o.b = appendString(o.b, value)
	o.comma = true
}

func (o *object) number(name string, value int64) {
	o.key(name)
	o.b = strconv.AppendInt(o.b, value, 10)
}

func (o *object) boolean(name string, value bool) {
	o.key(name)
	o.b = strconv.AppendBool(o.b, value)
}

func (o *object) null(name string) {
	o.key(name)
	o.b = append(o.b, "null"...)
}

// time writes a time in whole seconds, as CloudTrail does.
func (o *object) time(name string, t time.Time) {
	o.key(name)
	o.b = append(o.b, '"')
	o.b = t.UTC().AppendFormat(o.b, "2006-01-02T15:04:05Z")
	o.b = append(o.b, '"')
}

const hex = "0123456789abcdef"

// appendString writes a JSON string (RFC 8259, section 7); what is no UTF-8
// becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			if r, size := utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		b = append(b, s[from:i]...)
		switch {
		case c >= utf8.RuneSelf:
			b = append(b, "\uFFFD"...)
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		from = i
	}
	return append(append(b, s[from:]...), '"')
}
