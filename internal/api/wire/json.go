package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"reflect"
	"strings"

	"waybill/internal/awserr"
)

// jsonCodec is AWS JSON 1.0 or 1.1; they differ in the content type only.
type jsonCodec struct{ contentType string }

func jsonCodecFor(contentType string) jsonCodec {
	if strings.HasPrefix(contentType, "application/x-amz-json-1.0") {
		return jsonCodec{"application/x-amz-json-1.0"}
	}
	return jsonCodec{"application/x-amz-json-1.1"}
}

func serialization(format string, args ...any) *awserr.Error {
	return awserr.New("SerializationException", format, args...)
}

// JSONDecoder is an input that reads its usual form by itself, where that is
// worth the trouble. DecodeJSON reports whether body, which begins with "{",
// has that form; if not, it must leave the input as it was, and encoding/json
// has the last word. What it accepts must come to the same as there.
type JSONDecoder interface{ DecodeJSON(body []byte) bool }

// decode takes an empty body for an empty object. Member names are matched
// without regard to case where the exact one is absent, which AWS does not do.
func (jsonCodec) decode(r *Request, in any) error {
	body := bytes.TrimLeft(r.body, " \t\r\n")
	if len(body) == 0 {
		return nil
	}
	if body[0] != '{' {
		return serialization("%s found where a structure was expected.", startOf(body[0]))
	}
	if own, ok := in.(JSONDecoder); ok && own.DecodeJSON(body) {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(in); err != nil {
		return jsonError(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return serialization("The request body goes on after its JSON object.")
	}
	return nil
}

func startOf(b byte) string {
	if b == '[' {
		return "Start of list"
	}
	return "A value that is no object"
}

func jsonError(err error) error {
	var wrongType *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &wrongType):
		return serialization("%s at '%s' can not be converted to %s.",
			jsonValue(wrongType.Value), wrongType.Field, typeName(wrongType.Type))
	case errors.As(err, &syntax):
		return serialization("The request body is not valid JSON at byte %d.", syntax.Offset)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return serialization("The request body is not valid JSON: it ends too early.")
	}
	var known *awserr.Error
	if errors.As(err, &known) {
		return known
	}
	return serialization("The request body can not be read: %v.", err)
}

// jsonValue names what was found as AWS does. encoding/json adds the number itself.
func jsonValue(v string) string {
	kind, _, _ := strings.Cut(v, " ")
	switch kind {
	case "array":
		return "Start of list"
	case "object":
		return "Start of structure or map"
	case "bool":
		return "BOOLEAN_VALUE"
	}
	return strings.ToUpper(kind) + "_VALUE"
}

// typeName names what a member is in the words of AWS's models.
func typeName(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
		return "a String"
	case reflect.Bool:
		return "a Boolean"
	case reflect.Int32, reflect.Uint32, reflect.Int16, reflect.Uint16, reflect.Int8:
		return "an Integer"
	case reflect.Int, reflect.Int64, reflect.Uint, reflect.Uint64:
		return "a Long"
	case reflect.Float32, reflect.Float64:
		return "a Double"
	case reflect.Slice, reflect.Array:
		return "a List"
	case reflect.Map:
		return "a Map"
	}
	return "a Structure"
}

func (jsonCodec) result(_ *Request, _ string, out any) ([]byte, error) {
	if v := reflect.ValueOf(out); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return []byte("{}"), nil
	}
	return marshalJSON(out)
}

func (jsonCodec) failure(r *Request, _ string, e *awserr.Error) []byte {
	members := map[string]any{"__type": e.Code, r.service.message: e.Message}
	for name, text := range e.Members {
		members[name] = text
	}
	maps.Copy(members, e.Shape)
	body, err := marshalJSON(members)
	if err != nil {
		// Strings, and structures of strings and numbers, always marshal.
		return []byte(`{"__type":"InternalFailure"}`)
	}
	return body
}

// marshalJSON leaves <, > and & as they are: log messages are full of them.
func marshalJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func (c jsonCodec) dress(r *Request, h http.Header, e *awserr.Error) {
	h.Set("Content-Type", c.contentType)
	if e != nil && r.service.legacyCodes {
		h.Set("x-amzn-query-error", legacyHeader(e))
	}
}

func (jsonCodec) spell(e *awserr.Error) *awserr.Error { return asJSON(e) }

func (jsonCodec) unknown(r *Request) *awserr.Error {
	if r.Operation == "" {
		return awserr.New("UnknownOperationException", "The request names no operation in X-Amz-Target.")
	}
	return awserr.New("UnknownOperationException", "The operation %s is not known here.", clip(r.Operation))
}

// clip bounds what an answer repeats of a request.
func clip(s string) string {
	const most = 128
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}
