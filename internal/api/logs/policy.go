package logsapi

import (
	"context"

	"waybill/internal/api"
	"waybill/internal/api/validate"
	"waybill/internal/arn"
	"waybill/internal/awserr"
	"waybill/internal/iam/policy"
	"waybill/internal/logs"
)

// PutResourcePolicyInput is CloudWatch Logs'. With resourceArn, a log group's,
// the policy is that group's only one, and expectedRevisionId, which is left out
// for the first, says which it replaces.
type PutResourcePolicyInput struct {
	PolicyName         *string `json:"policyName,omitempty"`
	PolicyDocument     *string `json:"policyDocument,omitempty"`
	ResourceArn        *string `json:"resourceArn,omitempty"`
	ExpectedRevisionID *string `json:"expectedRevisionId,omitempty"`
}

// WrittenPolicy implements api.PolicyWriter.
func (in *PutResourcePolicyInput) WrittenPolicy() (policy.Kind, string) {
	if in.PolicyDocument == nil {
		return policy.Resource, ""
	}
	return policy.Resource, *in.PolicyDocument
}

// ResourcePolicy is CloudWatch Logs'.
type ResourcePolicy struct {
	PolicyName      string `json:"policyName,omitempty"`
	PolicyDocument  string `json:"policyDocument"`
	LastUpdatedTime int64  `json:"lastUpdatedTime"`
	PolicyScope     string `json:"policyScope"`
	ResourceArn     string `json:"resourceArn,omitempty"`
	RevisionID      string `json:"revisionId,omitempty"`
}

// PutResourcePolicyOutput is CloudWatch Logs'.
type PutResourcePolicyOutput struct {
	ResourcePolicy ResourcePolicy `json:"resourcePolicy"`
	RevisionID     string         `json:"revisionId,omitempty"`
}

// DescribeResourcePoliciesInput is CloudWatch Logs'. policyScope is ACCOUNT
// where it is left out, unless resourceArn names a log group.
type DescribeResourcePoliciesInput struct {
	Limit       *int    `json:"limit,omitempty"`
	NextToken   string  `json:"nextToken,omitempty"`
	PolicyScope string  `json:"policyScope,omitempty"`
	ResourceArn *string `json:"resourceArn,omitempty"`
}

// DescribeResourcePoliciesOutput is CloudWatch Logs'.
type DescribeResourcePoliciesOutput struct {
	ResourcePolicies []ResourcePolicy `json:"resourcePolicies"`
	NextToken        string           `json:"nextToken,omitempty"`
}

// DeleteResourcePolicyInput is CloudWatch Logs'.
type DeleteResourcePolicyInput struct {
	PolicyName         *string `json:"policyName,omitempty"`
	ResourceArn        *string `json:"resourceArn,omitempty"`
	ExpectedRevisionID *string `json:"expectedRevisionId,omitempty"`
}

const (
	scopeAccount  = "ACCOUNT"
	scopeResource = "RESOURCE"
	// maxPolicy is the length of a policy document of the account, maxGroupPolicy
	// of one of a log group.
	maxPolicy      = 5120
	maxGroupPolicy = 51200
)

func resourcePolicy(sc logs.Scope, p logs.ResourcePolicy) ResourcePolicy {
	out := ResourcePolicy{PolicyName: p.Name, PolicyDocument: p.Document, LastUpdatedTime: p.Updated, PolicyScope: scopeAccount, RevisionID: p.Revision}
	if p.Group != "" {
		out.PolicyScope, out.ResourceArn = scopeResource, arn.LogGroup(sc.Region, sc.Account, p.Group)
	}
	return out
}

// onPolicy returns the target: the log group where one is named, else the account's policies.
func onPolicy(c *api.Call, resource *string) (target, error) {
	if resource == nil {
		return target{Scope: scopeOf(c)}, nil
	}
	t, err := byARN(c, "resourceArn", *resource)
	if err == nil && t.Account != scopeOf(c).Account {
		err = awserr.New(codeParameter, "The specified resourceArn is not of the caller's account.")
	}
	return t, err
}

// revision checks that a revision is given only for a log group's policy.
func revision(resource, expected *string) (string, error) {
	if expected == nil {
		return "", nil
	}
	if resource == nil {
		return "", awserr.New(codeParameter, "expectedRevisionId can be given together with resourceArn only.")
	}
	return *expected, nil
}

func putResourcePolicy(s *logs.Service) api.Operation {
	return define("PutResourcePolicy",
		func(c *api.Call, in *PutResourcePolicyInput) (target, error) {
			var v validate.Checks
			v.Required("policyName", in.PolicyName != nil || in.ResourceArn != nil)
			v.Required("policyDocument", in.PolicyDocument != nil)
			most := maxPolicy
			if in.ResourceArn != nil {
				most = maxGroupPolicy
			}
			if in.PolicyDocument != nil {
				v.Length("policyDocument", *in.PolicyDocument, 1, most)
			}
			if in.PolicyName != nil {
				v.Length("policyName", *in.PolicyName, 1, 255)
			}
			if err := v.Err(codeParameter); err != nil {
				return target{}, err
			}
			if _, err := revision(in.ResourceArn, in.ExpectedRevisionID); err != nil {
				return target{}, err
			}
			return onPolicy(c, in.ResourceArn)
		},
		func(ctx context.Context, t target, in *PutResourcePolicyInput) (*PutResourcePolicyOutput, error) {
			var p logs.ResourcePolicy
			var err error
			if in.ResourceArn == nil {
				p, err = s.PutResourcePolicy(ctx, t.Scope, *in.PolicyName, *in.PolicyDocument)
			} else {
				p, err = putGroupPolicy(ctx, s, t, in)
			}
			if err != nil {
				return nil, err
			}
			return &PutResourcePolicyOutput{resourcePolicy(t.Scope, p), p.Revision}, nil
		})
}

func putGroupPolicy(ctx context.Context, s *logs.Service, t target, in *PutResourcePolicyInput) (logs.ResourcePolicy, error) {
	expected, err := revision(in.ResourceArn, in.ExpectedRevisionID)
	if err != nil {
		return logs.ResourcePolicy{}, err
	}
	name := ""
	if in.PolicyName != nil {
		name = *in.PolicyName
	}
	return s.PutGroupPolicy(ctx, t.Scope, t.group, name, *in.PolicyDocument, expected)
}

func describeResourcePolicies(s *logs.Service) api.Operation {
	return define("DescribeResourcePolicies",
		func(c *api.Call, in *DescribeResourcePoliciesInput) (target, error) {
			var v validate.Checks
			if in.PolicyScope != "" {
				v.OneOf("policyScope", in.PolicyScope, scopeAccount, scopeResource)
			}
			if err := v.Err(codeParameter); err != nil {
				return target{}, err
			}
			return onPolicy(c, in.ResourceArn)
		},
		func(ctx context.Context, t target, in *DescribeResourcePoliciesInput) (*DescribeResourcePoliciesOutput, error) {
			limit, err := limitOr(in.Limit, describePage, describePage)
			if err != nil {
				return nil, err
			}
			after, err := fromNameToken(in.NextToken)
			if err != nil {
				return nil, err
			}
			list, err := policiesOf(ctx, s, t, in)
			if err != nil {
				return nil, err
			}
			out := &DescribeResourcePoliciesOutput{ResourcePolicies: []ResourcePolicy{}}
			for i, p := range list {
				if pageKey(p) <= after {
					continue
				}
				if len(out.ResourcePolicies) == limit {
					out.NextToken = nameToken(pageKey(list[i-1]))
					break
				}
				out.ResourcePolicies = append(out.ResourcePolicies, resourcePolicy(t.Scope, p))
			}
			return out, nil
		})
}

// pageKey is what a list of policies is ordered by.
func pageKey(p logs.ResourcePolicy) string {
	if p.Group != "" {
		return p.Group
	}
	return p.Name
}

// policiesOf returns the policies asked for, in the order in which they are paged.
func policiesOf(ctx context.Context, s *logs.Service, t target, in *DescribeResourcePoliciesInput) ([]logs.ResourcePolicy, error) {
	switch {
	case t.group != "" && in.PolicyScope == scopeAccount:
		return nil, awserr.New(codeParameter, "A policy of scope ACCOUNT belongs to no resourceArn.")
	case t.group != "":
		p, err := s.GroupPolicy(ctx, t.Scope, t.group)
		if err != nil || p == nil {
			return nil, err
		}
		return []logs.ResourcePolicy{*p}, nil
	case in.PolicyScope == scopeResource:
		return s.GroupPolicies(ctx, t.Scope)
	}
	return s.DescribeResourcePolicies(ctx, t.Scope)
}

func deleteResourcePolicy(s *logs.Service) api.Operation {
	return define("DeleteResourcePolicy",
		func(c *api.Call, in *DeleteResourcePolicyInput) (target, error) {
			if in.PolicyName == nil && in.ResourceArn == nil {
				return target{}, validate.Missing(codeParameter, "policyName")
			}
			if _, err := revision(in.ResourceArn, in.ExpectedRevisionID); err != nil {
				return target{}, err
			}
			return onPolicy(c, in.ResourceArn)
		},
		func(ctx context.Context, t target, in *DeleteResourcePolicyInput) (*Empty, error) {
			if in.ResourceArn == nil {
				return nil, s.DeleteResourcePolicy(ctx, t.Scope, *in.PolicyName)
			}
			expected, err := revision(in.ResourceArn, in.ExpectedRevisionID)
			if err != nil {
				return nil, err
			}
			return nil, s.DeleteGroupPolicy(ctx, t.Scope, t.group, expected)
		})
}
