package golden

import (
	"context"
	"strconv"

	"github.com/valyala/fastjson"

	"waybill/internal/insights/exec"
)

// Rows says how Source delivers events.
type Rows struct {
	// Size is the number of rows of a batch.
	Size int
	// MaxColumns bounds the elements of an array that become columns; rows with more
	// are partial, as the engine has them.
	MaxColumns int
	// Bare delivers no columns of JSON members at all: every row is partial.
	Bare bool
}

// Source delivers events as the engine would.
func (o Rows) Source(events []Event) exec.Source {
	return func(_ context.Context, yield func(*exec.Batch) error) error {
		for from := 0; from < len(events); from += o.Size {
			to := min(from+o.Size, len(events))
			if err := yield(o.batch(events[from:to], from)); err != nil {
				return err
			}
		}
		return nil
	}
}

func (o Rows) batch(events []Event, first int) *exec.Batch {
	b := &exec.Batch{N: len(events), Partial: make([]bool, len(events))}
	columns := map[string][]string{}
	set := func(i int, name, value string) {
		if columns[name] == nil {
			columns[name] = make([]string, len(events))
		}
		columns[name][i] = value
	}
	for i, e := range events {
		b.Times = append(b.Times, e.Time)
		b.Ingested = append(b.Ingested, e.Time+1000)
		b.Seq = append(b.Seq, uint64(first+i))
		set(i, exec.FieldMessage, e.Message)
		set(i, exec.FieldLogStream, e.Stream)
		set(i, exec.FieldLog, Account+":"+e.Group)
		if o.Bare {
			b.Partial[i] = true
			continue
		}
		v, err := fastjson.Parse(e.Message)
		if err != nil || v.Type() != fastjson.TypeObject {
			continue
		}
		f := flattener{most: o.MaxColumns, set: func(name, value string) { set(i, name, value) }}
		f.object(v, "", false)
		b.Partial[i] = f.partial
	}
	for name, values := range columns {
		b.Columns = append(b.Columns, name)
		b.Values = append(b.Values, values)
	}
	b.Ptr = func(i int) string { return strconv.Itoa(first + i) }
	return b
}

type flattener struct {
	most    int
	set     func(name, value string)
	partial bool
}

func (f *flattener) object(v *fastjson.Value, prefix string, inArray bool) {
	v.GetObject().Visit(func(key []byte, m *fastjson.Value) {
		name := string(key)
		if prefix == "" && name != "" && name[0] == '@' {
			name = "@" + name
		}
		f.value(m, prefix+name, inArray)
	})
}

func (f *flattener) value(v *fastjson.Value, name string, inArray bool) {
	switch v.Type() {
	case fastjson.TypeNull:
	case fastjson.TypeObject:
		f.object(v, name+".", inArray)
	case fastjson.TypeArray:
		if !inArray {
			f.set(name, string(v.MarshalTo(nil)))
		}
		for i, e := range v.GetArray() {
			if f.most > 0 && i == f.most {
				f.partial = true
				break
			}
			f.value(e, name+"."+strconv.Itoa(i), true)
		}
	case fastjson.TypeString:
		f.set(name, string(v.GetStringBytes()))
	default:
		f.set(name, string(v.MarshalTo(nil)))
	}
}
