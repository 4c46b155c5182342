package webidentity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc/oidctest"

	"waybill/internal/awserr"
)

var epoch = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// keys are made once: RSA takes its time.
var keys = sync.OnceValue(func() map[string]crypto.Signer {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return map[string]crypto.Signer{"RS256": r, "ES256": e, "other": other}
})

// issuer is a provider on loopback under a certificate of its own.
type issuer struct {
	*httptest.Server
	oidc     *oidctest.Server
	requests atomic.Int64
	broken   atomic.Bool
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{oidc: &oidctest.Server{Algorithms: []string{"RS256", "ES256"}}}
	i.publish("RS256", "ES256")
	i.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.requests.Add(1)
		if i.broken.Load() {
			http.Error(w, "out of order", http.StatusInternalServerError)
			return
		}
		i.oidc.ServeHTTP(w, r)
	}))
	t.Cleanup(i.Close)
	i.oidc.SetIssuer(i.URL)
	return i
}

func (i *issuer) publish(names ...string) {
	i.oidc.PublicKeys = nil
	for _, name := range names {
		alg := name
		if name == "other" {
			alg = "ES256"
		}
		i.oidc.PublicKeys = append(i.oidc.PublicKeys, oidctest.PublicKey{PublicKey: keys()[name].Public(), KeyID: name, Algorithm: alg})
	}
}

func (i *issuer) thumbprint() string {
	sum := sha1.Sum(i.Certificate().Raw)
	return hex.EncodeToString(sum[:])
}

func (i *issuer) provider() Provider {
	return Provider{Issuer: i.URL, ClientIDs: []string{"sts.amazonaws.com"}, Thumbprints: []string{strings.ToUpper(i.thumbprint())}}
}

// token signs claims; %s in them is the issuer's URL.
func (i *issuer) token(key, claims string) string {
	alg := key
	if key == "other" {
		alg = "ES256"
	}
	return oidctest.SignIDToken(keys()[key], key, alg, strings.ReplaceAll(claims, "%s", i.URL))
}

func good() string { return claimsUntil(epoch.Add(time.Hour), "") }

func claimsUntil(end time.Time, more string) string {
	return fmt.Sprintf(`{"iss":"%%s","aud":"sts.amazonaws.com","sub":"repo:mail/relay","iat":%d,"exp":%d%s}`, epoch.Unix(), end.Unix(), more)
}

func wantError(t *testing.T, err error, code, text string) {
	t.Helper()
	var e *awserr.Error
	if !errors.As(err, &e) || e.Code != code || !strings.Contains(e.Message, text) {
		t.Errorf("error %v\nwant  %s: ...%s...", err, code, text)
	}
}

func TestVerify(t *testing.T) {
	i := newIssuer(t)
	v := New(func() time.Time { return epoch })
	for _, alg := range []string{"RS256", "ES256"} {
		id, err := v.Verify(t.Context(), i.provider(), i.token(alg, good()))
		if err != nil {
			t.Fatal(err)
		}
		if id.Subject != "repo:mail/relay" || id.Audience != "sts.amazonaws.com" || len(id.Tags) != 0 || id.SourceIdentity != "" {
			t.Errorf("%s: %+v", alg, id)
		}
	}
	if n := i.requests.Load(); n != 2 {
		t.Errorf("%d requests for two tokens, want discovery and keys", n)
	}
	rich := claimsUntil(epoch.Add(time.Hour), `,"azp":"client","amr":["mfa","pwd"],"https://aws.amazon.com/source_identity":"alice",
		"https://aws.amazon.com/tags":{"principal_tags":{"team":["mail"],"cost":"1"},"transitive_tag_keys":["team"]}`)
	p := i.provider()
	p.ClientIDs = []string{"client"}
	id, err := v.Verify(t.Context(), p, i.token("ES256", rich))
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(id.Keys) != "map[amr:[mfa pwd] aud:[client] oaud:[sts.amazonaws.com] sub:[repo:mail/relay]]" {
		t.Errorf("keys %v", id.Keys)
	}
	if !maps.Equal(id.Tags, map[string]string{"team": "mail", "cost": "1"}) || len(id.TransitiveTagKeys) != 1 || id.SourceIdentity != "alice" {
		t.Errorf("%+v", id)
	}
}

func TestRefusals(t *testing.T) {
	i := newIssuer(t)
	v := New(func() time.Time { return epoch })
	valid := i.token("ES256", good())
	parts := strings.Split(valid, ".")
	for _, c := range []struct {
		name, token, code, text string
	}{
		{"expired", i.token("ES256", claimsUntil(epoch.Add(-time.Second), "")), CodeExpired,
			fmt.Sprintf("Token expired: current date/time %d must be before the expiration date/time %d", epoch.Unix(), epoch.Unix()-1)},
		{"not yet", i.token("ES256", claimsUntil(epoch.Add(time.Hour), fmt.Sprintf(`,"nbf":%d`, epoch.Add(time.Hour).Unix()))), CodeRejected, "nbf"},
		{"another audience", i.token("ES256", strings.Replace(good(), "sts.amazonaws.com", "other", 1)), CodeInvalid, "Incorrect token audience"},
		{"another party", i.token("ES256", claimsUntil(epoch.Add(time.Hour), `,"azp":"other"`)), CodeInvalid, "Incorrect token audience"},
		{"another issuer", i.token("ES256", strings.Replace(good(), "%s", "https://other.example", 1)), CodeInvalid, "could not be verified"},
		{"a key not published", i.token("other", good()), CodeInvalid, "could not be verified"},
		{"changed payload", parts[0] + "." + strings.Split(i.token("ES256", strings.Replace(good(), "relay", "admin", 1)), ".")[1] + "." + parts[2], CodeInvalid, "could not be verified"},
		{"no signature", "eyJhbGciOiJub25lIn0." + parts[1] + ".", CodeInvalid, "is not a valid JWT"},
		{"HMAC by the public key's name", oidctest.SignIDToken([]byte(strings.Repeat("k", 32)), "ES256", "HS256", strings.ReplaceAll(good(), "%s", i.URL)), CodeInvalid, "is not a valid JWT"},
		{"no subject", i.token("ES256", strings.Replace(good(), `"sub":"repo:mail/relay",`, "", 1)), CodeInvalid, "Missing a required claim: sub"},
		{"a tag of two values", i.token("ES256", claimsUntil(epoch.Add(time.Hour), `,"https://aws.amazon.com/tags":{"principal_tags":{"a":["1","2"]}}`)), CodeInvalid, "must have one value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := v.Verify(t.Context(), i.provider(), c.token)
			wantError(t, err, c.code, c.text)
		})
	}
	for _, token := range []string{"", "a.b", "a.b.c", "a." + "bm8" + ".c"} {
		_, err := Issuer(token)
		wantError(t, err, CodeInvalid, "is not a valid JWT")
	}
	if got, err := Issuer(valid); err != nil || "https://"+got != i.URL {
		t.Errorf("issuer %q, %v", got, err)
	}
}

func TestTrustInTheProvider(t *testing.T) {
	i := newIssuer(t)
	token := i.token("ES256", good())
	v := New(func() time.Time { return epoch })
	p := i.provider()
	p.Thumbprints = nil
	_, err := v.Verify(t.Context(), p, token)
	wantError(t, err, CodeInvalid, "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint")
	p.Thumbprints = []string{strings.Repeat("0", 40)}
	_, err = v.Verify(t.Context(), p, token)
	wantError(t, err, CodeInvalid, "doesn't match configured thumbprint")

	// The certificate is the right one, but for another name.
	p = i.provider()
	p.Issuer = strings.Replace(i.URL, "127.0.0.1", "localhost", 1)
	_, err = v.Verify(t.Context(), p, token)
	wantError(t, err, CodeInvalid, "Couldn't retrieve verification key from your identity provider")

	p = i.provider()
	p.Issuer = strings.Replace(i.URL, "https:", "http:", 1)
	_, err = v.Verify(t.Context(), p, token)
	wantError(t, err, CodeInvalid, "Couldn't retrieve verification key")

	i.Close()
	_, err = New(func() time.Time { return epoch }).Verify(t.Context(), i.provider(), token)
	wantError(t, err, CodeCommunication, "could not be reached")
}

// TestKeysRotate shows that new keys are found, and that callers cannot make
// Waybill ask the provider more often than once in a pause.
func TestKeysRotate(t *testing.T) {
	i := newIssuer(t)
	now := epoch
	v := New(func() time.Time { return now })
	if _, err := v.Verify(t.Context(), i.provider(), i.token("ES256", good())); err != nil {
		t.Fatal(err)
	}
	before := i.requests.Load()
	for range 20 {
		_, err := v.Verify(t.Context(), i.provider(), i.token("other", good()))
		wantError(t, err, CodeInvalid, "could not be verified")
	}
	if n := i.requests.Load() - before; n != 0 {
		t.Errorf("%d requests within the pause", n)
	}
	i.publish("other")
	now = now.Add(pause)
	if _, err := v.Verify(t.Context(), i.provider(), i.token("other", good())); err != nil {
		t.Errorf("the new key: %v", err)
	}

	i.broken.Store(true)
	now = now.Add(pause)
	_, err := v.Verify(t.Context(), i.provider(), i.token("RS256", good()))
	wantError(t, err, CodeInvalid, "Couldn't retrieve verification key")
	if _, err := v.Verify(t.Context(), i.provider(), i.token("other", good())); err != nil {
		t.Errorf("a known key while the provider is down: %v", err)
	}
	before = i.requests.Load()
	now = now.Add(discoveryLife)
	for range 5 {
		_, err := v.Verify(t.Context(), i.provider(), i.token("other", claimsUntil(now.Add(time.Hour), "")))
		wantError(t, err, CodeInvalid, "Couldn't retrieve verification key")
	}
	if n := i.requests.Load() - before; n != 1 {
		t.Errorf("%d requests to a broken provider, want 1", n)
	}
}

func FuzzIssuer(f *testing.F) {
	f.Add("eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSJ9.")
	f.Fuzz(func(t *testing.T, token string) {
		issuer, err := Issuer(token)
		if (err == nil) != (issuer != "") && err != nil {
			t.Errorf("%q, %v", issuer, err)
		}
	})
}
