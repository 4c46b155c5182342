package wire

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// writeResult writes the result element; operations whose output has no members
// have none.
func writeResult(b *bytes.Buffer, name string, out any) error {
	v := reflect.ValueOf(out)
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	if !v.IsValid() {
		return nil
	}
	if v.Kind() != reflect.Struct {
		return fmt.Errorf("encode %s: %s is no struct", name, v.Type())
	}
	if v.NumField() == 0 {
		return nil
	}
	return writeElement(b, name, v)
}

func writeElement(b *bytes.Buffer, name string, v reflect.Value) error {
	b.WriteString("<" + name + ">")
	if err := writeValue(b, name, v); err != nil {
		return err
	}
	b.WriteString("</" + name + ">")
	return nil
}

func writeValue(b *bytes.Buffer, name string, v reflect.Value) error {
	switch v.Type() {
	case typeTime:
		b.WriteString(isoTime(v.Interface().(time.Time)))
		return nil
	case typeEpoch:
		b.WriteString(isoTime(v.Interface().(EpochSeconds).Time))
		return nil
	case typeBytes:
		b.WriteString(base64.StdEncoding.EncodeToString(v.Bytes()))
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return writeValue(b, name, v.Elem())
	case reflect.Struct:
		return writeMembers(b, v)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if e := v.Index(i); e.Kind() != reflect.Pointer || !e.IsNil() {
				if err := writeElement(b, "member", e); err != nil {
					return err
				}
			}
		}
		return nil
	case reflect.Map:
		return writeEntries(b, name, v)
	}
	text, ok := scalarText(v)
	if !ok {
		return fmt.Errorf("encode %s: the Query protocol has nothing for a %s", name, v.Type())
	}
	escape(b, text)
	return nil
}

func writeMembers(b *bytes.Buffer, v reflect.Value) error {
	for _, f := range fieldsOf(v.Type()) {
		member := v.FieldByIndex(f.index)
		switch member.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			if member.IsNil() || f.omitEmpty && member.Kind() != reflect.Pointer && member.Len() == 0 {
				continue
			}
		default:
			if f.omitEmpty && member.IsZero() {
				continue
			}
		}
		if err := writeElement(b, f.name, member); err != nil {
			return err
		}
	}
	return nil
}

// writeEntries writes a map by its keys' order, so that answers are the same
// each time.
func writeEntries(b *bytes.Buffer, name string, v reflect.Value) error {
	if v.Type().Key().Kind() != reflect.String {
		return fmt.Errorf("encode %s: the keys of a %s are no strings", name, v.Type())
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(x, y reflect.Value) int { return strings.Compare(x.String(), y.String()) })
	for _, key := range keys {
		b.WriteString("<entry>")
		if err := writeElement(b, "key", key); err != nil {
			return err
		}
		if err := writeElement(b, "value", v.MapIndex(key)); err != nil {
			return err
		}
		b.WriteString("</entry>")
	}
	return nil
}

func scalarText(v reflect.Value) (string, bool) {
	switch v.Kind() {
	case reflect.String:
		return v.String(), true
	case reflect.Bool:
		return strconv.FormatBool(v.Bool()), true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10), true
	case reflect.Float32, reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits()), true
	}
	return "", false
}

// isoTime writes whole seconds, as IAM and STS do, and milliseconds if there are any.
func isoTime(t time.Time) string {
	t = t.UTC().Truncate(time.Millisecond)
	if t.Nanosecond() == 0 {
		return t.Format("2006-01-02T15:04:05Z")
	}
	return t.Format("2006-01-02T15:04:05.000Z")
}
