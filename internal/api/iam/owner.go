package iamapi

import (
	"context"
	"strings"

	"waybill/internal/api"
	"waybill/internal/iam"
)

// OwnerInput names a user, a group or a role, and what is done with its
// policies, its boundary and its tags. Every such operation uses some members.
type OwnerInput struct {
	UserName, GroupName, RoleName string

	PolicyName, PolicyDocument string
	PolicyArn, PathPrefix      string
	PermissionsBoundary        string
	Tags                       []iam.Tag
	TagKeys                    []string
	Page
}

// InlinePolicyOutput is the output of GetUserPolicy, GetGroupPolicy and GetRolePolicy.
type InlinePolicyOutput struct {
	UserName                   string `json:",omitempty"`
	GroupName                  string `json:",omitempty"`
	RoleName                   string `json:",omitempty"`
	PolicyName, PolicyDocument string
}

// InlinePoliciesOutput is the output of ListUserPolicies, ListGroupPolicies and ListRolePolicies.
type InlinePoliciesOutput struct {
	PolicyNames []string
	Paged
}

// AttachedPolicy is a managed policy on an entity.
type AttachedPolicy struct{ PolicyName, PolicyArn string }

// AttachedPoliciesOutput is the output of ListAttachedUserPolicies,
// ListAttachedGroupPolicies and ListAttachedRolePolicies.
type AttachedPoliciesOutput struct {
	AttachedPolicies []AttachedPolicy
	Paged
}

// ownerKind is a kind of entity with the words of its operations.
type ownerKind struct {
	kind   iam.Kind
	title  string // "User", as in "PutUserPolicy"
	member string // "userName", as in validation errors
	name   func(*OwnerInput) string
}

var (
	users  = ownerKind{iam.KindUser, "User", "userName", func(in *OwnerInput) string { return in.UserName }}
	groups = ownerKind{iam.KindGroup, "Group", "groupName", func(in *OwnerInput) string { return in.GroupName }}
	roles  = ownerKind{iam.KindRole, "Role", "roleName", func(in *OwnerInput) string { return in.RoleName }}
)

// owner returns whom the input names.
func (k ownerKind) owner(c *api.Call, in *OwnerInput) (iam.Owner, error) {
	return iam.Owner{Kind: k.kind, Account: c.Caller.Account, Name: k.name(in)}, required(k.name(in), k.member)
}

// onOwner makes an operation on an entity; name has the kind's title in it.
func onOwner[Out any](s *iam.Service, k ownerKind, name string, handle func(ctx context.Context, o iam.Owner, in *OwnerInput) (*Out, error)) api.Operation {
	return api.Define("iam", name,
		func(c *api.Call, in *OwnerInput) ([]api.Need, error) {
			o, err := k.owner(c, in)
			if err != nil {
				return nil, err
			}
			return onEntity(s, name, o, in.keys(name))
		},
		func(ctx context.Context, c *api.Call, in *OwnerInput) (*Out, error) {
			o, err := k.owner(c, in)
			if err != nil {
				return nil, err
			}
			return handle(ctx, o, in)
		})
}

// keys are the condition keys that an operation has of its input. A member that
// belongs to another operation gives none: whoever sends it along must not
// pass for somebody who meets a condition.
func (in *OwnerInput) keys(operation string) keys {
	switch {
	case strings.HasPrefix(operation, "Attach"), strings.HasPrefix(operation, "Detach"):
		return keys{}.policy(in.PolicyArn)
	case strings.HasPrefix(operation, "Put") && strings.HasSuffix(operation, "PermissionsBoundary"):
		return keys{}.boundary(in.PermissionsBoundary)
	}
	return taggingKeys(operation, in.Tags, in.TagKeys)
}

// doing makes an operation on an entity that answers nothing.
func doing(s *iam.Service, k ownerKind, name string, do func(ctx context.Context, o iam.Owner, in *OwnerInput) error) api.Operation {
	return onOwner(s, k, name, func(ctx context.Context, o iam.Owner, in *OwnerInput) (*Empty, error) {
		return &Empty{}, do(ctx, o, in)
	})
}

// policyOperations are those on the inline and attached policies of one kind of entity.
func policyOperations(s *iam.Service, k ownerKind) []api.Operation {
	return []api.Operation{
		doing(s, k, "Put"+k.title+"Policy", func(ctx context.Context, o iam.Owner, in *OwnerInput) error {
			return s.PutPolicy(ctx, o, in.PolicyName, in.PolicyDocument)
		}),
		doing(s, k, "Delete"+k.title+"Policy", func(ctx context.Context, o iam.Owner, in *OwnerInput) error {
			return s.DeletePolicy(ctx, o, in.PolicyName)
		}),
		doing(s, k, "Attach"+k.title+"Policy", func(ctx context.Context, o iam.Owner, in *OwnerInput) error {
			return s.Attach(ctx, o, in.PolicyArn)
		}),
		doing(s, k, "Detach"+k.title+"Policy", func(ctx context.Context, o iam.Owner, in *OwnerInput) error {
			return s.Detach(ctx, o, in.PolicyArn)
		}),
		onOwner(s, k, "Get"+k.title+"Policy", func(ctx context.Context, o iam.Owner, in *OwnerInput) (*InlinePolicyOutput, error) {
			document, err := s.Policy(ctx, o, in.PolicyName)
			return &InlinePolicyOutput{in.UserName, in.GroupName, in.RoleName, in.PolicyName, escape(document)}, err
		}),
		onOwner(s, k, "List"+k.title+"Policies", func(ctx context.Context, o iam.Owner, in *OwnerInput) (*InlinePoliciesOutput, error) {
			names, err := s.Policies(ctx, o)
			if err != nil {
				return nil, err
			}
			page, paged, err := cut(&in.Page, names, func(n *string) string { return *n })
			return &InlinePoliciesOutput{append([]string{}, page...), paged}, err
		}),
		onOwner(s, k, "ListAttached"+k.title+"Policies", func(ctx context.Context, o iam.Owner, in *OwnerInput) (*AttachedPoliciesOutput, error) {
			list, err := s.Attached(ctx, o, in.PathPrefix)
			if err != nil {
				return nil, err
			}
			page, paged, err := cut(&in.Page, list, func(p *iam.PolicyRef) string { return p.ARN })
			return &AttachedPoliciesOutput{shown(page, func(p *iam.PolicyRef) AttachedPolicy { return AttachedPolicy{p.Name, p.ARN} }), paged}, err
		}),
	}
}

// personOperations are those that users and roles have beyond groups.
func personOperations(s *iam.Service, k ownerKind) []api.Operation {
	return []api.Operation{
		doing(s, k, "Put"+k.title+"PermissionsBoundary", func(ctx context.Context, o iam.Owner, in *OwnerInput) error {
			return s.SetBoundary(ctx, o, in.PermissionsBoundary)
		}),
		doing(s, k, "Delete"+k.title+"PermissionsBoundary", func(ctx context.Context, o iam.Owner, _ *OwnerInput) error {
			return s.DeleteBoundary(ctx, o)
		}),
		doing(s, k, "Tag"+k.title, func(ctx context.Context, o iam.Owner, in *OwnerInput) error {
			return s.Tag(ctx, o, in.Tags)
		}),
		doing(s, k, "Untag"+k.title, func(ctx context.Context, o iam.Owner, in *OwnerInput) error {
			return s.Untag(ctx, o, in.TagKeys)
		}),
		onOwner(s, k, "List"+k.title+"Tags", func(ctx context.Context, o iam.Owner, in *OwnerInput) (*TagsOutput, error) {
			tags, err := s.Tags(ctx, o)
			return tagsPage(&in.Page, tags, err)
		}),
	}
}
