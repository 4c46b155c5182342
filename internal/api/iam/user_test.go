package iamapi_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

const allowAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

func tag(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }

func TestUserLifeCycle(t *testing.T) {
	v := newServer(t)
	c, ctx := v.administer(), t.Context()
	name := aws.String("Ann")
	made := ok(c.CreateUser(ctx, &sdk.CreateUserInput{UserName: name, Path: aws.String("/staff/"), Tags: []types.Tag{tag("team", "mail"), tag("Env", "")}}))(t).User
	if *made.Arn != "arn:aws:iam::111122223333:user/staff/Ann" || !strings.HasPrefix(*made.UserId, "AIDA") || len(*made.UserId) != 21 ||
		*made.Path != "/staff/" || len(made.Tags) != 2 || *made.Tags[0].Key != "Env" || made.PasswordLastUsed != nil || made.PermissionsBoundary != nil {
		t.Errorf("made %+v", made)
	}
	recent(t, "CreateDate", made.CreateDate)
	_, err := c.CreateUser(ctx, &sdk.CreateUserInput{UserName: aws.String("ANN")})
	wantError(t, err, 409, "EntityAlreadyExists", "User with name ANN already exists.")

	got := ok(c.GetUser(ctx, &sdk.GetUserInput{UserName: name}))(t).User
	if *got.UserId != *made.UserId || len(got.Tags) != 2 {
		t.Errorf("got %+v", got)
	}
	self := ok(c.GetUser(ctx, &sdk.GetUserInput{}))(t).User
	if *self.UserName != "administrator" {
		t.Errorf("GetUser without a name is %s, want the caller", *self.UserName)
	}

	ok(c.TagUser(ctx, &sdk.TagUserInput{UserName: name, Tags: []types.Tag{tag("ENV", "test")}}))(t)
	ok(c.UntagUser(ctx, &sdk.UntagUserInput{UserName: name, TagKeys: []string{"team", "none"}}))(t)
	tags := ok(c.ListUserTags(ctx, &sdk.ListUserTagsInput{UserName: name}))(t)
	if len(tags.Tags) != 1 || *tags.Tags[0].Key != "ENV" || *tags.Tags[0].Value != "test" {
		t.Errorf("tags %v", tags.Tags)
	}

	ok(c.UpdateUser(ctx, &sdk.UpdateUserInput{UserName: name, NewUserName: aws.String("Anna"), NewPath: aws.String("/")}))(t)
	_, err = c.GetUser(ctx, &sdk.GetUserInput{UserName: name})
	wantError(t, err, 404, "NoSuchEntity", "The user with name Ann cannot be found.")
	name = aws.String("Anna")
	got = ok(c.GetUser(ctx, &sdk.GetUserInput{UserName: name}))(t).User
	if *got.UserId != *made.UserId || *got.Arn != "arn:aws:iam::111122223333:user/Anna" {
		t.Errorf("renamed to %+v", got)
	}
	_, err = c.UpdateUser(ctx, &sdk.UpdateUserInput{UserName: name, NewUserName: aws.String("Administrator")})
	wantError(t, err, 409, "EntityAlreadyExists", "User with name Administrator already exists.")
	ok(c.DeleteUser(ctx, &sdk.DeleteUserInput{UserName: name}))(t)
	_, err = c.DeleteUser(ctx, &sdk.DeleteUserInput{UserName: name})
	wantError(t, err, 404, "NoSuchEntity", "The user with name Anna cannot be found.")
}

// TestDeleteUserConflicts takes away one thing after the other, and meets AWS's
// refusal for each.
func TestDeleteUserConflicts(t *testing.T) {
	v := newServer(t)
	c, ctx := v.administer(), t.Context()
	u, g, p := aws.String("u"), aws.String("g"), aws.String("p")
	readOnly := aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")
	ok(c.CreateUser(ctx, &sdk.CreateUserInput{UserName: u}))(t)
	ok(c.CreateGroup(ctx, &sdk.CreateGroupInput{GroupName: g}))(t)
	ok(c.AddUserToGroup(ctx, &sdk.AddUserToGroupInput{GroupName: g, UserName: u}))(t)
	ok(c.PutUserPolicy(ctx, &sdk.PutUserPolicyInput{UserName: u, PolicyName: p, PolicyDocument: aws.String(allowAll)}))(t)
	ok(c.AttachUserPolicy(ctx, &sdk.AttachUserPolicyInput{UserName: u, PolicyArn: readOnly}))(t)
	ok(c.CreateLoginProfile(ctx, &sdk.CreateLoginProfileInput{UserName: u, Password: aws.String("Correct-Horse-1")}))(t)
	key := ok(c.CreateAccessKey(ctx, &sdk.CreateAccessKeyInput{UserName: u}))(t).AccessKey
	for _, step := range []struct {
		must string
		do   func() error
	}{
		{"delete login profile", func() error {
			_, err := c.DeleteLoginProfile(ctx, &sdk.DeleteLoginProfileInput{UserName: u})
			return err
		}},
		{"delete access keys", func() error {
			_, err := c.DeleteAccessKey(ctx, &sdk.DeleteAccessKeyInput{UserName: u, AccessKeyId: key.AccessKeyId})
			return err
		}},
		{"remove users from group", func() error {
			_, err := c.RemoveUserFromGroup(ctx, &sdk.RemoveUserFromGroupInput{UserName: u, GroupName: g})
			return err
		}},
		{"detach all policies", func() error {
			_, err := c.DetachUserPolicy(ctx, &sdk.DetachUserPolicyInput{UserName: u, PolicyArn: readOnly})
			return err
		}},
		{"delete policies", func() error {
			_, err := c.DeleteUserPolicy(ctx, &sdk.DeleteUserPolicyInput{UserName: u, PolicyName: p})
			return err
		}},
	} {
		_, err := c.DeleteUser(ctx, &sdk.DeleteUserInput{UserName: u})
		wantError(t, err, 409, "DeleteConflict", "Cannot delete entity, must "+step.must+" first.")
		must(t, step.do())
	}
	ok(c.DeleteUser(ctx, &sdk.DeleteUserInput{UserName: u}))(t)
}

func TestUserRefusals(t *testing.T) {
	v := newServer(t)
	c, ctx := v.administer(), t.Context()
	create := func(in sdk.CreateUserInput) error { _, err := c.CreateUser(ctx, &in); return err }
	long := strings.Repeat("x", 65)
	for name, f := range map[string]struct {
		err        error
		status     int
		code, text string
	}{
		"long name": {create(sdk.CreateUserInput{UserName: &long}), 400, "ValidationError",
			"1 validation error detected: Value '" + long + "' at 'userName' failed to satisfy constraint: Member must have length less than or equal to 64"},
		"name": {create(sdk.CreateUserInput{UserName: aws.String("a b")}), 400, "ValidationError",
			"The specified value for userName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"},
		"path": {create(sdk.CreateUserInput{UserName: aws.String("a"), Path: aws.String("staff")}), 400, "ValidationError",
			"The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters."},
		"boundary that is not there": {create(sdk.CreateUserInput{UserName: aws.String("a"), PermissionsBoundary: aws.String("arn:aws:iam::111122223333:policy/none")}), 404, "NoSuchEntity",
			"Scope ARN: arn:aws:iam::111122223333:policy/none does not exist or is not attachable."},
		"too many tags": {create(sdk.CreateUserInput{UserName: aws.String("a"), Tags: make51Tags()}), 409, "LimitExceeded", "Cannot exceed quota for TagsPerUser: 50"},
		"tag twice": {create(sdk.CreateUserInput{UserName: aws.String("a"), Tags: []types.Tag{tag("k", "1"), tag("K", "2")}}), 400, "InvalidInput",
			"Duplicate tag keys found. Please note that Tag keys are case insensitive."},
	} {
		t.Run(name, func(t *testing.T) { wantError(t, f.err, f.status, f.code, f.text) })
	}
	if list := ok(c.ListUsers(ctx, &sdk.ListUsersInput{}))(t); len(list.Users) != 1 {
		t.Errorf("refused requests made users: %v", list.Users)
	}
	_, err := c.ListUsers(ctx, &sdk.ListUsersInput{MaxItems: aws.Int32(1001)})
	wantError(t, err, 400, "ValidationError",
		"1 validation error detected: Value '1001' at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 1000")
	_, err = c.ListUsers(ctx, &sdk.ListUsersInput{Marker: aws.String("*")})
	wantError(t, err, 400, "ValidationError", "Invalid Marker.")
}

func make51Tags() []types.Tag {
	var list []types.Tag
	for i := range 51 {
		list = append(list, tag(strings.Repeat("k", i+1), "v"))
	}
	return list
}

// TestPages goes through every kind of list with the SDK's paginators, two a page.
func TestPages(t *testing.T) {
	v := newServer(t)
	c, ctx := v.administer(), t.Context()
	two := aws.Int32(2)
	document := aws.String(allowAll)
	for _, name := range []string{"B", "a", "c", "D", "e"} {
		ok(c.CreateUser(ctx, &sdk.CreateUserInput{UserName: &name, Path: aws.String("/x/y/")}))(t)
		ok(c.CreateGroup(ctx, &sdk.CreateGroupInput{GroupName: &name, Path: aws.String("/x/y/")}))(t)
		ok(c.CreatePolicy(ctx, &sdk.CreatePolicyInput{PolicyName: &name, Path: aws.String("/x/y/"), PolicyDocument: document}))(t)
		ok(c.CreateRole(ctx, &sdk.CreateRoleInput{RoleName: &name, Path: aws.String("/x/y/"), AssumeRolePolicyDocument: aws.String(trustEvents)}))(t)
	}
	for _, name := range []string{"B", "a", "c", "D", "e"} {
		ok(c.AddUserToGroup(ctx, &sdk.AddUserToGroupInput{GroupName: aws.String("B"), UserName: &name}))(t)
		ok(c.AddUserToGroup(ctx, &sdk.AddUserToGroupInput{GroupName: &name, UserName: aws.String("e")}))(t)
		ok(c.PutRolePolicy(ctx, &sdk.PutRolePolicyInput{RoleName: aws.String("B"), PolicyName: &name, PolicyDocument: document}))(t)
		ok(c.AttachRolePolicy(ctx, &sdk.AttachRolePolicyInput{RoleName: aws.String("B"), PolicyArn: aws.String("arn:aws:iam::111122223333:policy/x/y/" + name)}))(t)
		ok(c.TagRole(ctx, &sdk.TagRoleInput{RoleName: aws.String("B"), Tags: []types.Tag{tag(name, "v")}}))(t)
	}
	folded, plain := "a,B | c,D | e", "B,D | a,c | e"
	prefix := aws.String("/x/")
	var pages pager
	users := sdk.NewListUsersPaginator(c, &sdk.ListUsersInput{PathPrefix: prefix, MaxItems: two})
	for users.HasMorePages() {
		for _, u := range ok(users.NextPage(ctx))(t).Users {
			pages.add(*u.UserName)
		}
		pages.turn()
	}
	pages.want(t, "users", folded)
	groups := sdk.NewListGroupsPaginator(c, &sdk.ListGroupsInput{PathPrefix: prefix, MaxItems: two})
	for groups.HasMorePages() {
		for _, g := range ok(groups.NextPage(ctx))(t).Groups {
			pages.add(*g.GroupName)
		}
		pages.turn()
	}
	pages.want(t, "groups", folded)
	roles := sdk.NewListRolesPaginator(c, &sdk.ListRolesInput{PathPrefix: prefix, MaxItems: two})
	for roles.HasMorePages() {
		for _, r := range ok(roles.NextPage(ctx))(t).Roles {
			pages.add(*r.RoleName)
		}
		pages.turn()
	}
	pages.want(t, "roles", folded)
	policies := sdk.NewListPoliciesPaginator(c, &sdk.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal, PathPrefix: prefix, MaxItems: two})
	for policies.HasMorePages() {
		for _, p := range ok(policies.NextPage(ctx))(t).Policies {
			pages.add(*p.PolicyName)
		}
		pages.turn()
	}
	pages.want(t, "policies", folded)
	members := sdk.NewGetGroupPaginator(c, &sdk.GetGroupInput{GroupName: aws.String("B"), MaxItems: two})
	for members.HasMorePages() {
		for _, u := range ok(members.NextPage(ctx))(t).Users {
			pages.add(*u.UserName)
		}
		pages.turn()
	}
	pages.want(t, "members", folded)
	mine := sdk.NewListGroupsForUserPaginator(c, &sdk.ListGroupsForUserInput{UserName: aws.String("e"), MaxItems: two})
	for mine.HasMorePages() {
		for _, g := range ok(mine.NextPage(ctx))(t).Groups {
			pages.add(*g.GroupName)
		}
		pages.turn()
	}
	pages.want(t, "groups of a user", folded)
	inline := sdk.NewListRolePoliciesPaginator(c, &sdk.ListRolePoliciesInput{RoleName: aws.String("B"), MaxItems: two})
	for inline.HasMorePages() {
		for _, name := range ok(inline.NextPage(ctx))(t).PolicyNames {
			pages.add(name)
		}
		pages.turn()
	}
	pages.want(t, "inline policies", plain)
	attached := sdk.NewListAttachedRolePoliciesPaginator(c, &sdk.ListAttachedRolePoliciesInput{RoleName: aws.String("B"), PathPrefix: prefix, MaxItems: two})
	for attached.HasMorePages() {
		for _, p := range ok(attached.NextPage(ctx))(t).AttachedPolicies {
			pages.add(*p.PolicyName)
		}
		pages.turn()
	}
	pages.want(t, "attached policies", plain)
	tags := sdk.NewListRoleTagsPaginator(c, &sdk.ListRoleTagsInput{RoleName: aws.String("B"), MaxItems: two})
	for tags.HasMorePages() {
		for _, tag := range ok(tags.NextPage(ctx))(t).Tags {
			pages.add(*tag.Key)
		}
		pages.turn()
	}
	pages.want(t, "tags", plain)
	details := sdk.NewGetAccountAuthorizationDetailsPaginator(c, &sdk.GetAccountAuthorizationDetailsInput{
		Filter: []types.EntityType{types.EntityTypeGroup, types.EntityTypeRole}, MaxItems: aws.Int32(3)})
	for details.HasMorePages() {
		page := ok(details.NextPage(ctx))(t)
		for _, g := range page.GroupDetailList {
			pages.add("g:" + *g.GroupName)
		}
		for _, r := range page.RoleDetailList {
			pages.add("r:" + *r.RoleName)
		}
		pages.turn()
	}
	pages.want(t, "details", "g:a,g:B,g:c | g:D,g:e,r:a | r:B,r:c,r:D | r:e")
}

// pager writes down what stood on which page.
type pager struct {
	text  strings.Builder
	inner []string
}

func (p *pager) add(name string) { p.inner = append(p.inner, name) }

func (p *pager) turn() {
	if p.text.Len() > 0 {
		p.text.WriteString(" | ")
	}
	p.text.WriteString(strings.Join(p.inner, ","))
	p.inner = nil
}

func (p *pager) want(t *testing.T, what, want string) {
	t.Helper()
	if got := p.text.String(); got != want {
		t.Errorf("%s: pages %s, want %s", what, got, want)
	}
	p.text.Reset()
}
