package stsapi_test

//lint:file-ignore SA1019 older clients read PackedPolicySize, which newer SDKs call deprecated

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/coreos/go-oidc/v3/oidc/oidctest"

	"waybill/internal/iam"
)

// idp is an identity provider on loopback.
type idp struct {
	*httptest.Server
	key *ecdsa.PrivateKey
}

func newIDP(t *testing.T) *idp {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	handler := &oidctest.Server{Algorithms: []string{"ES256"}, PublicKeys: []oidctest.PublicKey{{PublicKey: key.Public(), KeyID: "k", Algorithm: "ES256"}}}
	p := &idp{httptest.NewTLSServer(handler), key}
	t.Cleanup(p.Close)
	handler.SetIssuer(p.URL)
	return p
}

// host is the issuer as condition keys name it.
func (p *idp) host() string { return strings.TrimPrefix(p.URL, "https://") }

func (p *idp) thumbprint() string {
	sum := sha1.Sum(p.Certificate().Raw)
	return hex.EncodeToString(sum[:])
}

func (p *idp) token(subject, more string) string {
	now := time.Now()
	return oidctest.SignIDToken(p.key, "k", "ES256", fmt.Sprintf(`{"iss":%q,"aud":"sts.amazonaws.com","sub":%q,"iat":%d,"exp":%d%s}`,
		p.URL, subject, now.Unix(), now.Add(time.Hour).Unix(), more))
}

// trust lets a subject of the provider in.
func (p *idp) trust(account, actions, condition string) string {
	return `{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::` + account + `:oidc-provider/` + p.host() + `"},"Action":` + actions + `,"Condition":` + condition + `}`
}

func TestAssumeRoleWithWebIdentity(t *testing.T) {
	s := newServer(t)
	ctx := t.Context()
	p := newIDP(t)
	_, err := s.iam.CreateOIDCProvider(ctx, account, p.URL, []string{"sts.amazonaws.com"}, []string{p.thumbprint()}, nil)
	must(t, err)
	role := s.role(t, account, "relay", p.trust(account, `"sts:AssumeRoleWithWebIdentity"`,
		`{"StringEquals":{"`+p.host()+`:aud":"sts.amazonaws.com"},"StringLike":{"`+p.host()+`:sub":"repo:mail/*"}}`))
	// Nobody has signed anything.
	c := sts.NewFromConfig(aws.Config{Region: region, BaseEndpoint: &s.url, RetryMaxAttempts: 1})
	assume := func(role, token string) (*sts.AssumeRoleWithWebIdentityOutput, error) {
		return c.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{RoleArn: &role, RoleSessionName: aws.String("build-7"), WebIdentityToken: &token,
			DurationSeconds: aws.Int32(7200)})
	}

	out, err := assume(role, p.token("repo:mail/relay", ""))
	must(t, err)
	provider := "arn:aws:iam::111122223333:oidc-provider/" + p.host()
	if *out.SubjectFromWebIdentityToken != "repo:mail/relay" || *out.Audience != "sts.amazonaws.com" || *out.Provider != provider ||
		*out.AssumedRoleUser.Arn != "arn:aws:sts::111122223333:assumed-role/relay/build-7" {
		t.Errorf("%s %s %s %+v", *out.SubjectFromWebIdentityToken, *out.Audience, *out.Provider, *out.AssumedRoleUser)
	}
	r := s.records.last(t)
	if caller := r.Call.Caller; caller.Type != iam.TypeWebIdentity || caller.Name != "repo:mail/relay" || caller.FederatedProvider != provider || r.Call.Region != region || !r.Decision.Allowed() {
		t.Errorf("audited %+v", r)
	}
	id, err := s.as(out.Credentials).GetCallerIdentity(ctx, nil)
	must(t, err)
	if *id.Arn != *out.AssumedRoleUser.Arn {
		t.Errorf("%s", *id.Arn)
	}
	if got := s.records.last(t).Call.Caller.FederatedProvider; got != provider {
		t.Errorf("the session's provider is %q", got)
	}

	_, err = assume(role, p.token("repo:other/thing", ""))
	wantError(t, err, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
	var denied interface{ HTTPStatusCode() int }
	if !errors.As(err, &denied) || denied.HTTPStatusCode() != 403 {
		t.Errorf("%v", err)
	}
	_, err = assume(strings.Replace(role, "relay", "none", 1), p.token("repo:mail/relay", ""))
	wantError(t, err, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
	_, err = assume(role, p.token("repo:mail/relay", `,"https://aws.amazon.com/tags":{"principal_tags":{"team":["mail"]}}`))
	wantError(t, err, "AccessDenied", "Not authorized to perform sts:TagSession")

	// The other account trusts the provider of this one by name, but has none of its own.
	foreign := s.role(t, partner, "relay", p.trust(account, `"sts:AssumeRoleWithWebIdentity"`, `{"StringEquals":{"`+p.host()+`:aud":"sts.amazonaws.com"}}`))
	_, err = assume(foreign, p.token("repo:mail/relay", ""))
	var invalid *types.InvalidIdentityTokenException
	if !errors.As(err, &invalid) || invalid.ErrorMessage() != "No OpenIDConnect provider found in your account for "+p.URL {
		t.Errorf("%v", err)
	}
	if r := s.records.last(t); r.Call.Caller.Type != "" || r.Call.Caller.Account != partner || r.ErrorCode != "InvalidIdentityToken" {
		t.Errorf("audited %+v", r)
	}

	s.ahead = 2 * time.Hour
	_, err = assume(role, p.token("repo:mail/relay", ""))
	var expired *types.ExpiredTokenException
	if !errors.As(err, &expired) || !strings.HasPrefix(expired.ErrorMessage(), "Token expired: current date/time ") {
		t.Errorf("%v", err)
	}
	s.ahead = 0
	_, err = assume(role, "not a token")
	wantError(t, err, "InvalidIdentityToken", "is not a valid JWT")
	_, err = assume(role, "abc")
	wantError(t, err, "ValidationError", "at 'webIdentityToken'")
	_, err = assume("arn:aws:iam::111122223333:user/relay", p.token("x", ""))
	wantError(t, err, "ValidationError", "arn:aws:iam::111122223333:user/relay is invalid")
}

func TestWebIdentityTagsAndSourceIdentity(t *testing.T) {
	s := newServer(t)
	ctx := t.Context()
	p := newIDP(t)
	_, err := s.iam.CreateOIDCProvider(ctx, account, p.URL, []string{"sts.amazonaws.com"}, []string{p.thumbprint()}, nil)
	must(t, err)
	role := s.role(t, account, "relay", p.trust(account, `["sts:AssumeRoleWithWebIdentity","sts:TagSession","sts:SetSourceIdentity"]`,
		`{"StringEquals":{"aws:RequestTag/team":"mail","sts:SourceIdentity":"alice"},"ForAnyValue:StringEquals":{"`+p.host()+`:amr":"mfa"}}`))
	c := sts.NewFromConfig(aws.Config{Region: region, BaseEndpoint: &s.url, RetryMaxAttempts: 1})
	token := p.token("u-1", `,"amr":["pwd","mfa"],"https://aws.amazon.com/source_identity":["alice"],"https://aws.amazon.com/tags":{"principal_tags":{"team":["mail"]},"transitive_tag_keys":["team"]}`)
	out, err := c.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{RoleArn: &role, RoleSessionName: aws.String("web"), WebIdentityToken: &token})
	must(t, err)
	if aws.ToString(out.SourceIdentity) != "alice" || out.PackedPolicySize == nil {
		t.Errorf("source identity %v, packed %v", out.SourceIdentity, out.PackedPolicySize)
	}
	_, p2, err := s.iam.Authenticate(ctx, *out.Credentials.AccessKeyId, *out.Credentials.SessionToken)
	must(t, err)
	if p2.Tags["team"] != "mail" || len(p2.TransitiveTags) != 1 || p2.SourceIdentity != "alice" {
		t.Errorf("%+v", p2)
	}
}
