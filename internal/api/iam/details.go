package iamapi

import (
	"context"
	"fmt"
	"slices"
	"time"

	"waybill/internal/api"
	"waybill/internal/iam"
)

// DetailsInput is GetAccountAuthorizationDetails'.
type DetailsInput struct {
	Filter []string
	Page
}

// DetailsOutput is GetAccountAuthorizationDetails'.
type DetailsOutput struct {
	UserDetailList  []UserDetail
	GroupDetailList []GroupDetail
	RoleDetailList  []RoleDetail
	Policies        []PolicyDetails
	Paged
}

// InlinePolicy is IAM's PolicyDetail.
type InlinePolicy struct{ PolicyName, PolicyDocument string }

// UserDetail, GroupDetail and RoleDetail are entities with all their policies.
type (
	UserDetail struct {
		Path, UserName, UserId, Arn string
		CreateDate                  time.Time
		GroupList                   []string
		UserPolicyList              []InlinePolicy
		AttachedManagedPolicies     []AttachedPolicy
		PermissionsBoundary         *AttachedBoundary
		Tags                        []iam.Tag
	}
	GroupDetail struct {
		Path, GroupName, GroupId, Arn string
		CreateDate                    time.Time
		GroupPolicyList               []InlinePolicy
		AttachedManagedPolicies       []AttachedPolicy
	}
	RoleDetail struct {
		Path, RoleName, RoleId, Arn string
		CreateDate                  time.Time
		AssumeRolePolicyDocument    string
		InstanceProfileList         []Empty
		RolePolicyList              []InlinePolicy
		AttachedManagedPolicies     []AttachedPolicy
		PermissionsBoundary         *AttachedBoundary
		RoleLastUsed                *RoleLastUsed
		Tags                        []iam.Tag
	}
)

// PolicyDetails is IAM's ManagedPolicyDetail: a policy with all its versions.
type PolicyDetails struct {
	Policy
	PolicyVersionList []PolicyVersion
}

// detail is an entry that is filled in when its page is known.
type detail struct {
	key string
	add func(ctx context.Context, out *DetailsOutput) error
}

// The kinds of entry, in the order in which they are paged through.
var detailKinds = []string{"User", "Group", "Role", "LocalManagedPolicy", "AWSManagedPolicy"}

func authorizationDetails(s *iam.Service) api.Operation {
	return api.Define("iam", "GetAccountAuthorizationDetails", onAccount[DetailsInput]("GetAccountAuthorizationDetails"),
		func(ctx context.Context, c *api.Call, in *DetailsInput) (*DetailsOutput, error) {
			var p iam.Problems
			for i, f := range in.Filter {
				oneOf(&p, f, fmt.Sprintf("filter.%d.member", i+1), detailKinds...)
			}
			if err := p.Err(); err != nil {
				return nil, err
			}
			d := detailer{s, c.Caller.Account, in.Filter}
			all, err := d.entries(ctx)
			if err != nil {
				return nil, err
			}
			page, paged, err := cut(&in.Page, all, func(d *detail) string { return d.key })
			out := &DetailsOutput{[]UserDetail{}, []GroupDetail{}, []RoleDetail{}, []PolicyDetails{}, paged}
			for _, entry := range page {
				if err := entry.add(ctx, out); err != nil {
					return nil, err
				}
			}
			return out, err
		})
}

// detailer gathers the entries of an account.
type detailer struct {
	s       *iam.Service
	account string
	filter  []string // empty for all
}

func (d detailer) wants(kind string) bool {
	return len(d.filter) == 0 || slices.Contains(d.filter, kind)
}

func (d detailer) entries(ctx context.Context) ([]detail, error) {
	var all []detail
	everything := iam.Listing{Account: d.account}
	if d.wants("User") {
		list, _, err := d.s.Users(ctx, everything)
		if err != nil {
			return nil, err
		}
		for i := range list {
			all = append(all, detail{"1/" + iam.Fold(list[i].Name), func(ctx context.Context, out *DetailsOutput) error { return d.user(ctx, &list[i], out) }})
		}
	}
	if d.wants("Group") {
		list, _, err := d.s.Groups(ctx, everything)
		if err != nil {
			return nil, err
		}
		for i := range list {
			all = append(all, detail{"2/" + iam.Fold(list[i].Name), func(ctx context.Context, out *DetailsOutput) error { return d.group(ctx, &list[i], out) }})
		}
	}
	if d.wants("Role") {
		list, _, err := d.s.Roles(ctx, everything)
		if err != nil {
			return nil, err
		}
		for i := range list {
			all = append(all, detail{"3/" + iam.Fold(list[i].Name), func(ctx context.Context, out *DetailsOutput) error { return d.role(ctx, &list[i], out) }})
		}
	}
	// Of AWS's policies those that the account uses.
	for i, f := range []iam.PolicyFilter{{Own: true}, {AWS: true, OnlyAttached: true}} {
		if !d.wants(detailKinds[3+i]) {
			continue
		}
		list, err := d.s.ManagedPolicies(ctx, d.account, f)
		if err != nil {
			return nil, err
		}
		for j := range list {
			all = append(all, detail{fmt.Sprint(4+i, "/", list[j].SortKey()), func(ctx context.Context, out *DetailsOutput) error { return d.policy(ctx, &list[j], out) }})
		}
	}
	return all, nil
}

func inlineDetails(list []iam.InlinePolicy) []InlinePolicy {
	return shown(list, func(p *iam.InlinePolicy) InlinePolicy { return InlinePolicy{p.Name, escape(p.Document)} })
}

func attachedDetails(list []iam.PolicyRef) []AttachedPolicy {
	return shown(list, func(p *iam.PolicyRef) AttachedPolicy { return AttachedPolicy{p.Name, p.ARN} })
}

func (d detailer) user(ctx context.Context, u *iam.User, out *DetailsOutput) error {
	p, err := d.s.EntityPolicies(ctx, iam.Owner{Kind: iam.KindUser, Account: d.account, Name: u.Name})
	out.UserDetailList = append(out.UserDetailList, UserDetail{u.Path, u.Name, u.ID, u.ARN(), u.Created, append([]string{}, p.Groups...),
		inlineDetails(p.Inline), attachedDetails(p.Attached), wireBoundary(u.Boundary), append([]iam.Tag{}, u.Tags...)})
	return err
}

func (d detailer) group(ctx context.Context, g *iam.Group, out *DetailsOutput) error {
	p, err := d.s.EntityPolicies(ctx, iam.Owner{Kind: iam.KindGroup, Account: d.account, Name: g.Name})
	out.GroupDetailList = append(out.GroupDetailList, GroupDetail{g.Path, g.Name, g.ID, g.ARN(), g.Created,
		inlineDetails(p.Inline), attachedDetails(p.Attached)})
	return err
}

func (d detailer) role(ctx context.Context, r *iam.Role, out *DetailsOutput) error {
	p, err := d.s.EntityPolicies(ctx, iam.Owner{Kind: iam.KindRole, Account: d.account, Name: r.Name})
	w := detailedRole(r)
	out.RoleDetailList = append(out.RoleDetailList, RoleDetail{w.Path, w.RoleName, w.RoleId, w.Arn, w.CreateDate, w.AssumeRolePolicyDocument, []Empty{},
		inlineDetails(p.Inline), attachedDetails(p.Attached), w.PermissionsBoundary, w.RoleLastUsed, append([]iam.Tag{}, r.Tags...)})
	return err
}

func (d detailer) policy(ctx context.Context, p *iam.ManagedPolicy, out *DetailsOutput) error {
	versions, err := d.s.PolicyVersions(ctx, d.account, p.ARN)
	w := listedPolicy(p)
	w.Description = p.Description
	out.Policies = append(out.Policies, PolicyDetails{w, shown(versions, func(v *iam.PolicyVersion) PolicyVersion {
		one := listedVersion(v)
		one.Document = escape(v.Document)
		return one
	})})
	return err
}
