package iamapi

import (
	"context"
	"time"

	"waybill/internal/api"
	"waybill/internal/iam"
)

// Group is IAM's Group.
type Group struct {
	Path       string
	GroupName  string
	GroupId    string
	Arn        string
	CreateDate time.Time
}

func wireGroup(g *iam.Group) Group { return Group{g.Path, g.Name, g.ID, g.ARN(), g.Created} }

// CreateGroupInput is IAM's.
type CreateGroupInput struct{ GroupName, Path string }

// GroupOutput is CreateGroup's.
type GroupOutput struct{ Group Group }

// GetGroupOutput is IAM's: the group and a page of its users.
type GetGroupOutput struct {
	Group Group
	Users []User
	Paged
}

// ListGroupsInput is IAM's.
type ListGroupsInput = ListUsersInput

// ListGroupsOutput is IAM's.
type ListGroupsOutput struct {
	Groups []Group
	Paged
}

// UpdateGroupInput is IAM's; a nil member stays as it is.
type UpdateGroupInput struct {
	GroupName             string
	NewGroupName, NewPath *string
}

func groupOperations(s *iam.Service) []api.Operation {
	return []api.Operation{
		createGroup(s), getGroup(s), listGroups(s), updateGroup(s),
		doing(s, groups, "DeleteGroup", func(ctx context.Context, o iam.Owner, _ *OwnerInput) error {
			return s.DeleteGroup(ctx, o.Account, o.Name)
		}),
		doing(s, groups, "AddUserToGroup", func(ctx context.Context, o iam.Owner, in *OwnerInput) error {
			if err := required(in.UserName, "userName"); err != nil {
				return err
			}
			return s.AddUserToGroup(ctx, o.Account, o.Name, in.UserName)
		}),
		doing(s, groups, "RemoveUserFromGroup", func(ctx context.Context, o iam.Owner, in *OwnerInput) error {
			if err := required(in.UserName, "userName"); err != nil {
				return err
			}
			return s.RemoveUserFromGroup(ctx, o.Account, o.Name, in.UserName)
		}),
	}
}

func createGroup(s *iam.Service) api.Operation {
	return api.Define("iam", "CreateGroup",
		func(c *api.Call, in *CreateGroupInput) ([]api.Need, error) {
			return onPath(c, "CreateGroup", "group", in.Path, in.GroupName, nil), nil
		},
		func(ctx context.Context, c *api.Call, in *CreateGroupInput) (*GroupOutput, error) {
			g, err := s.CreateGroup(ctx, c.Caller.Account, in.Path, in.GroupName)
			return &GroupOutput{wireGroup(&g)}, err
		})
}

func getGroup(s *iam.Service) api.Operation {
	return onOwner(s, groups, "GetGroup", func(ctx context.Context, o iam.Owner, in *OwnerInput) (*GetGroupOutput, error) {
		g, err := s.Group(ctx, o.Account, o.Name)
		if err != nil {
			return nil, err
		}
		members, err := s.GroupMembers(ctx, o.Account, o.Name)
		if err != nil {
			return nil, err
		}
		page, paged, err := cut(&in.Page, members, func(u *iam.User) string { return iam.Fold(u.Name) })
		return &GetGroupOutput{wireGroup(&g), shown(page, listedUser), paged}, err
	})
}

func listGroups(s *iam.Service) api.Operation {
	return api.Define("iam", "ListGroups",
		func(c *api.Call, in *ListGroupsInput) ([]api.Need, error) {
			return onPath(c, "ListGroups", "group", in.PathPrefix, "", nil), nil
		},
		func(ctx context.Context, c *api.Call, in *ListGroupsInput) (*ListGroupsOutput, error) {
			page, paged, err := listing(ctx, c, &in.Page, in.PathPrefix, s.Groups, func(g *iam.Group) string { return g.Name })
			return &ListGroupsOutput{shown(page, wireGroup), paged}, err
		})
}

// updateGroup needs the permission on the group under both names.
func updateGroup(s *iam.Service) api.Operation {
	return api.Define("iam", "UpdateGroup",
		func(c *api.Call, in *UpdateGroupInput) ([]api.Need, error) {
			return onRename(s, "UpdateGroup", groupOf(c, in.GroupName), "groupName", in.NewGroupName, in.NewPath)
		},
		func(ctx context.Context, c *api.Call, in *UpdateGroupInput) (*Empty, error) {
			return &Empty{}, s.UpdateGroup(ctx, c.Caller.Account, in.GroupName, in.NewGroupName, in.NewPath)
		})
}
