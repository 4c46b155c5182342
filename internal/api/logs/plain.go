package logsapi

import (
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"

	"waybill/internal/logs"
)

// PutLogEvents carries a megabyte of JSON, and encoding/json takes 1.1 µs and
// several allocations an event for it, a fifth of the whole operation. So the
// form in which clients send it is read here, in a tenth of that: an object of
// the known members in their exact spelling, each once, without nulls. Whatever
// else comes, right or wrong, is left to encoding/json: what it accepts, and the
// errors of what it does not, stay its own. A fuzz test compares the two.

// DecodeJSON reads the plain form of a PutLogEvents and reports whether body
// has it; if not, in is as it was. It implements wire.JSONDecoder.
func (in *PutLogEventsInput) DecodeJSON(body []byte) bool {
	r := plainReader{in: body, text: make([]byte, 0, len(body))}
	var out PutLogEventsInput
	if !out.read(&r) {
		return false
	}
	*in = out
	return true
}

func (in *PutLogEventsInput) read(r *plainReader) bool {
	ok := r.object(func(name string) bool {
		switch {
		case name == "logGroupName" && in.LogGroupName == nil:
			return r.string(&in.LogGroupName)
		case name == "logStreamName" && in.LogStreamName == nil:
			return r.string(&in.LogStreamName)
		case name == "sequenceToken" && in.SequenceToken == nil:
			return r.string(&in.SequenceToken)
		case name == "logEvents" && in.plain == nil:
			return in.readEvents(r)
		}
		return false
	})
	r.space()
	return ok && len(r.in) == r.at
}

// eventSize is how long an event is at least, but for its message, as JSON.
const eventSize = len(`{"message":"","timestamp":1},`)

func (in *PutLogEventsInput) readEvents(r *plainReader) bool {
	in.plain = make([]logs.InputEvent, 0, min((len(r.in)-r.at)/eventSize+1, 10_000))
	return r.list('[', ']', func() bool {
		var e logs.InputEvent
		var hasTime, hasMessage bool
		ok := r.object(func(name string) bool {
			switch {
			case name == "timestamp" && !hasTime:
				hasTime = true
				return r.number(&e.Timestamp)
			case name == "message" && !hasMessage:
				hasMessage = true
				var valid bool
				e.Message, valid = r.quoted()
				return valid
			}
			return false
		})
		in.plain = append(in.plain, e)
		return ok && hasTime && hasMessage
	})
}

// plainReader reads JSON and gives up at whatever is unusual. The strings that
// it gives out are parts of in or of text, so neither may be written to again.
type plainReader struct {
	in []byte
	at int
	// text is where strings with escapes are written; it has room for all of them.
	text []byte
}

func (r *plainReader) space() {
	for r.at < len(r.in) {
		switch r.in[r.at] {
		case ' ', '\t', '\r', '\n':
			r.at++
		default:
			return
		}
	}
}

// take reads one character after space.
func (r *plainReader) take(c byte) bool {
	r.space()
	if r.at < len(r.in) && r.in[r.at] == c {
		r.at++
		return true
	}
	return false
}

// list reads what one reads, between brackets and separated by commas.
func (r *plainReader) list(open, closing byte, one func() bool) bool {
	if !r.take(open) {
		return false
	}
	if r.take(closing) {
		return true
	}
	for {
		if !one() {
			return false
		}
		if r.take(closing) {
			return true
		}
		if !r.take(',') {
			return false
		}
	}
}

// object reads an object whose members' values member reads.
func (r *plainReader) object(member func(name string) bool) bool {
	return r.list('{', '}', func() bool {
		name, ok := r.quoted()
		return ok && r.take(':') && member(name)
	})
}

func (r *plainReader) string(to **string) bool {
	s, ok := r.quoted()
	*to = &s
	return ok
}

// number reads an integer of at most 18 digits.
func (r *plainReader) number(to *int64) bool {
	r.space()
	n, start := int64(0), r.at
	for r.at < len(r.in) && r.in[r.at] >= '0' && r.in[r.at] <= '9' {
		n = 10*n + int64(r.in[r.at]-'0')
		r.at++
	}
	digits := r.at - start
	if digits == 0 || digits > 18 || digits > 1 && r.in[start] == '0' {
		return false
	}
	*to = n
	return true // of a fraction or an exponent the caller finds no comma
}

// quoted reads one string in quotes.
func (r *plainReader) quoted() (string, bool) {
	if !r.take('"') {
		return "", false
	}
	start, from := len(r.text), r.at // of the string, and of what is not copied yet
	seen := byte(0)
	for i := r.at; i < len(r.in); i++ {
		c := r.in[i]
		switch {
		case c == '"':
			s := r.in[from:i]
			if from > r.at {
				r.text = append(r.text, s...)
				s = r.text[start:]
			}
			r.at = i + 1
			if seen >= utf8.RuneSelf && !utf8.Valid(s) {
				return "", false
			}
			return unsafe.String(unsafe.SliceData(s), len(s)), true
		case c == '\\':
			r.text = append(r.text, r.in[from:i]...)
			n := r.escape(r.in[i:])
			if n == 0 {
				return "", false
			}
			from = i + n
			i = from - 1
		case c < ' ':
			return "", false
		default:
			seen |= c
		}
	}
	return "", false
}

// escape writes what the escape at the beginning of s stands for and returns
// the escape's length, 0 for none.
func (r *plainReader) escape(s []byte) int {
	if len(s) < 2 {
		return 0
	}
	c := plainEscapes[s[1]]
	if c != 0 {
		r.text = append(r.text, c)
		return 2
	}
	u, ok := hex4(s)
	if !ok {
		return 0
	}
	if !utf16.IsSurrogate(u) {
		r.text = utf8.AppendRune(r.text, u)
		return 6
	}
	low, ok := hex4(s[6:])
	if !ok {
		return 0
	}
	if u = utf16.DecodeRune(u, low); u == utf8.RuneError {
		return 0 // half a pair
	}
	r.text = utf8.AppendRune(r.text, u)
	return 12
}

var plainEscapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// hex4 reads \u and four digits.
func hex4(s []byte) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var u rune
	for _, c := range s[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		u = u<<4 | rune(c)
	}
	return u, true
}
