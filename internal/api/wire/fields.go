package wire

import (
	"reflect"
	"strings"
	"time"
)

var (
	typeTime  = reflect.TypeFor[time.Time]()
	typeEpoch = reflect.TypeFor[EpochSeconds]()
	typeBytes = reflect.TypeFor[[]byte]()
)

// field is a member of a wire struct.
type field struct {
	name      string
	omitEmpty bool
	index     []int
}

// fieldsOf lists a struct's members in order, those of embedded structs in
// their place.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous && f.Type.Kind() == reflect.Struct && f.Type != typeTime && f.Type != typeEpoch {
			continue
		}
		if !f.IsExported() {
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		fields = append(fields, field{name, strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero"), f.Index})
	}
	return fields
}
