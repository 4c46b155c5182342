package stsapi

import (
	"context"

	"waybill/internal/api"
	"waybill/internal/iam"
)

// PolicyDescriptor is a managed policy given as session policy.
type PolicyDescriptor struct {
	Arn string `json:"arn"`
}

func arnsOf(list []PolicyDescriptor) []string {
	arns := make([]string, len(list))
	for i, p := range list {
		arns[i] = p.Arn
	}
	return arns
}

// AssumeRoleInput is STS's.
type AssumeRoleInput struct {
	RoleArn           string
	RoleSessionName   string
	DurationSeconds   *int
	ExternalId        string
	Policy            string
	PolicyArns        []PolicyDescriptor
	Tags              []iam.Tag
	TransitiveTagKeys []string
	SourceIdentity    string
	SerialNumber      string
	TokenCode         string
}

func (in *AssumeRoleInput) request(region string) iam.AssumeRoleRequest {
	return iam.AssumeRoleRequest{
		RoleARN: in.RoleArn, SessionName: in.RoleSessionName, Duration: seconds(in.DurationSeconds),
		Policy: in.Policy, PolicyARNs: arnsOf(in.PolicyArns), ExternalID: in.ExternalId, Tags: in.Tags,
		TransitiveTagKeys: in.TransitiveTagKeys, SourceIdentity: in.SourceIdentity, Region: region,
	}
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
	SourceIdentity   string `json:",omitempty"`
}

// assumeRole needs sts:AssumeRole on the role, which the role's trust policy
// must allow; sts:TagSession with session tags, and sts:SetSourceIdentity with a
// source identity, those inherited in a role chain included.
func assumeRole(s *iam.Service) api.Operation {
	return api.Define("sts", "AssumeRole",
		func(c *api.Call, in *AssumeRoleInput) ([]api.Need, error) {
			q := in.request(c.Region)
			if err := q.Prepare(&c.Caller); err != nil {
				return nil, err
			}
			return needs("sts:AssumeRole", &q), nil
		},
		func(ctx context.Context, c *api.Call, in *AssumeRoleInput) (*AssumeRoleOutput, error) {
			if err := noMFA(in.SerialNumber, in.TokenCode); err != nil {
				return nil, err
			}
			session, err := s.AssumeRole(ctx, c.Caller, in.request(c.Region))
			if err != nil {
				return nil, err
			}
			out := &AssumeRoleOutput{
				Credentials:     credentials(&session),
				AssumedRoleUser: AssumedRoleUser{AssumedRoleId: session.Principal.UserID, Arn: session.Principal.ARN},
				SourceIdentity:  session.Principal.SourceIdentity,
			}
			if session.PackedPercent > 0 {
				out.PackedPolicySize = &session.PackedPercent
			}
			return out, nil
		})
}

// needs returns the permissions for a prepared request: action, and those for
// tags and source identity, all with the same condition keys.
func needs(action string, q *iam.AssumeRoleRequest) []api.Need {
	actions := []string{action}
	if len(q.Tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if q.SourceIdentity != "" {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	keys := q.ConditionKeys()
	list := make([]api.Need, len(actions))
	for i, a := range actions {
		list[i] = api.Need{Action: a, Resource: q.RoleARN, Context: keys}
	}
	return list
}
