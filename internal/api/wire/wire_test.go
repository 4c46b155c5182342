package wire

import (
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"

	"waybill/internal/awserr"
)

func request(method, target, contentType, amzTarget, body string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if amzTarget != "" {
		r.Header.Set("X-Amz-Target", amzTarget)
	}
	return r
}

const (
	json11 = "application/x-amz-json-1.1"
	json10 = "application/x-amz-json-1.0"
	form   = "application/x-www-form-urlencoded"
)

func TestDispatch(t *testing.T) {
	for _, c := range []struct {
		name                              string
		method, path, contentType, target string
		body                              string
		service, operation                string
		answered                          string // content type of the answer
		code                              string // of the error for an unknown operation, or of Open's
		text                              string
	}{
		{"logs", "POST", "/", json11, "Logs_20140328.PutLogEvents", "{}", "logs", "PutLogEvents", json11, "UnknownOperationException", "PutLogEvents"},
		{"any path", "POST", "/a/b", json11, "Logs_20140328.PutLogEvents", "", "logs", "PutLogEvents", json11, "UnknownOperationException", ""},
		{"workmail", "POST", "/", json11, "WorkMailService.ListUsers", "{}", "workmail", "ListUsers", json11, "UnknownOperationException", ""},
		{"metrics, JSON 1.0", "POST", "/", json10, "GraniteServiceVersion20100801.ListMetrics", "{}", "monitoring", "ListMetrics", json10, "UnknownOperationException", ""},
		{"metrics, CBOR", "POST", "/service/GraniteServiceVersion20100801/operation/ListMetrics", "application/cbor", "", "", "monitoring", "ListMetrics", "application/cbor", "UnknownOperationException", ""},
		{"CBOR below a path", "POST", "/x/service/GraniteServiceVersion20100801/operation/ListMetrics", "application/cbor", "", "", "monitoring", "ListMetrics", "application/cbor", "UnknownOperationException", ""},
		{"CBOR of another service", "POST", "/service/Other/operation/Op", "application/cbor", "", "", "", "Op", "application/cbor", "UnknownOperationException", ""},
		{"metrics, Query", "POST", "/", form + "; charset=utf-8", "", "Action=ListMetrics&Version=2010-08-01", "monitoring", "ListMetrics", "text/xml", "InvalidAction", "Could not find operation ListMetrics for version 2010-08-01"},
		{"iam", "POST", "/", form, "", "Version=2010-05-08&Action=GetRole", "iam", "GetRole", "text/xml", "InvalidAction", ""},
		{"sts", "POST", "/", form, "", "Action=AssumeRole&Version=2011-06-15", "sts", "AssumeRole", "text/xml", "InvalidAction", ""},
		{"Query in the URL", "GET", "/?Action=GetCallerIdentity&Version=2011-06-15", "", "", "", "sts", "GetCallerIdentity", "text/xml", "InvalidAction", ""},
		{"version of another service", "POST", "/", form, "", "Action=RunInstances&Version=2016-11-15", "", "RunInstances", "text/xml", "InvalidAction", "Could not find operation RunInstances for version 2016-11-15"},
		{"no version", "POST", "/", form, "", "Action=GetRole", "", "GetRole", "text/xml", "InvalidAction", "version NO_VERSION_SPECIFIED"},
		{"no action", "POST", "/", form, "", "a=b", "", "", "text/xml", "MissingAction", "missing an action"},
		{"another service", "POST", "/", json11, "Firehose_20150804.PutRecord", "{}", "", "PutRecord", json11, "UnknownOperationException", ""},
		{"target without a dot", "POST", "/", json11, "PutRecord", "{}", "", "", json11, "UnknownOperationException", "names no operation"},
		{"target with an empty service", "POST", "/", json11, ".PutRecord", "{}", "", "PutRecord", json11, "UnknownOperationException", ""},
		{"nothing", "POST", "/", "", "", "", "", "", json11, "UnknownOperationException", "names no operation"},
		{"target wins over form", "POST", "/", form, "Logs_20140328.PutLogEvents", "Action=GetRole&Version=2010-05-08", "logs", "PutLogEvents", json11, "UnknownOperationException", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, err := Open(request(c.method, c.path, c.contentType, c.target, c.body), []byte(c.body))
			if req.Service != c.service || req.Operation != c.operation {
				t.Errorf("%q %q, want %q %q", req.Service, req.Operation, c.service, c.operation)
			}
			if err == nil {
				err = req.Unknown()
			}
			w := httptest.NewRecorder()
			e, ok := err.(*awserr.Error)
			if !ok {
				t.Fatalf("error %v is no awserr.Error", err)
			}
			if status := req.WriteError(w, "id", e); status != 400 || w.Code != 400 {
				t.Errorf("status %d, want 400", status)
			}
			if got := w.Header().Get("Content-Type"); got != c.answered {
				t.Errorf("answered in %s, want %s", got, c.answered)
			}
			if !strings.Contains(w.Body.String(), c.code) || !strings.Contains(w.Body.String(), c.text) {
				t.Errorf("answer %s lacks %s ...%s...", w.Body, c.code, c.text)
			}
			if got, want := w.Header().Get("x-amzn-query-error"), c.service == "monitoring" && c.answered != "text/xml"; (got == "InvalidAction;Sender") != want {
				t.Errorf("x-amzn-query-error %q", got)
			}
		})
	}
}

func TestErrorForms(t *testing.T) {
	requests := map[string]*http.Request{
		"logs":     request("POST", "/", json11, "Logs_20140328.X", ""),
		"workmail": request("POST", "/", json11, "WorkMailService.X", ""),
		"metrics":  request("POST", "/", json10, "GraniteServiceVersion20100801.X", ""),
		"iam":      request("POST", "/", form, "", "Action=X&Version=2010-05-08"),
	}
	for _, c := range []struct {
		protocol string
		err      *awserr.Error
		status   int
		body     string
		legacy   string
	}{
		{"logs", awserr.New("ResourceNotFoundException", "The specified log group does not exist."), 400,
			`{"__type":"ResourceNotFoundException","message":"The specified log group does not exist."}`, ""},
		{"logs", awserr.WithStatus(403, "AccessDenied", "no <&> \"x\""), 400, `{"__type":"AccessDeniedException","message":"no <&> \"x\""}`, ""},
		{"logs", awserr.WithStatus(403, "SignatureDoesNotMatch", "x"), 400, `{"__type":"InvalidSignatureException","message":"x"}`, ""},
		{"logs", awserr.WithStatus(500, "InternalFailure", "x"), 500, `{"__type":"InternalFailure","message":"x"}`, ""},
		{"workmail", awserr.New("OrganizationNotFoundException", "x"), 400, `{"Message":"x","__type":"OrganizationNotFoundException"}`, ""},
		{"metrics", awserr.New("ValidationError", "x"), 400, `{"__type":"ValidationException","message":"x"}`, "ValidationError;Sender"},
		{"metrics", awserr.WithStatus(500, "InternalFailure", "x"), 500, `{"__type":"InternalFailure","message":"x"}`, "InternalFailure;Receiver"},
		{"iam", awserr.WithStatus(404, "NoSuchEntity", "no <&>"), 404, `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type>` +
			`<Code>NoSuchEntity</Code><Message>no &lt;&amp;&gt;</Message></Error><RequestId>id</RequestId></ErrorResponse>`, ""},
		{"iam", awserr.WithStatus(400, "AccessDeniedException", "x"), 403, `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type>` +
			`<Code>AccessDenied</Code><Message>x</Message></Error><RequestId>id</RequestId></ErrorResponse>`, ""},
		{"iam", awserr.WithStatus(500, "InternalFailure", "x"), 500, `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Receiver</Type>` +
			`<Code>InternalFailure</Code><Message>x</Message></Error><RequestId>id</RequestId></ErrorResponse>`, ""},
	} {
		req, err := Open(requests[c.protocol], []byte("Action=X&Version=2010-05-08"))
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		if status := req.WriteError(w, "id", c.err); status != c.status || w.Code != c.status {
			t.Errorf("%s %s: status %d, want %d", c.protocol, c.err.Code, status, c.status)
		}
		if got := w.Body.String(); got != c.body {
			t.Errorf("%s %s:\n%s\nwant\n%s", c.protocol, c.err.Code, got, c.body)
		}
		if got := w.Header().Get("x-amzn-query-error"); got != c.legacy {
			t.Errorf("%s %s: x-amzn-query-error %q, want %q", c.protocol, c.err.Code, got, c.legacy)
		}
	}
}

type member struct {
	Name    string  `json:"name"`
	Count   *int32  `json:"count,omitempty"`
	Weight  float64 `json:"weight,omitempty"`
	Enabled *bool   `json:"enabled,omitempty"`
}

type embedded struct{ Shared string }

// everything has a member of each kind that wire structs may have.
type everything struct {
	embedded
	Text    string
	Number  int64             `json:"Number,omitempty"`
	Flag    bool              `json:"Flag,omitempty"`
	Blob    []byte            `json:"Blob,omitempty"`
	When    *EpochSeconds     `json:"When,omitempty"`
	List    []string          `json:"List,omitempty"`
	Members []member          `json:"Members,omitempty"`
	Map     map[string]string `json:"Map,omitempty"`
	Inner   *member           `json:"Inner,omitempty"`
	Plain   []string
	Hidden  string `json:"-"`
	private string
}

func full() everything {
	count, no := int32(-3), false
	return everything{embedded: embedded{"s"}, Text: "a <b> & \"c\" \u00fc\n", Number: math.MaxInt64, Flag: true, Blob: []byte{0, 255},
		When: Seconds(time.UnixMilli(1700000000123)), List: []string{"x", "", "y"},
		Members: []member{{Name: "m1", Count: &count}, {Name: "m2", Weight: 1.5, Enabled: &no}},
		Map:     map[string]string{"k2": "v2", "k1": "v1"}, Inner: &member{Name: "i"}, Plain: []string{}, private: ""}
}

func compare(t *testing.T, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmp.AllowUnexported(everything{}, embedded{})); d != "" {
		t.Errorf("differs (-want +got):\n%s", d)
	}
}

func TestQueryDecode(t *testing.T) {
	const in = "Action=X&Version=2010-05-08&Shared=s&Text=a+%3Cb%3E+%26+%22c%22+%C3%BC%0A&Number=9223372036854775807&Flag=true&Blob=AP8%3D" +
		"&When=2023-11-14T22%3A13%3A20.123Z&List.member.1=x&List.member.3=y&List.member.2=&Members.member.1.name=m1&Members.member.1.count=-3" +
		"&Members.member.2.name=m2&Members.member.2.weight=1.5&Members.member.2.enabled=False&Map.entry.1.key=k1&Map.entry.1.value=v1" +
		"&Map.entry.2.key=k2&Map.entry.2.value=v2&Inner.name=i&Plain=&Hidden=x&private=x&Unknown.member.1=x&Text=second"
	req, err := Open(request("POST", "/", form, "", in), []byte(in))
	if err != nil {
		t.Fatal(err)
	}
	var got everything
	if err := req.Decode(&got); err != nil {
		t.Fatal(err)
	}
	compare(t, got, full())
}

func TestQueryTimes(t *testing.T) {
	want := time.Date(2026, 11, 24, 4, 5, 6, 0, time.UTC)
	for _, s := range []string{"2026-11-24T04:05:06Z", "2026-11-24T04:05:06.000Z", "2026-11-24T05:05:06%2B01:00", "2026-11-24T04:05:06"} {
		var in struct {
			T time.Time
			E EpochSeconds
		}
		if err := decodeForm("T="+s+"&E="+s, &in); err != nil || !in.T.Equal(want) || !in.E.Equal(want) {
			t.Errorf("%s: %v %v, error %v", s, in.T, in.E, err)
		}
	}
}

func TestQueryDecodeErrors(t *testing.T) {
	for _, c := range []struct{ form, text string }{
		{"Number=abc", "Value 'abc' at 'Number' can not be converted to a Long."},
		{"Number=9223372036854775808", "at 'Number'"},
		{"Members.member.1.count=2147483648", "Value '2147483648' at 'Members.member.1.count' can not be converted to an Integer."},
		{"Flag=yes", "Value 'yes' at 'Flag' can not be converted to a Boolean."},
		{"Members.member.1.weight=x", "a Double"},
		{"When=yesterday", "Value 'yesterday' at 'When' can not be converted to a Timestamp."},
		{"Blob=***", "at 'Blob' can not be converted to a Blob."},
		{"List.member.x=1", "'x' is not the number of a list's element at 'List.member'."},
		{"List.member.01=1", "'01' is not the number"},
		{"Map.entry.-1.key=1", "'-1' is not the number"},
		{"Text=%zz", "The value at 'Text' is not properly encoded."},
		{"%zz=1", "The parameter name '%zz' is not properly encoded."},
		{strings.Repeat("a.", 20) + "=1", "has more than 16 parts"},
		{strings.Repeat("a&", maxParameters+1), "more than 100000 parameters"},
	} {
		var in everything
		err := decodeForm(c.form, &in)
		if !awserr.HasCode(err, "MalformedInput") || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%.40s: error %v, want MalformedInput ...%s...", c.form, err, c.text)
		}
	}
}

func TestQueryEncode(t *testing.T) {
	req, err := Open(request("POST", "/", form, "", ""), []byte("Action=GetThing&Version=2010-05-08"))
	if err != nil {
		t.Fatal(err)
	}
	out := full()
	w := httptest.NewRecorder()
	if err := req.WriteResult(w, "id", &out); err != nil {
		t.Fatal(err)
	}
	const want = `<GetThingResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetThingResult>` +
		`<Shared>s</Shared><Text>a &lt;b&gt; &amp; &#34;c&#34; ü&#xA;</Text><Number>9223372036854775807</Number><Flag>true</Flag><Blob>AP8=</Blob>` +
		`<When>2023-11-14T22:13:20.123Z</When><List><member>x</member><member></member><member>y</member></List>` +
		`<Members><member><name>m1</name><count>-3</count></member><member><name>m2</name><weight>1.5</weight><enabled>false</enabled></member></Members>` +
		`<Map><entry><key>k1</key><value>v1</value></entry><entry><key>k2</key><value>v2</value></entry></Map><Inner><name>i</name></Inner><Plain></Plain>` +
		`</GetThingResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></GetThingResponse>`
	if got := w.Body.String(); got != want || w.Code != 200 {
		t.Errorf("%d\n%s\nwant\n%s", w.Code, got, want)
	}
	// Optional members that are not set are not there.
	w = httptest.NewRecorder()
	if err := req.WriteResult(w, "id", &everything{}); err != nil {
		t.Fatal(err)
	}
	if got := w.Body.String(); !strings.Contains(got, "<GetThingResult><Shared></Shared><Text></Text></GetThingResult>") {
		t.Errorf("empty: %s", got)
	}
	for _, void := range []any{nil, &struct{}{}, (*everything)(nil)} {
		w = httptest.NewRecorder()
		if err := req.WriteResult(w, "id", void); err != nil || !strings.HasSuffix(w.Body.String(), `/"><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></GetThingResponse>`) {
			t.Errorf("%T: %s, error %v", void, w.Body, err)
		}
	}
}

func TestResultThatCannotBeEncoded(t *testing.T) {
	for _, r := range []*http.Request{request("POST", "/", json11, "Logs_20140328.X", ""), request("POST", "/", form, "", "")} {
		req, _ := Open(r, []byte("Action=GetThing&Version=2010-05-08"))
		w := httptest.NewRecorder()
		if err := req.WriteResult(w, "id", &struct{ C chan int }{make(chan int)}); err == nil || w.Body.Len() > 0 {
			t.Errorf("error %v, wrote %q", err, w.Body)
		}
	}
}

func TestJSONDecode(t *testing.T) {
	in := full()
	in.Plain = nil
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	body = append([]byte(`{"Unknown":{"a":[1]},`), body[1:]...)
	req, err := Open(request("POST", "/", json11, "Logs_20140328.X", ""), append(body, ' ', '\n'))
	if err != nil {
		t.Fatal(err)
	}
	var got everything
	if err := req.Decode(&got); err != nil {
		t.Fatal(err)
	}
	compare(t, got, in)
}

func TestJSONDecodeErrors(t *testing.T) {
	for _, c := range []struct{ body, text string }{
		{`{"Text":1}`, "NUMBER_VALUE at 'Text' can not be converted to a String."},
		{`{"Number":"x"}`, "STRING_VALUE at 'Number' can not be converted to a Long."},
		{`{"Number":1.5}`, "NUMBER_VALUE at 'Number' can not be converted to a Long."},
		{`{"Members":[{"count":true}]}`, "BOOLEAN_VALUE at 'Members.count' can not be converted to an Integer."},
		{`{"List":{}}`, "Start of structure or map at 'List' can not be converted to a List."},
		{`{"Map":[]}`, "Start of list at 'Map' can not be converted to a Map."},
		{`{"Inner":"x"}`, "STRING_VALUE at 'Inner' can not be converted to a Structure."},
		{`{"When":"2026-11-24"}`, "can not be converted to a Timestamp."},
		{`{"When":1e300}`, "can not be converted to a Timestamp."},
		{`{"Text":`, "not valid JSON: it ends too early"},
		{`{"Text":}`, "not valid JSON at byte 9"},
		{`{} {}`, "goes on after its JSON object"},
		{`{}x`, "goes on after its JSON object"},
		{`[]`, "Start of list found"},
		{`"x"`, "no object"},
		{`null`, "no object"},
		{`x`, "no object"},
	} {
		req, err := Open(request("POST", "/", json11, "Logs_20140328.X", ""), []byte(c.body))
		if err != nil {
			t.Fatal(err)
		}
		var in everything
		if err := req.Decode(&in); !awserr.HasCode(err, "SerializationException") || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: error %v, want SerializationException ...%s...", c.body, err, c.text)
		}
	}
}

func TestJSONVoid(t *testing.T) {
	for _, body := range []string{"", "{}", " \n"} {
		req, _ := Open(request("POST", "/", json11, "Logs_20140328.X", ""), []byte(body))
		if err := req.Decode(&struct{}{}); err != nil {
			t.Errorf("%q: %v", body, err)
		}
		w := httptest.NewRecorder()
		if err := req.WriteResult(w, "id", (*everything)(nil)); err != nil || w.Body.String() != "{}" {
			t.Errorf("%s, error %v", w.Body, err)
		}
	}
}

func TestEpochSeconds(t *testing.T) {
	for _, c := range []struct {
		millis int64
		json   string
	}{{1700000000123, "1700000000.123"}, {1700000000000, "1700000000"}, {-1, "-0.001"}, {253402300799999, "253402300799.999"}} {
		got, err := json.Marshal(Seconds(time.UnixMilli(c.millis)))
		if err != nil || string(got) != c.json {
			t.Errorf("%d: %s, error %v", c.millis, got, err)
		}
		var back EpochSeconds
		if err := json.Unmarshal(got, &back); err != nil || back.UnixMilli() != c.millis {
			t.Errorf("%s: %v, error %v", got, back, err)
		}
	}
	if Seconds(time.Time{}) != nil {
		t.Error("the zero time is not left out")
	}
}

func cborRequest(t *testing.T, body []byte) *Request {
	t.Helper()
	req, err := Open(request("POST", "/service/GraniteServiceVersion20100801/operation/X", "application/cbor", "", ""), body)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func TestCBOR(t *testing.T) {
	// As Go's SDK sends it: maps and lists of indefinite length, times as tag 1.
	body := []byte("\xbf" + "\x64Text" + "\x61x" + "\x64List" + "\x9f\x61a\x61b\xff" + "\x64When" + "\xc1\xfb\x41\xd9\x54\xfc\x40\x07\xdf\x3b" + "\x65Other" + "\xf6" + "\xff")
	var in everything
	if err := cborRequest(t, body).Decode(&in); err != nil {
		t.Fatal(err)
	}
	if in.Text != "x" || len(in.List) != 2 || in.When == nil || in.When.UnixMilli() != 1700000000123 {
		t.Errorf("%+v %v", in, in.When)
	}
	// Integers in tag 1 are accepted too.
	if err := cborRequest(t, []byte("\xa1\x64When\xc1\x1a\x65\x53\xf1\x00")).Decode(&in); err != nil || in.When.Unix() != 1700000000 {
		t.Errorf("%v, error %v", in.When, err)
	}
	w := httptest.NewRecorder()
	if err := cborRequest(t, nil).WriteResult(w, "id", &struct{ When *EpochSeconds }{in.When}); err != nil {
		t.Fatal(err)
	}
	var out struct{ When EpochSeconds }
	if err := cbor.Unmarshal(w.Body.Bytes(), &out); err != nil || out.When.Unix() != 1700000000 {
		t.Errorf("%v, error %v", out, err)
	}
	if w.Header().Get("Smithy-Protocol") != "rpc-v2-cbor" {
		t.Errorf("headers %v", w.Header())
	}
}

func TestCBORErrors(t *testing.T) {
	for _, body := range []string{"\xff", "\xa1\x64Text\x01", "\xa1\x64When\x01", "\xa1\x64When\xc1\xfb\x7f\xf0\x00\x00\x00\x00\x00\x00", "\xa1\x64When\xc1\x61x", "\xbf", "\x01"} {
		var in everything
		if err := cborRequest(t, []byte(body)).Decode(&in); !awserr.HasCode(err, "SerializationException") {
			t.Errorf("%x: error %v", body, err)
		}
	}
	w := httptest.NewRecorder()
	cborRequest(t, nil).WriteError(w, "id", awserr.WithStatus(403, "AccessDenied", "no"))
	var e map[string]string
	if err := cbor.Unmarshal(w.Body.Bytes(), &e); err != nil || e["__type"] != "AccessDeniedException" || e["message"] != "no" || w.Code != 400 {
		t.Errorf("%d %v, error %v", w.Code, e, err)
	}
	if got := w.Header().Get("x-amzn-query-error"); got != "AccessDenied;Sender" {
		t.Errorf("x-amzn-query-error %q", got)
	}
}

func TestClaimed(t *testing.T) {
	for r, want := range map[*http.Request]bool{
		request("POST", "/", json11, "Logs_20140328.X", ""):                true,
		request("POST", "/service/A/operation/B", "", "", ""):              true,
		request("GET", "/", "", "", ""):                                    false,
		request("POST", "/login", form, "", "user=x"):                      false,
		request("GET", "/service//operation/B", "", "", ""):                false,
		request("GET", "/organizations/service/operation/x/y", "", "", ""): false,
	} {
		if Claimed(r) != want {
			t.Errorf("%s %s: %v", r.Method, r.URL, !want)
		}
	}
}
