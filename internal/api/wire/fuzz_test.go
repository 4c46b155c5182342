package wire

import (
	"encoding/base64"
	"encoding/xml"
	"io"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"waybill/internal/awserr"
)

// FuzzDispatch: whatever comes, there is a protocol to answer in, the answer is
// well-formed, and neither decoding nor an unknown operation is a fault of ours.
func FuzzDispatch(f *testing.F) {
	f.Add("POST", "/", "", json11, "Logs_20140328.PutLogEvents", []byte(`{"Text":"x"}`))
	f.Add("POST", "/", "", form, "", []byte("Action=GetRole&Version=2010-05-08&List.member.1=x"))
	f.Add("GET", "/", "Action=A%00&Version=%ff", "", "", []byte(""))
	f.Add("POST", "/service/GraniteServiceVersion20100801/operation/X", "", "application/cbor", "", []byte("\xbf\xff"))
	f.Fuzz(func(t *testing.T, method, path, query, contentType, target string, body []byte) {
		r := httptest.NewRequest("POST", "/", nil)
		r.Method, r.URL.Path, r.URL.RawQuery = method, path, query
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("X-Amz-Target", target)
		req, err := Open(r, body)
		if err == nil {
			var in everything
			if decodeErr := req.Decode(&in); decodeErr != nil {
				checkAnswer(t, req, decodeErr)
			}
			err = req.Unknown()
		}
		checkAnswer(t, req, err)
	})
}

func checkAnswer(t *testing.T, req *Request, err error) {
	t.Helper()
	e, ok := err.(*awserr.Error)
	if !ok {
		t.Fatalf("error %v is no awserr.Error", err)
	}
	w := httptest.NewRecorder()
	if status := req.WriteError(w, "id", e); status < 400 || status > 499 {
		t.Fatalf("status %d for %v", status, e)
	}
	if w.Header().Get("Content-Type") == "text/xml" {
		wellFormed(t, w.Body.String())
	}
}

func wellFormed(t *testing.T, text string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, text)
		}
	}
}

// FuzzQuery: what decodes, encodes again as a form that decodes to the same.
func FuzzQuery(f *testing.F) {
	f.Add("Shared=s&Text=a&Number=1&Flag=true&Blob=AP8%3D&When=2023-11-14T22%3A13%3A20.123Z&List.member.1=x&List.member.2=y")
	f.Add("Members.member.1.name=m1&Members.member.1.count=-3&Members.member.2.weight=1.5&Map.entry.1.key=k&Map.entry.1.value=v&Inner.name=i&Plain=")
	f.Add("List=&List.member=&List.member.1.x=y&&=&.=.&Text")
	f.Fuzz(func(t *testing.T, form string) {
		var first, second everything
		if err := decodeForm(form, &first); err != nil {
			if _, ok := err.(*awserr.Error); !ok {
				t.Fatalf("error %v is no awserr.Error", err)
			}
			return
		}
		values := url.Values{}
		spell(values, "", reflect.ValueOf(first))
		if err := decodeForm(values.Encode(), &second); err != nil {
			t.Fatalf("%v\nagain: %s", err, values.Encode())
		}
		if !reflect.DeepEqual(first, second) {
			t.Fatalf("%+v\nagain %+v", first, second)
		}
	})
}

// spell writes a struct as a form, the way botocore's Query serializer does.
func spell(form url.Values, at string, v reflect.Value) {
	switch {
	case v.Kind() == reflect.Pointer && v.IsNil(), v.Kind() == reflect.Slice && v.IsNil(), v.Kind() == reflect.Map && v.IsNil():
	case v.Kind() == reflect.Pointer:
		form.Set(at, "")
		if v.Elem().Kind() != reflect.Struct || v.Type().Elem() == typeEpoch {
			form.Del(at)
		}
		spell(form, at, v.Elem())
	case v.Type() == typeEpoch:
		form.Set(at, v.Interface().(EpochSeconds).Format("2006-01-02T15:04:05.999999999Z07:00"))
	case v.Type() == typeBytes:
		form.Set(at, base64.StdEncoding.EncodeToString(v.Bytes()))
	case v.Kind() == reflect.Struct:
		for _, f := range fieldsOf(v.Type()) {
			spell(form, join(at, f.name), v.FieldByIndex(f.index))
		}
	case v.Kind() == reflect.Slice:
		form.Set(at, "")
		for i := range v.Len() {
			spell(form, at+".member."+strconv.Itoa(i+1), v.Index(i))
		}
	case v.Kind() == reflect.Map:
		form.Set(at, "")
		i := 0
		for _, key := range v.MapKeys() {
			i++
			spell(form, at+".entry."+strconv.Itoa(i)+".key", key)
			spell(form, at+".entry."+strconv.Itoa(i)+".value", v.MapIndex(key))
		}
	default:
		text, _ := scalarText(v)
		form.Set(at, text)
	}
}
