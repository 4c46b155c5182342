package api_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"waybill/internal/api"
	"waybill/internal/iam"
)

const (
	json11 = "application/x-amz-json-1.1"
	form   = "application/x-www-form-urlencoded"
)

// shot is one hand-made request.
type shot struct {
	method, path string // POST / unless given
	headers      map[string]string
	body         string
	service      string // of the credential scope; empty: unsigned
	key, secret  string // adminKey unless given
	token        string
	spoil        func(*http.Request) // after signing
}

func jsonShot(service, target, body string) shot {
	return shot{service: service, body: body, headers: map[string]string{"Content-Type": json11, "X-Amz-Target": target}}
}

func formShot(service, body string) shot {
	return shot{service: service, body: body, headers: map[string]string{"Content-Type": form}}
}

func (s shot) request(t testing.TB, d *demo) *http.Request {
	t.Helper()
	if s.method == "" {
		s.method = "POST"
	}
	if s.key == "" {
		s.key, s.secret = adminKey, adminSecret
	}
	r := httptest.NewRequest(s.method, "http://127.0.0.1:8420/"+strings.TrimPrefix(s.path, "/"), strings.NewReader(s.body))
	for name, value := range s.headers {
		r.Header.Set(name, value)
	}
	if s.service != "" {
		sum := sha256.Sum256([]byte(s.body))
		creds := aws.Credentials{AccessKeyID: s.key, SecretAccessKey: s.secret, SessionToken: s.token}
		if err := v4.NewSigner().SignHTTP(context.Background(), creds, r, hex.EncodeToString(sum[:]), s.service, "us-east-1", d.clock()); err != nil {
			t.Fatal(err)
		}
	}
	if s.spoil != nil {
		s.spoil(r)
	}
	return r
}

func (s shot) fire(t testing.TB, d *demo) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	d.door.ServeHTTP(w, s.request(t, d))
	return w
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func zipped(t testing.TB, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, s); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func with(s shot, name, value string) shot {
	headers := map[string]string{name: value}
	for k, v := range s.headers {
		headers[k] = v
	}
	s.headers = headers
	return s
}

func TestAnswers(t *testing.T) {
	const describe = "Logs_20140328.DescribeLogGroups"
	const create = "Logs_20140328.CreateLogGroup"
	cbor := shot{path: "/service/GraniteServiceVersion20100801/operation/ListMetrics", headers: map[string]string{"Content-Type": "application/cbor"}}
	for _, c := range []struct {
		name   string
		shot   shot
		status int
		text   string // in the body
	}{
		{"JSON", jsonShot("logs", describe, "{}"), 200, `{"logGroups":[]}`},
		{"JSON void", jsonShot("logs", create, `{"logGroupName":"g"}`), 200, `{}`},
		{"JSON unknown operation", jsonShot("logs", "Logs_20140328.StartQuery", "{}"), 400, `{"__type":"UnknownOperationException","message":"The operation StartQuery is not known here."}`},
		{"JSON unknown service", jsonShot("firehose", "Firehose_20150804.PutRecord", "{}"), 400, `"__type":"UnknownOperationException"`},
		{"JSON unsigned unknown operation", jsonShot("", "Logs_20140328.StartQuery", "{}"), 400, `"__type":"UnknownOperationException"`},
		{"JSON unsigned", jsonShot("", describe, "{}"), 400, `{"__type":"MissingAuthenticationTokenException","message":"Request is missing Authentication Token"}`},
		{"JSON malformed", jsonShot("logs", create, `{"logGroupName":`), 400, `"__type":"SerializationException"`},
		{"JSON malformed and unsigned", jsonShot("", create, `{"logGroupName":`), 400, `"__type":"MissingAuthenticationTokenException"`},
		{"JSON wrong type", jsonShot("logs", create, `{"logGroupName":1}`), 400, `{"__type":"SerializationException","message":"NUMBER_VALUE at 'logGroupName' can not be converted to a String."}`},
		{"JSON missing member", jsonShot("logs", create, `{"other":1}`), 400, `{"__type":"InvalidParameterException","message":"1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: Member must not be null"}`},
		{"JSON missing member, no body", jsonShot("logs", create, ""), 400, `Value null at 'logGroupName'`},
		{"JSON other service's scope", jsonShot("iam", describe, "{}"), 400, `{"__type":"InvalidSignatureException","message":"Credential should be scoped to correct service: 'logs'."}`},
		{"JSON fault of ours", jsonShot("logs", "Logs_20140328.DescribeLogStreams", "{}"), 500, `{"__type":"InternalFailure","message":"The request processing has failed because of an unknown error, exception or failure."}`},
		{"JSON panic", jsonShot("logs", "Logs_20140328.DeleteLogGroup", "{}"), 500, `"__type":"InternalFailure"`},
		{"JSON policies unreadable", jsonShot("logs", "Logs_20140328.PutRetentionPolicy", "{}"), 500, `"__type":"InternalFailure"`},
		{"WorkMail missing", jsonShot("workmail", "WorkMailService.DescribeOrganization", `{"OrganizationId":"m-9"}`), 400, `{"Message":"No organization m-9","__type":"OrganizationNotFoundException"}`},

		{"Query", formShot("sts", "Action=GetCallerIdentity&Version=2011-06-15"), 200, `<GetCallerIdentityResult><Account>111122223333</Account><Arn>arn:aws:iam::111122223333:user/admin</Arn>`},
		{"Query void", formShot("iam", "Action=DeleteRole&Version=2010-05-08&RoleName=r"), 200, `<DeleteRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata><RequestId>`},
		{"Query unknown operation", formShot("iam", "Action=ListUsers&Version=2010-05-08"), 400, `<Code>InvalidAction</Code><Message>Could not find operation ListUsers for version 2010-05-08</Message>`},
		{"Query no action", formShot("iam", "a=b"), 400, `<Code>MissingAction</Code>`},
		{"Query unsigned", formShot("", "Action=GetCallerIdentity&Version=2011-06-15"), 403, `<Code>MissingAuthenticationToken</Code>`},
		{"Query malformed", formShot("iam", "Action=CreateRole&Version=2010-05-08&RoleName=%zz"), 400, `<Code>MalformedInput</Code>`},
		{"Query wrong type", formShot("iam", "Action=CreateRole&Version=2010-05-08&MaxSessionDuration=long"), 400, `Value &#39;long&#39; at &#39;MaxSessionDuration&#39; can not be converted to an Integer.`},
		{"Query other service's scope", formShot("iam", "Action=GetCallerIdentity&Version=2011-06-15"), 403, `<Code>SignatureDoesNotMatch</Code><Message>Credential should be scoped to correct service: &#39;sts&#39;.</Message>`},
		{"Query domain error", formShot("iam", "Action=GetRole&Version=2010-05-08&RoleName=r"), 404, `<Code>NoSuchEntity</Code>`},

		{"CBOR unknown operation", cbor, 400, "UnknownOperationException"},
		{"nothing", shot{}, 400, `"__type":"UnknownOperationException"`},
		{"PUT", shot{method: "PUT", path: "/x"}, 400, `"__type":"UnknownOperationException"`},
		{"GET", shot{method: "GET"}, 400, `"__type":"UnknownOperationException"`},

		{"gzip", with(jsonShot("logs", create, zipped(t, `{"logGroupName":"zipped"}`)), "Content-Encoding", "gzip"), 200, `{}`},
		{"gzip signed before compression", func() shot {
			s := with(jsonShot("logs", create, `{"logGroupName":"zipped"}`), "Content-Encoding", "gzip")
			s.spoil = func(r *http.Request) {
				r.Body = io.NopCloser(strings.NewReader(zipped(t, `{"logGroupName":"zipped"}`)))
			}
			return s
		}(), 400, `"__type":"InvalidSignatureException"`},
		{"gzip bomb", with(jsonShot("logs", create, zipped(t, strings.Repeat(" ", api.MaxBody+1))), "Content-Encoding", "gzip"), 413, `"__type":"RequestEntityTooLargeException"`},
		{"gzip cut", with(jsonShot("logs", create, zipped(t, `{}`)[:12]), "Content-Encoding", "gzip"), 400, "gzip data of the request body is broken"},
		{"no gzip", with(jsonShot("logs", create, `{}`), "Content-Encoding", "gzip"), 400, "not in gzip format"},
		{"other encoding", with(jsonShot("logs", create, `{}`), "Content-Encoding", "br"), 400, "Content-Encoding 'br' is not supported"},
		{"largest body", jsonShot("logs", describe, "{"+strings.Repeat(" ", api.MaxBody-2)+"}"), 200, "logGroups"},
		{"too large body", jsonShot("logs", describe, "{"+strings.Repeat(" ", api.MaxBody-1)+"}"), 413, `"__type":"RequestEntityTooLargeException"`},
		{"too large body of unknown length", func() shot {
			s := jsonShot("logs", describe, "{"+strings.Repeat(" ", api.MaxBody-1)+"}")
			s.spoil = func(r *http.Request) { r.ContentLength = -1 }
			return s
		}(), 413, `"__type":"RequestEntityTooLargeException"`},
		{"body cut off", func() shot {
			s := formShot("iam", "Action=ListRoles")
			s.spoil = func(r *http.Request) { r.Body = io.NopCloser(io.MultiReader(strings.NewReader("Act"), failing{})) }
			return s
		}(), 400, "<Code>IncompleteBody</Code>"},
		{"large headers", with(jsonShot("logs", describe, "{}"), "X-Padding", strings.Repeat("x", 64<<10)), 431, `"__type":"RequestHeaderSectionTooLarge"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDemo(t)
			w := c.shot.fire(t, d)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.text) {
				t.Errorf("%d %s\nwant %d ...%s...", w.Code, w.Body, c.status, c.text)
			}
			if id := w.Header().Get("x-amzn-RequestId"); !uuid.MatchString(id) {
				t.Errorf("request id %q is no UUID", id)
			}
			if typ := w.Header().Get("Content-Type"); strings.Contains(typ, "html") || typ == "" {
				t.Errorf("content type %q", typ)
			}
			if strings.Contains(w.Body.String(), "alice") || strings.Contains(w.Body.String(), "disk") {
				t.Errorf("the answer has our own text: %s", w.Body)
			}
		})
	}
}

// failing is a connection that breaks.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestPresignedGet(t *testing.T) {
	d := newDemo(t)
	r := httptest.NewRequest("GET", "http://127.0.0.1:8420/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Expires=60", nil)
	creds := aws.Credentials{AccessKeyID: adminKey, SecretAccessKey: adminSecret}
	sum := sha256.Sum256(nil)
	uri, _, err := v4.NewSigner().PresignHTTP(context.Background(), creds, r, hex.EncodeToString(sum[:]), "sts", "us-east-1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	d.door.ServeHTTP(w, httptest.NewRequest("GET", uri, nil))
	if w.Code != 200 || !strings.Contains(w.Body.String(), "user/admin") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// The confused-deputy headers count for a service principal that signed them,
// and for nobody else.
func TestSourceHeaders(t *testing.T) {
	source := map[string]string{"Content-Type": form, "X-Amz-Source-Arn": "arn:aws:workmail:us-east-1:111122223333:organization/m-0", "X-Amz-Source-Account": account}
	identity := shot{service: "sts", body: "Action=GetCallerIdentity&Version=2011-06-15", headers: source}

	d := newDemo(t)
	byService := identity
	byService.key, byService.secret = serviceKey, serviceSecret
	if w := byService.fire(t, d); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if p := d.lastRecord(t).Call.Caller; p.SourceARN != source["X-Amz-Source-Arn"] || p.SourceAccount != account || p.Type != iam.TypeService {
		t.Errorf("caller %+v", p)
	}
	if w := identity.fire(t, d); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if p := d.lastRecord(t).Call.Caller; p.SourceARN != "" || p.SourceAccount != "" {
		t.Errorf("a user set %q %q", p.SourceARN, p.SourceAccount)
	}
	unsigned := byService
	unsigned.headers = map[string]string{"Content-Type": form}
	unsigned.spoil = func(r *http.Request) { r.Header.Set("X-Amz-Source-Arn", "x") }
	if w := unsigned.fire(t, d); w.Code != 403 || !strings.Contains(w.Body.String(), "x-amz-source-arn") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestEveryCallIsAuditedOnce(t *testing.T) {
	d := newDemo(t)
	for i, c := range []struct {
		shot shot
		code string
	}{
		{jsonShot("logs", "Logs_20140328.DescribeLogGroups", "{}"), ""},
		{jsonShot("logs", "Logs_20140328.CreateLogGroup", "{"), "SerializationException"},
		{jsonShot("logs", "Logs_20140328.CreateLogGroup", "{}"), "InvalidParameterException"},
		{jsonShot("logs", "Logs_20140328.DeleteLogGroup", "{}"), "InternalFailure"},
		{jsonShot("logs", "Logs_20140328.PutRetentionPolicy", "{}"), "InternalFailure"},
		{jsonShot("", "Logs_20140328.DescribeLogGroups", "{}"), "MissingAuthenticationToken"},
	} {
		c.shot.fire(t, d)
		if len(d.records) != i+1 || d.records[i].ErrorCode != c.code || d.records[i].Call.RequestID == "" {
			t.Fatalf("after %s: %+v", c.shot.headers["X-Amz-Target"], d.records)
		}
	}
	// Nothing is known to have been called.
	n := len(d.records)
	jsonShot("logs", "Logs_20140328.Nothing", "{}").fire(t, d)
	if len(d.records) != n {
		t.Errorf("audited %+v", d.records[n:])
	}
}

// One record a request, without names, secrets or payload; causes are in it.
func TestRequestLog(t *testing.T) {
	d := newDemo(t)
	jsonShot("logs", "Logs_20140328.CreateLogGroup", `{"logGroupName":"payload"}`).fire(t, d)
	jsonShot("logs", "Logs_20140328.DeleteLogGroup", `{"logGroupName":"payload"}`).fire(t, d)
	s := jsonShot("logs", "Logs_20140328."+strings.Repeat("x", 5000), "{}")
	s.fire(t, d)
	lines := strings.Split(strings.TrimSpace(d.logText()), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d records, want 3:\n%s", len(lines), d.logText())
	}
	for _, line := range lines {
		for _, never := range []string{"payload", adminSecret, "user/admin"} {
			if strings.Contains(line, never) {
				t.Errorf("the log has %q: %s", never, line)
			}
		}
	}
	if !strings.Contains(lines[0], `"level":"INFO"`) || !strings.Contains(lines[0], `"operation":"CreateLogGroup","status":200,"code":""`) {
		t.Errorf("record %s", lines[0])
	}
	if !strings.Contains(lines[1], `"level":"ERROR"`) || !strings.Contains(lines[1], "panicked: lost") {
		t.Errorf("record %s", lines[1])
	}
	if len(lines[2]) > 1000 {
		t.Errorf("a record of %d bytes", len(lines[2]))
	}
}

func TestIsForDoor(t *testing.T) {
	d := newDemo(t)
	signed := formShot("sts", "Action=GetCallerIdentity&Version=2011-06-15").request(t, d)
	unsignedJSON := jsonShot("", "Logs_20140328.X", "").request(t, d)
	presigned := httptest.NewRequest("GET", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256", nil)
	for r, want := range map[*http.Request]bool{
		signed: true, unsignedJSON: true, presigned: true,
		httptest.NewRequest("GET", "/organizations", nil): false,
		httptest.NewRequest("POST", "/login", nil):        false,
	} {
		if got := api.IsForDoor(r); got != want {
			t.Errorf("%s %s: %v", r.Method, r.URL, got)
		}
	}
}

func BenchmarkServeHTTP(b *testing.B) {
	d := newDemo(b)
	s := jsonShot("logs", "Logs_20140328.DescribeLogGroups", fmt.Sprintf(`{"limit":1,"pad":"%s"}`, strings.Repeat("x", 4<<10)))
	r := s.request(b, d)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r.Body = io.NopCloser(bytes.NewReader(body))
		w := httptest.NewRecorder()
		if d.door.ServeHTTP(w, r); w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}
