// Package stsapi is the part of AWS Security Token Service's API (version
// 2011-06-15, Query) that Waybill answers. Fields have the wire's own names.
package stsapi

import (
	"context"
	"time"

	"waybill/internal/api"
	"waybill/internal/iam"
)

// Operations returns every operation of the service.
func Operations(s *iam.Service) []api.Operation {
	return []api.Operation{assumeRole(s), getCallerIdentity()}
}

// PolicyDescriptor is a managed policy given as session policy.
type PolicyDescriptor struct {
	Arn string `json:"arn"`
}

// AssumeRoleInput is STS's.
type AssumeRoleInput struct {
	RoleArn         string
	RoleSessionName string
	DurationSeconds int
	ExternalId      string
	Policy          string
	PolicyArns      []PolicyDescriptor
	Tags            []iam.Tag
}

func (in *AssumeRoleInput) request(region string) iam.AssumeRoleRequest {
	q := iam.AssumeRoleRequest{
		RoleARN: in.RoleArn, SessionName: in.RoleSessionName, Duration: time.Duration(in.DurationSeconds) * time.Second,
		Policy: in.Policy, ExternalID: in.ExternalId, Tags: in.Tags, Region: region,
	}
	for _, p := range in.PolicyArns {
		q.PolicyARNs = append(q.PolicyARNs, p.Arn)
	}
	return q
}

// Credentials are temporary.
type Credentials struct {
	AccessKeyId     string
	SecretAccessKey string
	SessionToken    string
	Expiration      time.Time
}

// AssumedRoleUser names a role session.
type AssumedRoleUser struct {
	AssumedRoleId string
	Arn           string
}

// AssumeRoleOutput is STS's.
type AssumeRoleOutput struct {
	Credentials      Credentials
	AssumedRoleUser  AssumedRoleUser
	PackedPolicySize *int
}

// assumeRole needs sts:AssumeRole on the role, which the role's trust policy must allow.
func assumeRole(s *iam.Service) api.Operation {
	return api.Define("sts", "AssumeRole",
		func(c *api.Call, in *AssumeRoleInput) ([]api.Need, error) {
			q := in.request(c.Region)
			if err := q.Check(); err != nil {
				return nil, err
			}
			need := api.Need{Action: "sts:AssumeRole", Resource: in.RoleArn,
				Context: map[string][]string{"sts:RoleSessionName": {in.RoleSessionName}}}
			if in.ExternalId != "" {
				need.Context["sts:ExternalId"] = []string{in.ExternalId}
			}
			return []api.Need{need}, nil
		},
		func(ctx context.Context, c *api.Call, in *AssumeRoleInput) (*AssumeRoleOutput, error) {
			session, err := s.AssumeRole(ctx, c.Caller, in.request(c.Region))
			if err != nil {
				return nil, err
			}
			out := &AssumeRoleOutput{
				Credentials:     Credentials{session.AccessKeyID, session.Secret, session.Token, session.Expires},
				AssumedRoleUser: AssumedRoleUser{AssumedRoleId: session.Principal.UserID, Arn: session.Principal.ARN},
			}
			if in.Policy != "" || len(in.PolicyArns) > 0 || len(in.Tags) > 0 {
				out.PackedPolicySize = &session.PackedPercent
			}
			return out, nil
		})
}

// GetCallerIdentityInput is STS's.
type GetCallerIdentityInput struct{}

// GetCallerIdentityOutput is STS's.
type GetCallerIdentityOutput struct {
	Arn     string
	UserId  string
	Account string
}

// getCallerIdentity needs no permission (STS GetCallerIdentity).
func getCallerIdentity() api.Operation {
	return api.Define("sts", "GetCallerIdentity",
		func(*api.Call, *GetCallerIdentityInput) ([]api.Need, error) { return nil, nil },
		func(_ context.Context, c *api.Call, _ *GetCallerIdentityInput) (*GetCallerIdentityOutput, error) {
			return &GetCallerIdentityOutput{Arn: c.Caller.ARN, UserId: c.Caller.UserID, Account: c.Caller.Account}, nil
		})
}
