package iamapi

import (
	"context"
	"time"

	"waybill/internal/api"
	"waybill/internal/awserr"
	"waybill/internal/iam"
)

// Policy is IAM's Policy: a managed policy.
type Policy struct {
	PolicyName                    string
	PolicyId                      string `json:",omitempty"`
	Arn                           string
	Path                          string
	DefaultVersionId              string
	AttachmentCount               int
	PermissionsBoundaryUsageCount int
	IsAttachable                  bool
	Description                   string `json:",omitempty"`
	CreateDate                    time.Time
	UpdateDate                    time.Time
	Tags                          []iam.Tag `json:",omitempty"`
}

// listedPolicy is a policy as lists show it: without description and tags.
func listedPolicy(p *iam.ManagedPolicy) Policy {
	return Policy{PolicyName: p.Name, PolicyId: p.ID, Arn: p.ARN, Path: p.Path, DefaultVersionId: p.Version,
		AttachmentCount: p.Uses.Attachments, PermissionsBoundaryUsageCount: p.Uses.Boundaries, IsAttachable: !p.ServiceRole,
		CreateDate: p.Created, UpdateDate: p.Updated}
}

// CreatePolicyInput is IAM's.
type CreatePolicyInput struct {
	PolicyName, Path, PolicyDocument, Description string
	Tags                                          []iam.Tag
}

// PolicyInput names a managed policy; the other members are those of single operations.
type PolicyInput struct {
	PolicyArn      string
	PolicyDocument string
	SetAsDefault   bool
	VersionId      string
	Tags           []iam.Tag
	TagKeys        []string
	Page

	EntityFilter, PathPrefix, PolicyUsageFilter string
}

// PolicyOutput is the output of operations that answer one policy.
type PolicyOutput struct{ Policy Policy }

// ListPoliciesInput is IAM's.
type ListPoliciesInput struct {
	Scope, PathPrefix, PolicyUsageFilter string
	OnlyAttached                         bool
	Page
}

// ListPoliciesOutput is IAM's.
type ListPoliciesOutput struct {
	Policies []Policy
	Paged
}

func managedPolicyOperations(s *iam.Service) []api.Operation {
	return []api.Operation{
		createPolicy(s), getPolicy(s), listPolicies(s), listEntitiesForPolicy(s),
		doingPolicy(s, "DeletePolicy", func(ctx context.Context, account string, in *PolicyInput) error {
			return s.DeleteManagedPolicy(ctx, account, in.PolicyArn)
		}),
		doingPolicy(s, "TagPolicy", func(ctx context.Context, account string, in *PolicyInput) error {
			return s.TagPolicy(ctx, account, in.PolicyArn, in.Tags)
		}),
		doingPolicy(s, "UntagPolicy", func(ctx context.Context, account string, in *PolicyInput) error {
			return s.UntagPolicy(ctx, account, in.PolicyArn, in.TagKeys)
		}),
		onPolicy(s, "ListPolicyTags", func(ctx context.Context, account string, in *PolicyInput) (*TagsOutput, error) {
			p, err := s.ManagedPolicy(ctx, account, in.PolicyArn)
			return tagsPage(&in.Page, p.Tags, err)
		}),
		createPolicyVersion(s), getPolicyVersion(s), listPolicyVersions(s),
		doingPolicy(s, "SetDefaultPolicyVersion", func(ctx context.Context, account string, in *PolicyInput) error {
			return s.SetDefaultPolicyVersion(ctx, account, in.PolicyArn, in.VersionId)
		}),
		doingPolicy(s, "DeletePolicyVersion", func(ctx context.Context, account string, in *PolicyInput) error {
			return s.DeletePolicyVersion(ctx, account, in.PolicyArn, in.VersionId)
		}),
	}
}

// onPolicy makes an operation on the managed policy that its input names.
func onPolicy[Out any](s *iam.Service, name string, handle func(ctx context.Context, account string, in *PolicyInput) (*Out, error)) api.Operation {
	return api.Define("iam", name,
		func(c *api.Call, in *PolicyInput) ([]api.Need, error) {
			if err := iam.CheckPolicyARN(in.PolicyArn); err != nil {
				return nil, err
			}
			p, err := s.ManagedPolicy(context.Background(), c.Caller.Account, in.PolicyArn)
			if err != nil && !awserr.HasCode(err, iam.CodeNoSuchEntity) {
				return nil, err
			}
			return needs(name, in.PolicyArn, taggingKeys(name, in.Tags, in.TagKeys).resourceTags(p.Tags)), nil
		},
		func(ctx context.Context, c *api.Call, in *PolicyInput) (*Out, error) {
			return handle(ctx, c.Caller.Account, in)
		})
}

// doingPolicy makes an operation on a managed policy that answers nothing.
func doingPolicy(s *iam.Service, name string, do func(ctx context.Context, account string, in *PolicyInput) error) api.Operation {
	return onPolicy(s, name, func(ctx context.Context, account string, in *PolicyInput) (*Empty, error) {
		return &Empty{}, do(ctx, account, in)
	})
}

func createPolicy(s *iam.Service) api.Operation {
	return api.Define("iam", "CreatePolicy",
		func(c *api.Call, in *CreatePolicyInput) ([]api.Need, error) {
			return onPath(c, "CreatePolicy", "policy", in.Path, in.PolicyName, keys{}.requestTags(in.Tags)), nil
		},
		func(ctx context.Context, c *api.Call, in *CreatePolicyInput) (*PolicyOutput, error) {
			p, err := s.CreatePolicy(ctx, c.Caller.Account, iam.NewPolicy{Name: in.PolicyName, Path: in.Path,
				Description: in.Description, Document: in.PolicyDocument, Tags: in.Tags})
			w := listedPolicy(&p)
			w.Tags = p.Tags
			return &PolicyOutput{w}, err
		})
}

func getPolicy(s *iam.Service) api.Operation {
	return onPolicy(s, "GetPolicy", func(ctx context.Context, account string, in *PolicyInput) (*PolicyOutput, error) {
		p, err := s.ManagedPolicy(ctx, account, in.PolicyArn)
		w := listedPolicy(&p)
		w.Description, w.Tags = p.Description, p.Tags
		return &PolicyOutput{w}, err
	})
}

func listPolicies(s *iam.Service) api.Operation {
	return api.Define("iam", "ListPolicies",
		func(c *api.Call, in *ListPoliciesInput) ([]api.Need, error) {
			return onPath(c, "ListPolicies", "policy", in.PathPrefix, "", nil), nil
		},
		func(ctx context.Context, c *api.Call, in *ListPoliciesInput) (*ListPoliciesOutput, error) {
			f, err := in.filter()
			if err != nil {
				return nil, err
			}
			list, err := s.ManagedPolicies(ctx, c.Caller.Account, f)
			if err != nil {
				return nil, err
			}
			page, paged, err := cut(&in.Page, list, (*iam.ManagedPolicy).SortKey)
			return &ListPoliciesOutput{shown(page, listedPolicy), paged}, err
		})
}

// filter reads what to list: everything is there unless it is left out.
func (in *ListPoliciesInput) filter() (iam.PolicyFilter, error) {
	var p iam.Problems
	oneOf(&p, in.Scope, "scope", "All", "AWS", "Local")
	checkUsage(&p, in.PolicyUsageFilter)
	f := iam.PolicyFilter{Own: in.Scope != "AWS", AWS: in.Scope != "Local", Prefix: in.PathPrefix, OnlyAttached: in.OnlyAttached,
		Boundaries: in.PolicyUsageFilter == usageBoundary, Permissions: in.PolicyUsageFilter == usagePermissions}
	return f, p.Err()
}

const (
	usagePermissions = "PermissionsPolicy"
	usageBoundary    = "PermissionsBoundary"
)

func checkUsage(p *iam.Problems, filter string) {
	oneOf(p, filter, "policyUsageFilter", usagePermissions, usageBoundary)
}
