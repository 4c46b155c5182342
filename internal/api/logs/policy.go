package logsapi

import (
	"context"

	"waybill/internal/api"
	"waybill/internal/api/validate"
	"waybill/internal/awserr"
	"waybill/internal/iam/policy"
	"waybill/internal/logs"
)

// PutResourcePolicyInput is CloudWatch Logs'. Policies are the account's;
// resourceArn, which would make one a single group's, is refused.
type PutResourcePolicyInput struct {
	PolicyName         *string `json:"policyName,omitempty"`
	PolicyDocument     *string `json:"policyDocument,omitempty"`
	ResourceArn        string  `json:"resourceArn,omitempty"`
	ExpectedRevisionID string  `json:"expectedRevisionId,omitempty"`
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
	PolicyName      string `json:"policyName"`
	PolicyDocument  string `json:"policyDocument"`
	LastUpdatedTime int64  `json:"lastUpdatedTime"`
	PolicyScope     string `json:"policyScope"`
}

// PutResourcePolicyOutput is CloudWatch Logs'.
type PutResourcePolicyOutput struct {
	ResourcePolicy ResourcePolicy `json:"resourcePolicy"`
}

// DescribeResourcePoliciesInput is CloudWatch Logs'.
type DescribeResourcePoliciesInput struct {
	Limit       *int   `json:"limit,omitempty"`
	NextToken   string `json:"nextToken,omitempty"`
	PolicyScope string `json:"policyScope,omitempty"`
	ResourceArn string `json:"resourceArn,omitempty"`
}

// DescribeResourcePoliciesOutput is CloudWatch Logs'.
type DescribeResourcePoliciesOutput struct {
	ResourcePolicies []ResourcePolicy `json:"resourcePolicies"`
	NextToken        string           `json:"nextToken,omitempty"`
}

// DeleteResourcePolicyInput is CloudWatch Logs'.
type DeleteResourcePolicyInput struct {
	PolicyName         *string `json:"policyName,omitempty"`
	ResourceArn        string  `json:"resourceArn,omitempty"`
	ExpectedRevisionID string  `json:"expectedRevisionId,omitempty"`
}

const (
	scopeAccount  = "ACCOUNT"
	scopeResource = "RESOURCE"
	// maxPolicy is the length of a policy document.
	maxPolicy = 5120
)

func resourcePolicy(p logs.ResourcePolicy) ResourcePolicy {
	return ResourcePolicy{PolicyName: p.Name, PolicyDocument: p.Document, LastUpdatedTime: p.Updated, PolicyScope: scopeAccount}
}

func errResourceScope() error {
	return awserr.New(codeParameter, "Resource policies of a single log group are not supported: leave out resourceArn and name the log group in the policy's Resource.")
}

func putResourcePolicy(s *logs.Service) api.Operation {
	return define("PutResourcePolicy",
		func(c *api.Call, in *PutResourcePolicyInput) (target, error) {
			if in.ResourceArn != "" || in.ExpectedRevisionID != "" {
				return target{}, errResourceScope()
			}
			var v validate.Checks
			v.Required("policyName", in.PolicyName != nil)
			v.Required("policyDocument", in.PolicyDocument != nil)
			if in.PolicyDocument != nil {
				v.Length("policyDocument", *in.PolicyDocument, 1, maxPolicy)
			}
			if in.PolicyName != nil {
				v.Length("policyName", *in.PolicyName, 1, 255)
			}
			return target{Scope: scopeOf(c)}, v.Err(codeParameter)
		},
		func(ctx context.Context, t target, in *PutResourcePolicyInput) (*PutResourcePolicyOutput, error) {
			p, err := s.PutResourcePolicy(ctx, t.Scope, *in.PolicyName, *in.PolicyDocument)
			if err != nil {
				return nil, err
			}
			return &PutResourcePolicyOutput{resourcePolicy(p)}, nil
		})
}

func describeResourcePolicies(s *logs.Service) api.Operation {
	return define("DescribeResourcePolicies", everyGroup[DescribeResourcePoliciesInput],
		func(ctx context.Context, t target, in *DescribeResourcePoliciesInput) (*DescribeResourcePoliciesOutput, error) {
			limit, err := limitOr(in.Limit, describePage, describePage)
			if err != nil {
				return nil, err
			}
			after, err := fromNameToken(in.NextToken)
			if err != nil {
				return nil, err
			}
			out := &DescribeResourcePoliciesOutput{ResourcePolicies: []ResourcePolicy{}}
			if in.PolicyScope == scopeResource {
				return out, nil
			}
			list, err := s.DescribeResourcePolicies(ctx, t.Scope)
			if err != nil {
				return nil, err
			}
			for _, p := range list {
				if p.Name <= after {
					continue
				}
				if len(out.ResourcePolicies) == limit {
					out.NextToken = nameToken(out.ResourcePolicies[limit-1].PolicyName)
					break
				}
				out.ResourcePolicies = append(out.ResourcePolicies, resourcePolicy(p))
			}
			return out, nil
		})
}

func deleteResourcePolicy(s *logs.Service) api.Operation {
	return define("DeleteResourcePolicy",
		func(c *api.Call, in *DeleteResourcePolicyInput) (target, error) {
			if in.ResourceArn != "" || in.ExpectedRevisionID != "" {
				return target{}, errResourceScope()
			}
			if in.PolicyName == nil {
				return target{}, validate.Missing(codeParameter, "policyName")
			}
			return target{Scope: scopeOf(c)}, nil
		},
		func(ctx context.Context, t target, in *DeleteResourcePolicyInput) (*Empty, error) {
			return nil, s.DeleteResourcePolicy(ctx, t.Scope, *in.PolicyName)
		})
}
