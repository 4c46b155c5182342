package iamapi

import (
	"context"
	"time"

	"waybill/internal/api"
	"waybill/internal/iam"
)

// Role is IAM's Role.
type Role struct {
	Path                     string
	RoleName                 string
	RoleId                   string
	Arn                      string
	CreateDate               time.Time
	AssumeRolePolicyDocument string
	Description              string `json:",omitempty"`
	PermissionsBoundary      *AttachedBoundary
	Tags                     []iam.Tag `json:",omitempty"`
	// MaxSessionDuration is in seconds; CreateRole leaves it out.
	MaxSessionDuration *int
	RoleLastUsed       *RoleLastUsed
}

// RoleLastUsed is empty for a role that was never used.
type RoleLastUsed struct {
	LastUsedDate *time.Time
	Region       string `json:",omitempty"`
}

// wireRole is a role as CreateRole shows it.
func wireRole(r *iam.Role) Role {
	return Role{Path: r.Path, RoleName: r.Name, RoleId: r.ID, Arn: r.ARN(), CreateDate: r.Created,
		AssumeRolePolicyDocument: escape(r.Trust), Description: r.Description,
		PermissionsBoundary: wireBoundary(r.Boundary), Tags: r.Tags}
}

// detailedRole is a role as GetRole shows it.
func detailedRole(r *iam.Role) Role {
	w := wireRole(r)
	seconds := int(r.MaxSession / time.Second)
	w.MaxSessionDuration = &seconds
	w.RoleLastUsed = &RoleLastUsed{Region: r.LastRegion}
	if !r.LastUsed.IsZero() {
		w.RoleLastUsed.LastUsedDate = &r.LastUsed
	}
	return w
}

// CreateRoleInput is IAM's.
type CreateRoleInput struct {
	RoleName                 string
	Path                     string
	AssumeRolePolicyDocument string
	Description              string
	MaxSessionDuration       int
	PermissionsBoundary      string
	Tags                     []iam.Tag
}

// RoleOutput is the output of operations that answer one role.
type RoleOutput struct{ Role Role }

// GetRoleInput is the input of operations that only name a role.
type GetRoleInput struct{ RoleName string }

// GetRoleOutput is IAM's.
type GetRoleOutput = RoleOutput

func (in *GetRoleInput) name() string { return in.RoleName }

func createRole(s *iam.Service) api.Operation {
	return api.Define("iam", "CreateRole",
		func(c *api.Call, in *CreateRoleInput) ([]api.Need, error) {
			return onPath(c, "CreateRole", "role", in.Path, in.RoleName, keys{}.requestTags(in.Tags).boundary(in.PermissionsBoundary)), nil
		},
		func(ctx context.Context, c *api.Call, in *CreateRoleInput) (*RoleOutput, error) {
			r, err := s.CreateRole(ctx, c.Caller.Account, iam.NewRole{
				Name: in.RoleName, Path: in.Path, Trust: in.AssumeRolePolicyDocument, Description: in.Description,
				MaxSession: time.Duration(in.MaxSessionDuration) * time.Second, Boundary: in.PermissionsBoundary, Tags: in.Tags,
			})
			if err != nil {
				return nil, err
			}
			return &RoleOutput{wireRole(&r)}, nil
		})
}

func getRole(s *iam.Service) api.Operation {
	return api.Define("iam", "GetRole", onRole(s, "GetRole", (*GetRoleInput).name),
		func(ctx context.Context, c *api.Call, in *GetRoleInput) (*GetRoleOutput, error) {
			r, err := s.Role(ctx, c.Caller.Account, in.RoleName)
			if err != nil {
				return nil, err
			}
			return &GetRoleOutput{detailedRole(&r)}, nil
		})
}

func deleteRole(s *iam.Service) api.Operation {
	return api.Define("iam", "DeleteRole", onRole(s, "DeleteRole", (*GetRoleInput).name),
		func(ctx context.Context, c *api.Call, in *GetRoleInput) (*Empty, error) {
			return &Empty{}, s.DeleteRole(ctx, c.Caller.Account, in.RoleName)
		})
}

// ListRolesInput is IAM's.
type ListRolesInput struct {
	PathPrefix string
	Page
}

// ListRolesOutput is IAM's.
type ListRolesOutput struct {
	Roles []Role
	Paged
}

func listRoles(s *iam.Service) api.Operation {
	return api.Define("iam", "ListRoles",
		func(c *api.Call, in *ListRolesInput) ([]api.Need, error) {
			return onPath(c, "ListRoles", "role", in.PathPrefix, "", nil), nil
		},
		func(ctx context.Context, c *api.Call, in *ListRolesInput) (*ListRolesOutput, error) {
			page, paged, err := listing(ctx, c, &in.Page, in.PathPrefix, s.Roles, func(r *iam.Role) string { return r.Name })
			return &ListRolesOutput{shown(page, listedRole), paged}, err
		})
}

// listedRole is a role as ListRoles shows it: without boundary and tags.
func listedRole(r *iam.Role) Role {
	w := wireRole(r)
	seconds := int(r.MaxSession / time.Second)
	w.MaxSessionDuration = &seconds
	w.PermissionsBoundary, w.Tags = nil, nil
	return w
}

// UpdateRoleInput is IAM's; a nil member stays as it is.
type UpdateRoleInput struct {
	RoleName           string
	Description        *string
	MaxSessionDuration *int
}

func updateRole(s *iam.Service) api.Operation {
	return api.Define("iam", "UpdateRole", onRole(s, "UpdateRole", func(in *UpdateRoleInput) string { return in.RoleName }),
		func(ctx context.Context, c *api.Call, in *UpdateRoleInput) (*EmptyResult, error) {
			var longest *time.Duration
			if in.MaxSessionDuration != nil {
				d := time.Duration(*in.MaxSessionDuration) * time.Second
				longest = &d
			}
			_, err := s.UpdateRole(ctx, c.Caller.Account, in.RoleName, in.Description, longest)
			return &EmptyResult{}, err
		})
}

// updateRoleDescription is the older form of updateRole, which answers the role.
func updateRoleDescription(s *iam.Service) api.Operation {
	return api.Define("iam", "UpdateRoleDescription", onRole(s, "UpdateRoleDescription", func(in *UpdateRoleInput) string { return in.RoleName }),
		func(ctx context.Context, c *api.Call, in *UpdateRoleInput) (*RoleOutput, error) {
			if in.Description == nil {
				return nil, required("", "description")
			}
			r, err := s.UpdateRole(ctx, c.Caller.Account, in.RoleName, in.Description, nil)
			return &RoleOutput{wireRole(&r)}, err
		})
}

// UpdateAssumeRolePolicyInput is IAM's.
type UpdateAssumeRolePolicyInput struct{ RoleName, PolicyDocument string }

func updateAssumeRolePolicy(s *iam.Service) api.Operation {
	return api.Define("iam", "UpdateAssumeRolePolicy",
		onRole(s, "UpdateAssumeRolePolicy", func(in *UpdateAssumeRolePolicyInput) string { return in.RoleName }),
		func(ctx context.Context, c *api.Call, in *UpdateAssumeRolePolicyInput) (*Empty, error) {
			return &Empty{}, s.UpdateTrust(ctx, c.Caller.Account, in.RoleName, in.PolicyDocument)
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

// onRole needs an action on the role that the input names.
func onRole[In any](s *iam.Service, action string, name func(*In) string) func(*api.Call, *In) ([]api.Need, error) {
	return func(c *api.Call, in *In) ([]api.Need, error) {
		if err := required(name(in), "roleName"); err != nil {
			return nil, err
		}
		return onEntity(s, action, roleOf(c, name(in)), nil)
	}
}

func roleOperations(s *iam.Service) []api.Operation {
	return []api.Operation{
		createRole(s), getRole(s), listRoles(s), deleteRole(s), updateRole(s), updateRoleDescription(s), updateAssumeRolePolicy(s),
		listInstanceProfilesForRole(s),
		createServiceLinkedRole(s), deleteServiceLinkedRole(s), getServiceLinkedRoleDeletionStatus(s),
	}
}
