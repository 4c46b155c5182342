package engine

import (
	"strconv"
	"strings"
	"sync"
	"unsafe"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"github.com/valyala/fastjson"
)

// The engine's own columns. A JSON message's members cannot take their names:
// see Column.
const (
	colMessage  = "_msg"
	colTime     = "_time"
	colStream   = "@stream"
	colID       = "@id"
	colIngested = "@ingested"
	// colPartial is "1" on a row whose message has, or might have, JSON members
	// that are not columns: too many, too long a name, too much text, the same name
	// twice. A row without it that begins with "{" has every member of its message
	// but empty strings, nulls, empty objects and what is in them as columns.
	colPartial = "@partial"
)

const (
	// maxColumns bounds the columns of one row, and of all rows of a stream in one
	// day; see names.go.
	maxColumns = 1000
	// maxElements bounds the columns of one array's elements, as CloudWatch Logs
	// does the members of a message; the array as a whole is a column as well.
	maxElements = 200
	// maxColumnName is the library's limit; it drops a row with a longer name.
	maxColumnName = 128
	// maxRowBytes keeps a row under the 2 MiB above which the library drops it,
	// with room for the message (1 MiB) and the engine's own columns.
	maxRowBytes = 2<<20 - 4096
	// maxDepth bounds nesting; deeper members are not columns.
	maxDepth = 32
)

// Column returns the name of the column that holds a JSON message's member:
// "event.recipients.0" is the first element of array recipients in object event.
// Names that begin with "@" get another "@", as CloudWatch Logs Insights shows
// them; the library's own four names get "@:".
func Column(member string) string {
	switch member {
	case "_msg", "_time", "_stream", "_stream_id", "":
		return "@:" + member
	}
	if member[0] == '@' {
		return "@" + member
	}
	return member
}

// Member is the inverse of Column; ok is false for the engine's own columns.
func Member(column string) (member string, ok bool) {
	switch {
	case strings.HasPrefix(column, "@:"):
		return column[2:], true
	case strings.HasPrefix(column, "@@"):
		return column[1:], true
	case strings.HasPrefix(column, "@"):
		return "", false
	}
	switch column {
	case "_msg", "_time", "_stream", "_stream_id":
		return "", false
	}
	return column, true
}

// flattener turns rows into the library's fields. The fields it returns, and
// their texts, are good until the next call.
type flattener struct {
	// allowed is the set of the row's stream and day.
	allowed *nameSet
	parser  fastjson.Parser
	fields  []logstorage.Field
	name    []byte
	text    []byte
	names   map[string]*column
	row     uint64
	size    int
	partial bool
}

// column remembers a member's column name, which rows repeat; the last row that
// had it, so that a row has it once; and the set that last allowed it.
type column struct {
	name    string
	row     uint64
	allowed *nameSet
}

// maxNames bounds what a flattener remembers between rows.
const maxNames = 10_000

var flatteners = sync.Pool{New: func() any { return &flattener{names: map[string]*column{}} }}

// flatten returns r's fields, of names that f.allowed allows; the first is the
// stream field.
func (f *flattener) flatten(r *Row) []logstorage.Field {
	f.row++
	f.partial = false
	f.text = f.text[:0]
	f.fields = append(f.fields[:0],
		logstorage.Field{Name: colStream, Value: f.number(r.Stream)},
		logstorage.Field{Name: colID, Value: f.number(r.ID)},
		logstorage.Field{Name: colIngested, Value: f.number(uint64(r.Ingested))},
		logstorage.Field{Name: colMessage, Value: r.Message},
	)
	f.size = logstorage.EstimatedJSONRowLen(f.fields)
	if looksLikeObject(r.Message) {
		f.message(r.Message)
	}
	if f.partial {
		f.fields = append(f.fields, logstorage.Field{Name: colPartial, Value: "1"})
	}
	return f.fields
}

// looksLikeObject is a cheap test that spares plain text the parser.
func looksLikeObject(s string) bool {
	const space = " \t\r\n"
	s = strings.Trim(s, space)
	return len(s) >= 2 && s[0] == '{' && s[len(s)-1] == '}'
}

func (f *flattener) message(s string) {
	v, err := f.parser.Parse(s)
	if err != nil {
		f.partial = true // not JSON after all, to this parser: the message alone is kept
		return
	}
	if len(f.names) > maxNames {
		clear(f.names)
	}
	f.name = f.name[:0]
	f.object(v.GetObject(), 0, false)
}

func (f *flattener) object(o *fastjson.Object, depth int, inArray bool) {
	base := len(f.name)
	o.Visit(func(key []byte, v *fastjson.Value) {
		if depth > 0 {
			f.name = append(f.name, '.')
		}
		f.name = append(f.name, key...)
		f.value(v, depth+1, inArray)
		f.name = f.name[:base]
	})
}

// value adds the columns of v, whose name stands in f.name. inArray is true
// below an array, whose own column already holds the text of arrays in it.
func (f *flattener) value(v *fastjson.Value, depth int, inArray bool) {
	switch {
	case len(f.fields) >= maxColumns || depth > maxDepth:
		f.partial = true
	case v.Type() == fastjson.TypeObject:
		f.object(v.GetObject(), depth, inArray)
	case v.Type() == fastjson.TypeArray:
		if !inArray {
			f.add(v)
		}
		base := len(f.name)
		for i, e := range v.GetArray() {
			if i == maxElements {
				f.partial = true
				break
			}
			f.name = strconv.AppendInt(append(f.name, '.'), int64(i), 10)
			f.value(e, depth+1, true)
			f.name = f.name[:base]
		}
	case v.Type() == fastjson.TypeNull:
		// The same as an absent member, as in CloudWatch Logs Insights.
	default:
		f.add(v)
	}
}

// add adds one column named after f.name. Of several members that come to the
// same name the first stays.
func (f *flattener) add(v *fastjson.Value) {
	c := f.names[string(f.name)]
	if c == nil {
		c = &column{name: Column(string(f.name))}
		f.names[string(f.name)] = c
	}
	start := len(f.text)
	if v.Type() == fastjson.TypeString {
		f.text = append(f.text, v.GetStringBytes()...)
	} else {
		f.text = v.MarshalTo(f.text)
	}
	size := len(`,"":""`) + len(c.name) + len(f.text) - start
	switch {
	case len(f.text) == start:
		return // to the library an empty value and none are one
	case c.row == f.row, len(c.name) > maxColumnName, f.size+size > maxRowBytes:
		f.partial = true
		f.text = f.text[:start]
		return
	}
	if c.allowed != f.allowed {
		if !f.allowed.allow(c.name) {
			f.partial = true
			f.text = f.text[:start]
			return
		}
		c.allowed = f.allowed
	}
	c.row = f.row
	f.size += size
	f.fields = append(f.fields, logstorage.Field{Name: c.name, Value: f.since(start)})
}

func (f *flattener) number(n uint64) string {
	start := len(f.text)
	f.text = strconv.AppendUint(f.text, n, 10)
	return f.since(start)
}

// since returns the text from start on without copying it. Text that was given
// out is not written again before the next row, and a grown buffer leaves the
// old one as it was.
func (f *flattener) since(start int) string {
	if len(f.text) == start {
		return ""
	}
	return unsafe.String(&f.text[start], len(f.text)-start)
}
