package iamapi

import (
	"context"
	"time"

	"waybill/internal/api"
	"waybill/internal/iam"
)

// User is IAM's User.
type User struct {
	Path                string
	UserName            string
	UserId              string
	Arn                 string
	CreateDate          time.Time
	PasswordLastUsed    *time.Time
	PermissionsBoundary *AttachedBoundary
	Tags                []iam.Tag `json:",omitempty"`
}

// AttachedBoundary is IAM's AttachedPermissionsBoundary.
type AttachedBoundary struct{ PermissionsBoundaryType, PermissionsBoundaryArn string }

func wireBoundary(policyARN string) *AttachedBoundary {
	if policyARN == "" {
		return nil
	}
	return &AttachedBoundary{"Policy", policyARN}
}

// listedUser is a user as lists show it: without boundary and tags.
func listedUser(u *iam.User) User {
	w := User{Path: u.Path, UserName: u.Name, UserId: u.ID, Arn: u.ARN(), CreateDate: u.Created}
	if !u.PasswordUsed.IsZero() {
		w.PasswordLastUsed = &u.PasswordUsed
	}
	return w
}

func wireUser(u *iam.User) User {
	w := listedUser(u)
	w.PermissionsBoundary, w.Tags = wireBoundary(u.Boundary), u.Tags
	return w
}

// CreateUserInput is IAM's.
type CreateUserInput struct {
	UserName            string
	Path                string
	PermissionsBoundary string
	Tags                []iam.Tag
}

// UserOutput is the output of operations that answer one user.
type UserOutput struct{ User User }

// UserInput is the input of operations that only name a user.
type UserInput struct {
	UserName string
	Page
}

func (in *UserInput) user() string { return in.UserName }

// ListUsersInput is IAM's.
type ListUsersInput struct {
	PathPrefix string
	Page
}

// ListUsersOutput is IAM's.
type ListUsersOutput struct {
	Users []User
	Paged
}

// UpdateUserInput is IAM's; a nil member stays as it is.
type UpdateUserInput struct {
	UserName             string
	NewUserName, NewPath *string
}

func userOperations(s *iam.Service) []api.Operation {
	return []api.Operation{createUser(s), getUser(s), listUsers(s), updateUser(s), deleteUser(s), listGroupsForUser(s)}
}

func createUser(s *iam.Service) api.Operation {
	return api.Define("iam", "CreateUser",
		func(c *api.Call, in *CreateUserInput) ([]api.Need, error) {
			return onPath(c, "CreateUser", "user", in.Path, in.UserName, keys{}.requestTags(in.Tags).boundary(in.PermissionsBoundary)), nil
		},
		func(ctx context.Context, c *api.Call, in *CreateUserInput) (*UserOutput, error) {
			u, err := s.CreateUser(ctx, c.Caller.Account, iam.NewUser{Name: in.UserName, Path: in.Path, Boundary: in.PermissionsBoundary, Tags: in.Tags})
			return &UserOutput{wireUser(&u)}, err
		})
}

func getUser(s *iam.Service) api.Operation {
	return onUser(s, "GetUser", (*UserInput).user, func(ctx context.Context, o iam.Owner, _ *UserInput) (*UserOutput, error) {
		u, err := s.User(ctx, o.Account, o.Name)
		return &UserOutput{wireUser(&u)}, err
	})
}

func listUsers(s *iam.Service) api.Operation {
	return api.Define("iam", "ListUsers",
		func(c *api.Call, in *ListUsersInput) ([]api.Need, error) {
			return onPath(c, "ListUsers", "user", in.PathPrefix, "", nil), nil
		},
		func(ctx context.Context, c *api.Call, in *ListUsersInput) (*ListUsersOutput, error) {
			page, paged, err := listing(ctx, c, &in.Page, in.PathPrefix, s.Users, func(u *iam.User) string { return u.Name })
			return &ListUsersOutput{shown(page, listedUser), paged}, err
		})
}

// listing asks the service for one page of an account's entities.
func listing[T any](ctx context.Context, c *api.Call, p *Page, prefix string,
	list func(context.Context, iam.Listing) ([]T, bool, error), name func(*T) string) ([]T, Paged, error) {
	if prefix != "" {
		if err := iam.CheckPathPrefix(prefix); err != nil {
			return nil, Paged{}, err
		}
	}
	after, limit, err := p.bounds()
	if err != nil {
		return nil, Paged{}, err
	}
	page, more, err := list(ctx, iam.Listing{Account: c.Caller.Account, Prefix: prefix, After: after, Limit: limit})
	if err != nil || !more {
		return page, Paged{}, err
	}
	return page, following(true, name(&page[len(page)-1])), nil
}

// updateUser needs the permission on the user under both names.
func updateUser(s *iam.Service) api.Operation {
	return api.Define("iam", "UpdateUser",
		func(c *api.Call, in *UpdateUserInput) ([]api.Need, error) {
			return onRename(s, "UpdateUser", userOf(c, in.UserName), "userName", in.NewUserName, in.NewPath)
		},
		func(ctx context.Context, c *api.Call, in *UpdateUserInput) (*Empty, error) {
			return &Empty{}, s.UpdateUser(ctx, c.Caller.Account, in.UserName, in.NewUserName, in.NewPath)
		})
}

func onRename(s *iam.Service, action string, o iam.Owner, member string, newName, newPath *string) ([]api.Need, error) {
	if err := required(o.Name, member); err != nil {
		return nil, err
	}
	e, err := s.Entity(context.Background(), o)
	if err != nil {
		return nil, err
	}
	before := needs(action, e.ARN(), keys{}.resourceTags(e.Tags))
	if newName != nil {
		e.Name = *newName
	}
	if newPath != nil {
		e.Path = *newPath
	}
	if e.ARN() == before[0].Resource {
		return before, nil
	}
	return append(before, needs(action, e.ARN(), keys{}.resourceTags(e.Tags))...), nil
}

func deleteUser(s *iam.Service) api.Operation {
	return doing(s, users, "DeleteUser", func(ctx context.Context, o iam.Owner, _ *OwnerInput) error {
		return s.DeleteUser(ctx, o.Account, o.Name)
	})
}

// GroupsForUserOutput is the output of ListGroupsForUser.
type GroupsForUserOutput struct {
	Groups []Group
	Paged
}

func listGroupsForUser(s *iam.Service) api.Operation {
	return onOwner(s, users, "ListGroupsForUser", func(ctx context.Context, o iam.Owner, in *OwnerInput) (*GroupsForUserOutput, error) {
		list, err := s.UserGroups(ctx, o.Account, o.Name)
		if err != nil {
			return nil, err
		}
		page, paged, err := cut(&in.Page, list, func(g *iam.Group) string { return iam.Fold(g.Name) })
		return &GroupsForUserOutput{shown(page, wireGroup), paged}, err
	})
}
