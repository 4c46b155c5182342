package api_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestSignatureFaultsAreSpelled asks one service of each protocol with each kind
// of fault: the code is the protocol's own, and so is the status.
func TestSignatureFaultsAreSpelled(t *testing.T) {
	drop := func(name string) func(*http.Request) { return func(r *http.Request) { r.Header.Del(name) } }
	edit := func(old, new string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, new, 1))
		}
	}
	for _, c := range []struct {
		name        string
		spoil       func(*http.Request)
		query, json string
		status      int // of Query; JSON has 400
	}{
		{"nothing", drop("Authorization"), "MissingAuthenticationToken", "MissingAuthenticationTokenException", 403},
		{"no date", drop("X-Amz-Date"), "IncompleteSignature", "IncompleteSignatureException", 400},
		{"no signature", edit("Signature=", "X="), "IncompleteSignature", "IncompleteSignatureException", 400},
		{"algorithm", edit("AWS4-HMAC-SHA256", "AWS4-X"), "IncompleteSignature", "IncompleteSignatureException", 400},
		{"date", func(r *http.Request) { r.Header.Set("X-Amz-Date", "20000101T000000Z") }, "SignatureDoesNotMatch", "InvalidSignatureException", 403},
		{"terminator", edit("aws4_request", "x"), "SignatureDoesNotMatch", "InvalidSignatureException", 403},
		{"signature", edit("Signature=", "Signature=0"), "SignatureDoesNotMatch", "InvalidSignatureException", 403},
		{"unsigned header", func(r *http.Request) { r.Header.Set("X-Amz-Source-Arn", "x") }, "SignatureDoesNotMatch", "InvalidSignatureException", 403},
		{"key", edit(adminKey, "AKIDNOBODY"), "InvalidClientTokenId", "UnrecognizedClientException", 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDemo(t)
			query, json := formShot("sts", "Action=GetCallerIdentity&Version=2011-06-15"), jsonShot("logs", "Logs_20140328.DescribeLogGroups", "{}")
			query.spoil, json.spoil = c.spoil, c.spoil
			if w := query.fire(t, d); w.Code != c.status || !strings.Contains(w.Body.String(), "<Code>"+c.query+"</Code>") {
				t.Errorf("Query: %d %s", w.Code, w.Body)
			}
			if w := json.fire(t, d); w.Code != 400 || !strings.Contains(w.Body.String(), `"__type":"`+c.json+`"`) {
				t.Errorf("JSON: %d %s", w.Code, w.Body)
			}
		})
	}
}
