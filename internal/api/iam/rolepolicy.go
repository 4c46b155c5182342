package iamapi

import (
	"context"

	"waybill/internal/api"
	"waybill/internal/iam"
)

// RolePolicyInput names an inline policy of a role; PolicyDocument is for PutRolePolicy.
type RolePolicyInput struct{ RoleName, PolicyName, PolicyDocument string }

func (in *RolePolicyInput) role() string { return in.RoleName }

// GetRolePolicyOutput is IAM's.
type GetRolePolicyOutput struct{ RoleName, PolicyName, PolicyDocument string }

// ListRolePoliciesOutput is IAM's; the list is always whole.
type ListRolePoliciesOutput struct {
	PolicyNames []string
	IsTruncated bool
}

func putRolePolicy(s *iam.Service) api.Operation {
	return api.Define("iam", "PutRolePolicy", onRole(s, "PutRolePolicy", (*RolePolicyInput).role),
		func(ctx context.Context, c *api.Call, in *RolePolicyInput) (*Empty, error) {
			return &Empty{}, s.PutRolePolicy(ctx, c.Caller.Account, in.RoleName, in.PolicyName, in.PolicyDocument)
		})
}

func getRolePolicy(s *iam.Service) api.Operation {
	return api.Define("iam", "GetRolePolicy", onRole(s, "GetRolePolicy", (*RolePolicyInput).role),
		func(ctx context.Context, c *api.Call, in *RolePolicyInput) (*GetRolePolicyOutput, error) {
			document, err := s.RolePolicy(ctx, c.Caller.Account, in.RoleName, in.PolicyName)
			return &GetRolePolicyOutput{in.RoleName, in.PolicyName, escape(document)}, err
		})
}

func listRolePolicies(s *iam.Service) api.Operation {
	return api.Define("iam", "ListRolePolicies", onRole(s, "ListRolePolicies", (*GetRoleInput).name),
		func(ctx context.Context, c *api.Call, in *GetRoleInput) (*ListRolePoliciesOutput, error) {
			names, err := s.RolePolicies(ctx, c.Caller.Account, in.RoleName)
			return &ListRolePoliciesOutput{PolicyNames: append([]string{}, names...)}, err
		})
}

func deleteRolePolicy(s *iam.Service) api.Operation {
	return api.Define("iam", "DeleteRolePolicy", onRole(s, "DeleteRolePolicy", (*RolePolicyInput).role),
		func(ctx context.Context, c *api.Call, in *RolePolicyInput) (*Empty, error) {
			return &Empty{}, s.DeleteRolePolicy(ctx, c.Caller.Account, in.RoleName, in.PolicyName)
		})
}

// AttachInput names a role and a managed policy.
type AttachInput struct{ RoleName, PolicyArn string }

func (in *AttachInput) role() string { return in.RoleName }

func attachRolePolicy(s *iam.Service) api.Operation {
	return api.Define("iam", "AttachRolePolicy", onRole(s, "AttachRolePolicy", (*AttachInput).role),
		func(ctx context.Context, c *api.Call, in *AttachInput) (*Empty, error) {
			return &Empty{}, s.AttachRolePolicy(ctx, c.Caller.Account, in.RoleName, in.PolicyArn)
		})
}

func detachRolePolicy(s *iam.Service) api.Operation {
	return api.Define("iam", "DetachRolePolicy", onRole(s, "DetachRolePolicy", (*AttachInput).role),
		func(ctx context.Context, c *api.Call, in *AttachInput) (*Empty, error) {
			return &Empty{}, s.DetachRolePolicy(ctx, c.Caller.Account, in.RoleName, in.PolicyArn)
		})
}

// AttachedPolicy is a managed policy on a role.
type AttachedPolicy struct{ PolicyName, PolicyArn string }

// ListAttachedRolePoliciesOutput is IAM's; the list is always whole.
type ListAttachedRolePoliciesOutput struct {
	AttachedPolicies []AttachedPolicy
	IsTruncated      bool
}

func listAttachedRolePolicies(s *iam.Service) api.Operation {
	return api.Define("iam", "ListAttachedRolePolicies", onRole(s, "ListAttachedRolePolicies", (*GetRoleInput).name),
		func(ctx context.Context, c *api.Call, in *GetRoleInput) (*ListAttachedRolePoliciesOutput, error) {
			list, err := s.AttachedRolePolicies(ctx, c.Caller.Account, in.RoleName)
			out := &ListAttachedRolePoliciesOutput{AttachedPolicies: []AttachedPolicy{}}
			for _, p := range list {
				out.AttachedPolicies = append(out.AttachedPolicies, AttachedPolicy{p.Name, p.ARN})
			}
			return out, err
		})
}

// ListInstanceProfilesForRoleOutput is IAM's. Waybill has no instances, so the
// list is always empty; Terraform asks before it deletes a role.
type ListInstanceProfilesForRoleOutput struct {
	InstanceProfiles []Empty
	IsTruncated      bool
}

func listInstanceProfilesForRole(s *iam.Service) api.Operation {
	return api.Define("iam", "ListInstanceProfilesForRole", onRole(s, "ListInstanceProfilesForRole", (*GetRoleInput).name),
		func(ctx context.Context, c *api.Call, in *GetRoleInput) (*ListInstanceProfilesForRoleOutput, error) {
			_, err := s.Role(ctx, c.Caller.Account, in.RoleName)
			return &ListInstanceProfilesForRoleOutput{InstanceProfiles: []Empty{}}, err
		})
}
