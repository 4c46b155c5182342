package iam

import (
	"context"
	"slices"
	"strings"

	"waybill/internal/arn"
	"waybill/internal/awserr"
	"waybill/internal/iam/webidentity"
)

// The bounds of a token (STS API reference, "AssumeRoleWithWebIdentity").
const (
	minWebToken = 4
	maxWebToken = 20_000
)

// WebIdentity checks the token with which somebody asks for a role and returns
// who it is, for a provider that the role's account has registered. With an
// error the principal has at most the account.
func (s *Service) WebIdentity(ctx context.Context, q *AssumeRoleRequest, token string) (Principal, error) {
	var problems Problems
	q.checkSession(&problems)
	problems.secretLength(token, "webIdentityToken", minWebToken, maxWebToken)
	if err := problems.Err(); err != nil {
		return Principal{}, err
	}
	if err := checkRoleARN(q.RoleARN); err != nil {
		return Principal{}, err
	}
	role, _ := arn.Parse(q.RoleARN)
	p := Principal{Account: role.Account}
	issuer, err := webidentity.Issuer(token)
	if err != nil {
		return p, err
	}
	provider, err := s.OIDCProvider(ctx, role.Account, issuer)
	if awserr.HasCode(err, CodeNoSuchEntity) {
		return p, awserr.New(webidentity.CodeInvalid, "No OpenIDConnect provider found in your account for https://%s", issuer)
	}
	if err != nil {
		return p, err
	}
	id, err := s.tokens.Verify(ctx, webidentity.Provider{
		Issuer: provider.Issuer(), ClientIDs: provider.ClientIDs, Thumbprints: provider.Thumbprints,
	}, token)
	if err != nil {
		return p, err
	}
	p.Type, p.FederatedProvider, p.WebIdentity = TypeWebIdentity, provider.ARN(), &id
	p.Name, p.UserID = id.Subject, provider.ARN()+":"+id.Audience+":"+id.Subject
	return p, nil
}

// providerURL is the provider as condition keys name it: host and path.
func (p *Principal) providerURL() string {
	_, url, _ := strings.Cut(p.FederatedProvider, ":"+providerKind+"/")
	return url
}

// PrepareWeb completes the request of a web identity with what its token says
// of the session, before any permission is known.
func (q *AssumeRoleRequest) PrepareWeb(caller *Principal) error {
	id := caller.WebIdentity
	for key, value := range id.Tags {
		q.Tags = append(q.Tags, Tag{key, value})
	}
	slices.SortFunc(q.Tags, func(a, b Tag) int { return strings.Compare(a.Key, b.Key) })
	q.TransitiveTagKeys, q.SourceIdentity = id.TransitiveTagKeys, id.SourceIdentity
	return q.Prepare(&Principal{})
}

// AssumeRoleWithWebIdentity makes a session of a role for a principal that
// WebIdentity returned. Whether it may is decided before.
func (s *Service) AssumeRoleWithWebIdentity(ctx context.Context, caller Principal, q AssumeRoleRequest) (Session, error) {
	if err := q.PrepareWeb(&caller); err != nil {
		return Session{}, err
	}
	return s.assume(ctx, &caller, &q)
}
