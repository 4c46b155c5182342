// Package webidentity checks the tokens of OpenID Connect identity providers
// (OpenID Connect Core 1.0) as AWS STS does for AssumeRoleWithWebIdentity: the
// provider's keys are found by discovery and cached, signature, times, issuer
// and audience are checked, and what the token says is returned as condition
// keys and session tags.
//
// A provider is reached by HTTPS only. Its certificate must be valid for the
// name and either come from an authority that this machine trusts, or from one
// whose SHA-1 thumbprint the provider was registered with: so a private
// authority needs no change to the machine.
package webidentity

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"waybill/internal/awserr"
)

// algorithms are those that AWS accepts.
var algorithms = []string{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"}

const (
	// discoveryLife is how long a provider's discovery document is believed. Keys
	// are asked for anew whenever a token names one that is not known.
	discoveryLife = time.Hour
	// maxProviders bounds the cache; beyond it the cache starts anew.
	maxProviders = 256
)

// Provider is what is registered of an identity provider.
type Provider struct {
	// Issuer is the iss claim of its tokens: "https://" and the provider's URL.
	Issuer string
	// ClientIDs are the audiences that are accepted.
	ClientIDs []string
	// Thumbprints are SHA-1 hashes of certificates in hexadecimal.
	Thumbprints []string
}

// Identity is what a token says of its bearer.
type Identity struct {
	// Subject is the sub claim; Audience the azp claim, or aud if there is none.
	Subject, Audience string
	// Keys are the condition keys of the token without the provider's prefix:
	// sub, aud, oaud (aud where azp stands in for it), amr.
	Keys map[string][]string
	// Tags, TransitiveTagKeys and SourceIdentity are what the provider sets for
	// the session in the claims https://aws.amazon.com/tags and .../source_identity.
	Tags              map[string]string
	TransitiveTagKeys []string
	SourceIdentity    string
}

// Verifier checks tokens. It is safe for concurrent use.
type Verifier struct {
	now func() time.Time

	mu    sync.Mutex
	known map[string]*source // by issuer and thumbprints; guarded by mu
}

// source is where the keys of one provider come from.
type source struct {
	client *http.Client

	mu    sync.Mutex
	keys  oidc.KeySet // nil before discovery; guarded by mu
	until time.Time   // how long discovery is believed; guarded by mu
}

// New returns a Verifier.
func New(now func() time.Time) *Verifier {
	return &Verifier{now: now, known: map[string]*source{}}
}

// Issuer returns the iss claim of a token that nobody has checked yet, without
// "https://"; InvalidIdentityToken for what is no token.
func Issuer(token string) (string, error) {
	var claims struct {
		Issuer string `json:"iss"`
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", errNoJWT()
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return "", errNoJWT()
	}
	if claims.Issuer == "" {
		return "", invalid("Missing a required claim: iss")
	}
	return strings.TrimPrefix(claims.Issuer, "https://"), nil
}

// Verify checks a token of the provider. Errors are those of
// AssumeRoleWithWebIdentity: InvalidIdentityToken, ExpiredTokenException,
// IDPCommunicationError, IDPRejectedClaim.
func (v *Verifier) Verify(ctx context.Context, p Provider, token string) (Identity, error) {
	keys, err := v.keysOf(ctx, p)
	if err != nil {
		return Identity{}, unreachable(err)
	}
	watched := &watchedKeys{KeySet: keys}
	checked, err := oidc.NewVerifier(p.Issuer, watched, &oidc.Config{
		SkipClientIDCheck: true, SupportedSigningAlgs: algorithms, Now: v.now,
	}).Verify(ctx, token)
	var expired *oidc.TokenExpiredError
	switch {
	case errors.As(err, &expired):
		return Identity{}, errExpired(v.now(), expired.Expiry)
	case err != nil && watched.failure != nil:
		return Identity{}, unreachable(watched.failure)
	case err != nil && !watched.asked:
		return Identity{}, errNoJWT()
	case err != nil && strings.Contains(err.Error(), "(not before)"):
		return Identity{}, awserr.WithStatus(http.StatusForbidden, CodeRejected, "The web identity token is not valid yet: its nbf claim is in the future.")
	case err != nil:
		return Identity{}, invalid("The signature of the web identity token could not be verified.")
	}
	var c claims
	if err := checked.Claims(&c); err != nil {
		return Identity{}, invalid("The claims of the web identity token cannot be read.")
	}
	return c.identity(checked.Audience, p.ClientIDs)
}

// keysOf returns the provider's keys, after discovery if need be.
func (v *Verifier) keysOf(ctx context.Context, p Provider) (oidc.KeySet, error) {
	s := v.sourceOf(p)
	s.mu.Lock()
	defer s.mu.Unlock()
	if v.now().Before(s.until) {
		return s.keys, nil
	}
	ctx = oidc.ClientContext(ctx, s.client)
	found, err := oidc.NewProvider(ctx, p.Issuer)
	if err != nil {
		return nil, err
	}
	var document struct {
		Keys string `json:"jwks_uri"`
	}
	if err := found.Claims(&document); err != nil {
		return nil, err
	}
	s.keys, s.until = oidc.NewRemoteKeySet(ctx, document.Keys), v.now().Add(discoveryLife)
	return s.keys, nil
}

func (v *Verifier) sourceOf(p Provider) *source {
	id := p.Issuer + " " + strings.Join(slices.Sorted(slices.Values(p.Thumbprints)), ",")
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.known[id]
	if s == nil {
		if len(v.known) >= maxProviders {
			clear(v.known)
		}
		s = &source{client: newClient(p.Thumbprints, v.now)}
		v.known[id] = s
	}
	return s
}

// watchedKeys remembers whether the keys were asked for, and if asking the
// provider failed.
type watchedKeys struct {
	oidc.KeySet
	asked   bool
	failure error
}

// VerifySignature implements oidc.KeySet.
func (w *watchedKeys) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	w.asked = true
	payload, err := w.KeySet.VerifySignature(ctx, jwt)
	if err != nil && strings.HasPrefix(err.Error(), "fetching keys") {
		w.failure = err
	}
	return payload, err
}
