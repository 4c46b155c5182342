package sigv4

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"pgregory.net/rapid"

	"waybill/internal/awserr"
)

func hash(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// sign signs with the SDK's signer, the oracle.
func sign(t testing.TB, r *http.Request, body string, at time.Time) {
	t.Helper()
	creds := aws.Credentials{AccessKeyID: vectorKey, SecretAccessKey: vectorSecret}
	if err := v4.NewSigner().SignHTTP(context.Background(), creds, r, hash(body), "logs", "eu-west-1", at); err != nil {
		t.Fatal(err)
	}
}

func newRequest(body string) *http.Request {
	r := httptest.NewRequest("POST", "http://127.0.0.1:8420/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "Logs_20140328.DescribeLogGroups")
	return r
}

func wantError(t *testing.T, err error, code string, status int, text string) {
	t.Helper()
	var e *awserr.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want an awserr.Error %s", err, code)
	}
	if e.Code != code || e.HTTPStatus() != status || !strings.Contains(e.Message, text) {
		t.Errorf("error %d %s: %s\nwant  %d %s: ...%s...", e.HTTPStatus(), e.Code, e.Message, status, code, text)
	}
}

func TestWhatTheSDKSignsVerifies(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		word := rapid.StringMatching(`[a-zA-Z0-9 _~.+/=%&?*'()-]{0,12}`)
		segment := rapid.StringMatching(`[a-zA-Z0-9_~+=@:-][a-zA-Z0-9_~.+=@:-]{0,8}`)
		body := rapid.String().Draw(rt, "body")
		r := httptest.NewRequest(rapid.SampledFrom([]string{"GET", "POST"}).Draw(rt, "method"),
			"http://logs.example.com:8420/", strings.NewReader(body))
		r.URL.Path = "/" + strings.Join(rapid.SliceOfN(segment, 0, 3).Draw(rt, "path"), "/")
		r.URL.RawQuery = ""
		q := r.URL.Query()
		for range rapid.IntRange(0, 3).Draw(rt, "params") {
			q.Add("p"+word.Draw(rt, "name"), word.Draw(rt, "value"))
		}
		r.URL.RawQuery = q.Encode()
		for i := range rapid.IntRange(0, 3).Draw(rt, "headers") {
			r.Header.Add(fmt.Sprintf("X-Amz-Meta%d", i), word.Draw(rt, "header"))
		}
		sign(t, r, body, vectorTime)
		id, err := NewVerifier(0).Verify(r, []byte(body), vectorTime, vectorLookup)
		if err != nil {
			rt.Fatal(err)
		}
		if id.Service != "logs" || id.Region != "eu-west-1" || !id.Signed("host") || id.Signed("authorization") {
			rt.Errorf("identity %+v", id)
		}
	})
}

func TestPresignedBySDK(t *testing.T) {
	creds := aws.Credentials{AccessKeyID: vectorKey, SecretAccessKey: vectorSecret, SessionToken: vectorToken}
	for _, payload := range []string{hash(""), unsignedPayload} {
		r := httptest.NewRequest("GET", "http://127.0.0.1:8420/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Expires=60", nil)
		if payload == unsignedPayload {
			q := r.URL.Query()
			q.Set("X-Amz-Content-Sha256", payload)
			r.URL.RawQuery = q.Encode()
		}
		uri, _, err := v4.NewSigner().PresignHTTP(context.Background(), creds, r, payload, "sts", "us-east-1", vectorTime)
		if err != nil {
			t.Fatal(err)
		}
		id, err := NewVerifier(0).Verify(httptest.NewRequest("GET", uri, nil), nil, vectorTime.Add(time.Minute), vectorLookup)
		if err != nil {
			t.Fatal(err)
		}
		if id.SessionToken != vectorToken || !id.Presigned {
			t.Errorf("identity %+v", id)
		}
		_, err = NewVerifier(0).Verify(httptest.NewRequest("GET", uri, nil), nil, vectorTime.Add(61*time.Second), vectorLookup)
		wantError(t, err, CodeMismatch, 403, "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T123701Z - 1 min.)")
	}
}

func TestSkew(t *testing.T) {
	for _, c := range []struct {
		name   string
		offset time.Duration // of the server's clock from the signer's
		want   string
	}{
		{"same", 0, ""},
		{"five minutes old", 5 * time.Minute, ""},
		{"five minutes and part of a second old", 5*time.Minute + 999*time.Millisecond, ""},
		{"a second too old", 5*time.Minute + time.Second, "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)"},
		{"five minutes ahead", -5 * time.Minute, ""},
		{"a second too far ahead", -5*time.Minute - time.Second, "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRequest("{}")
			sign(t, r, "{}", vectorTime)
			_, err := NewVerifier(0).Verify(r, []byte("{}"), vectorTime.Add(c.offset), vectorLookup)
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wantError(t, err, CodeMismatch, 403, c.want)
		})
	}
}

func TestPayloadHash(t *testing.T) {
	signed := func(body, said string) *http.Request {
		r := newRequest(body)
		if said != "" {
			r.Header.Set("X-Amz-Content-Sha256", said)
		}
		payload := said
		if payload == "" {
			payload = hash(body)
		}
		creds := aws.Credentials{AccessKeyID: vectorKey, SecretAccessKey: vectorSecret}
		if err := v4.NewSigner().SignHTTP(context.Background(), creds, r, payload, "logs", "eu-west-1", vectorTime); err != nil {
			t.Fatal(err)
		}
		return r
	}
	v := NewVerifier(0)
	if _, err := v.Verify(signed("{}", hash("{}")), []byte("{}"), vectorTime, vectorLookup); err != nil {
		t.Error(err)
	}
	_, err := v.Verify(signed("{}", ""), []byte(`{"x":1}`), vectorTime, vectorLookup)
	wantError(t, err, CodeMismatch, 403, "does not match")
	_, err = v.Verify(signed("{}", hash("{}")), []byte(`{"x":1}`), vectorTime, vectorLookup)
	wantError(t, err, CodeMismatch, 403, "x-amz-content-sha256")
	_, err = v.Verify(signed("{}", unsignedPayload), []byte("{}"), vectorTime, vectorLookup)
	wantError(t, err, CodeMismatch, 403, "x-amz-content-sha256")
}

// A plain Date header, as RFC 9110 spells it, serves when X-Amz-Date is absent.
func TestDateHeader(t *testing.T) {
	r := vectors[0].request()
	r.Header.Set("Date", vectorTime.Format(http.TimeFormat))
	// Made with the key of the vectors over host alone.
	c := &claim{headers: []string{"host"}}
	toSign := algorithm + "\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n" + hash(c.canonicalRequest(r, hash("")))
	signature := hex.EncodeToString(mac(signingKey(vectorSecret, "20150830", "us-east-1", "service"), toSign))
	r.Header.Set("Authorization", algorithm+" Credential="+vectorScope+", SignedHeaders=host, Signature="+signature)
	if _, err := NewVerifier(0).Verify(r, nil, vectorTime, vectorLookup); err != nil {
		t.Error(err)
	}
}

func TestLookupErrorsPass(t *testing.T) {
	r := newRequest("{}")
	sign(t, r, "{}", vectorTime)
	broken := errors.New("store is closed")
	_, err := NewVerifier(0).Verify(r, []byte("{}"), vectorTime, func(context.Context, string, string) (string, error) { return "", broken })
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

func TestKeyCache(t *testing.T) {
	v := NewVerifier(0)
	for range 3 {
		r := newRequest("{}")
		sign(t, r, "{}", vectorTime)
		if _, err := v.Verify(r, []byte("{}"), vectorTime, vectorLookup); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(v.keys.young); n != 1 {
		t.Errorf("%d keys kept, want 1", n)
	}
	// A changed secret must not be served from the cache.
	r := newRequest("{}")
	sign(t, r, "{}", vectorTime)
	_, err := v.Verify(r, []byte("{}"), vectorTime, func(context.Context, string, string) (string, error) { return "changed", nil })
	wantError(t, err, CodeMismatch, 403, "does not match")

	for i := range 5 * maxKeys {
		v.keys.put(keyID{key: fmt.Sprint(i)}, "s", []byte("k"))
		if _, ok := v.keys.get(keyID{key: "0"}, "s"); !ok {
			t.Fatalf("a key in use was dropped after %d others", i)
		}
	}
	if n := len(v.keys.young) + len(v.keys.old); n > 2*maxKeys {
		t.Errorf("%d keys kept, want at most %d", n, 2*maxKeys)
	}
}

// TestNothingSignedMayChange changes one character of a signed request, in any
// part that the signature is about, and wants it refused.
func TestNothingSignedMayChange(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		body := rapid.StringMatching(`[a-z{}"]{1,20}`).Draw(rt, "body")
		r := newRequest(body)
		r.URL.Path, r.URL.RawQuery = "/a/b", "x=1&y=2"
		r.Header.Set("X-Amz-Source-Account", "111122223333")
		sign(t, r, body, vectorTime)
		flip := func(s string) string {
			i := rapid.IntRange(0, len(s)-1).Draw(rt, "at")
			return s[:i] + string(rapid.SampledFrom([]rune("kvwz0")).Filter(func(c rune) bool { return c != rune(s[i]) }).Draw(rt, "to")) + s[i+1:]
		}
		switch part := rapid.SampledFrom([]string{"body", "path", "query", "host", "method", "Authorization", "X-Amz-Date", "X-Amz-Target",
			"X-Amz-Source-Account", "Content-Type"}).Draw(rt, "part"); part {
		case "body":
			body = flip(body)
		case "path":
			r.URL.Path = flip(r.URL.Path)
		case "query":
			r.URL.RawQuery = flip(r.URL.RawQuery)
		case "host":
			r.Host = flip(r.Host)
		case "method":
			r.Method = flip(r.Method)
		default:
			r.Header.Set(part, flip(r.Header.Get(part)))
		}
		if id, err := NewVerifier(0).Verify(r, []byte(body), vectorTime, vectorLookup); err == nil {
			rt.Fatalf("verified: %+v", id)
		}
	})
}

func FuzzVerify(f *testing.F) {
	r := newRequest("{}")
	sign(f, r, "{}", vectorTime)
	f.Add("/", "", r.Header.Get("Authorization"), r.Header.Get("X-Amz-Date"), "{}")
	p := vectors[0].request()
	presign(p, "host", "", 3600, vectors[0].query)
	f.Add("/a/../b", p.URL.RawQuery, "", "", "")
	f.Add("//", "a=%41&a", algorithm+" Credential=a/b/c/d/e, SignedHeaders=host, Signature=f", "x", "")
	f.Fuzz(func(t *testing.T, path, query, auth, date, body string) {
		r := newRequest(body)
		r.URL.Path, r.URL.RawPath, r.URL.RawQuery = path, path, query
		r.Header.Set("Authorization", auth)
		r.Header.Set("X-Amz-Date", date)
		id, err := NewVerifier(0).Verify(r, []byte(body), vectorTime, func(context.Context, string, string) (string, error) { return "another secret", nil })
		if err == nil {
			t.Fatalf("verified without the secret: %+v", id)
		}
		var e *awserr.Error
		if !errors.As(err, &e) || e.Code == "" || e.Message == "" || len(e.Message) > 64<<10 {
			t.Fatalf("error %v is not one to answer with", err)
		}
	})
}

func BenchmarkVerify4KiB(b *testing.B) {
	body := strings.Repeat("x", 4<<10)
	r := newRequest(body)
	sign(b, r, body, vectorTime)
	v, bytes := NewVerifier(0), []byte(body)
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := v.Verify(r, bytes, vectorTime, vectorLookup); err != nil {
			b.Fatal(err)
		}
	}
}
