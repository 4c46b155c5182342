package stsapi

import (
	"context"

	"waybill/internal/api"
	"waybill/internal/iam"
)

// AssumeRoleWithWebIdentityInput is STS's. ProviderId is for providers that do
// not speak OpenID Connect, of which there are none here.
type AssumeRoleWithWebIdentityInput struct {
	RoleArn          string
	RoleSessionName  string
	WebIdentityToken string
	ProviderId       string
	DurationSeconds  *int
	Policy           string
	PolicyArns       []PolicyDescriptor
}

func (in *AssumeRoleWithWebIdentityInput) request(region string) iam.AssumeRoleRequest {
	return iam.AssumeRoleRequest{
		RoleARN: in.RoleArn, SessionName: in.RoleSessionName, Duration: seconds(in.DurationSeconds),
		Policy: in.Policy, PolicyARNs: arnsOf(in.PolicyArns), Region: region,
	}
}

// AssumeRoleWithWebIdentityOutput is STS's.
type AssumeRoleWithWebIdentityOutput struct {
	Credentials                 Credentials
	SubjectFromWebIdentityToken string
	AssumedRoleUser             AssumedRoleUser
	PackedPolicySize            *int
	Provider                    string
	Audience                    string
	SourceIdentity              string `json:",omitempty"`
}

// assumeRoleWithWebIdentity takes no signature: the token says who calls. The
// role's trust policy must allow sts:AssumeRoleWithWebIdentity to the token's
// provider, and sts:TagSession and sts:SetSourceIdentity if the token asks for it.
func assumeRoleWithWebIdentity(s *iam.Service) api.Operation {
	return api.DefineOpen("sts", "AssumeRoleWithWebIdentity",
		func(ctx context.Context, c *api.Call, in *AssumeRoleWithWebIdentityInput) (iam.Principal, error) {
			q := in.request(c.Region)
			return s.WebIdentity(ctx, &q, in.WebIdentityToken)
		},
		func(c *api.Call, in *AssumeRoleWithWebIdentityInput) ([]api.Need, error) {
			q := in.request(c.Region)
			if err := q.PrepareWeb(&c.Caller); err != nil {
				return nil, err
			}
			return needs("sts:AssumeRoleWithWebIdentity", &q), nil
		},
		func(ctx context.Context, c *api.Call, in *AssumeRoleWithWebIdentityInput) (*AssumeRoleWithWebIdentityOutput, error) {
			session, err := s.AssumeRoleWithWebIdentity(ctx, c.Caller, in.request(c.Region))
			if err != nil {
				return nil, err
			}
			out := &AssumeRoleWithWebIdentityOutput{
				Credentials:                 credentials(&session),
				SubjectFromWebIdentityToken: c.Caller.WebIdentity.Subject,
				AssumedRoleUser:             AssumedRoleUser{AssumedRoleId: session.Principal.UserID, Arn: session.Principal.ARN},
				Provider:                    c.Caller.FederatedProvider,
				Audience:                    c.Caller.WebIdentity.Audience,
				SourceIdentity:              session.Principal.SourceIdentity,
			}
			if session.PackedPercent > 0 {
				out.PackedPolicySize = &session.PackedPercent
			}
			return out, nil
		})
}
