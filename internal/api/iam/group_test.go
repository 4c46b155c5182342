package iamapi_test

import (
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"
)

const denyRoles = `{"Version":"2012-10-17","Statement":[{"Sid":"No","Effect":"Deny","Action":"iam:ListRoles","Resource":"*"}]}`

func TestGroupLifeCycle(t *testing.T) {
	v := newServer(t)
	c, ctx := v.administer(), t.Context()
	g, u, p := aws.String("Mail"), aws.String("ann"), aws.String("p")
	made := ok(c.CreateGroup(ctx, &sdk.CreateGroupInput{GroupName: g, Path: aws.String("/teams/")}))(t).Group
	if *made.Arn != "arn:aws:iam::111122223333:group/teams/Mail" || (*made.GroupId)[:4] != "AGPA" {
		t.Errorf("made %+v", made)
	}
	_, err := c.CreateGroup(ctx, &sdk.CreateGroupInput{GroupName: aws.String("MAIL")})
	wantError(t, err, 409, "EntityAlreadyExists", "Group with name MAIL already exists.")
	_, err = c.AddUserToGroup(ctx, &sdk.AddUserToGroupInput{GroupName: g, UserName: u})
	wantError(t, err, 404, "NoSuchEntity", "The user with name ann cannot be found.")
	ann := v.user(t, "ann", "")

	// What the group may, its member may from the next request on.
	_, err = ann.ListRoles(ctx, &sdk.ListRolesInput{})
	wantError(t, err, 403, "AccessDenied", "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: iam:ListRoles on resource: "+
		"arn:aws:iam::111122223333:role/ because no identity-based policy allows the iam:ListRoles action")
	ok(c.AddUserToGroup(ctx, &sdk.AddUserToGroupInput{GroupName: g, UserName: u}))(t)
	ok(c.AttachGroupPolicy(ctx, &sdk.AttachGroupPolicyInput{GroupName: g, PolicyArn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")}))(t)
	ok(ann.ListRoles(ctx, &sdk.ListRolesInput{}))(t)
	ok(c.PutGroupPolicy(ctx, &sdk.PutGroupPolicyInput{GroupName: g, PolicyName: p, PolicyDocument: aws.String(denyRoles)}))(t)
	_, err = ann.ListRoles(ctx, &sdk.ListRolesInput{})
	wantError(t, err, 403, "AccessDenied", "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: iam:ListRoles on resource: "+
		"arn:aws:iam::111122223333:role/ with an explicit deny in an identity-based policy")

	document := ok(c.GetGroupPolicy(ctx, &sdk.GetGroupPolicyInput{GroupName: g, PolicyName: p}))(t)
	if text, err := url.PathUnescape(*document.PolicyDocument); err != nil || text != denyRoles || *document.GroupName != "Mail" {
		t.Errorf("policy %q, %v", text, err)
	}
	if list := ok(c.ListGroupPolicies(ctx, &sdk.ListGroupPoliciesInput{GroupName: g}))(t); len(list.PolicyNames) != 1 {
		t.Errorf("policies %v", list.PolicyNames)
	}
	if list := ok(c.ListAttachedGroupPolicies(ctx, &sdk.ListAttachedGroupPoliciesInput{GroupName: g}))(t); len(list.AttachedPolicies) != 1 {
		t.Errorf("attached %v", list.AttachedPolicies)
	}
	if got := ok(c.GetGroup(ctx, &sdk.GetGroupInput{GroupName: g}))(t); *got.Group.GroupId != *made.GroupId || len(got.Users) != 1 || *got.Users[0].UserName != "ann" {
		t.Errorf("group %+v of %+v", got.Group, got.Users)
	}

	// A renamed group is the same group.
	ok(c.UpdateGroup(ctx, &sdk.UpdateGroupInput{GroupName: g, NewGroupName: aws.String("Post")}))(t)
	g = aws.String("Post")
	_, err = ann.ListRoles(ctx, &sdk.ListRolesInput{})
	if err == nil {
		t.Error("the deny of the group is gone with its name")
	}
	for _, step := range []struct {
		must string
		do   func() error
	}{
		{"remove users from group", func() error {
			_, err := c.RemoveUserFromGroup(ctx, &sdk.RemoveUserFromGroupInput{GroupName: g, UserName: u})
			return err
		}},
		{"detach all policies", func() error {
			_, err := c.DetachGroupPolicy(ctx, &sdk.DetachGroupPolicyInput{GroupName: g, PolicyArn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")})
			return err
		}},
		{"delete policies", func() error {
			_, err := c.DeleteGroupPolicy(ctx, &sdk.DeleteGroupPolicyInput{GroupName: g, PolicyName: p})
			return err
		}},
	} {
		_, err := c.DeleteGroup(ctx, &sdk.DeleteGroupInput{GroupName: g})
		wantError(t, err, 409, "DeleteConflict", "Cannot delete entity, must "+step.must+" first.")
		must(t, step.do())
	}
	ok(c.DeleteGroup(ctx, &sdk.DeleteGroupInput{GroupName: g}))(t)
	_, err = c.GetGroup(ctx, &sdk.GetGroupInput{GroupName: g})
	wantError(t, err, 404, "NoSuchEntity", "The group with name Post cannot be found.")
}

// TestRenameNeedsBothNames is as AWS documents it: permission on the old and on
// the new name.
func TestRenameNeedsBothNames(t *testing.T) {
	v := newServer(t)
	c, ctx := v.administer(), t.Context()
	ok(c.CreateGroup(ctx, &sdk.CreateGroupInput{GroupName: aws.String("Managers")}))(t)
	clerk := v.user(t, "clerk", `{"Effect":"Allow","Action":"iam:UpdateGroup","Resource":"arn:aws:iam::*:group/Managers"}`)
	rename := &sdk.UpdateGroupInput{GroupName: aws.String("Managers"), NewGroupName: aws.String("MGRs")}
	_, err := clerk.UpdateGroup(ctx, rename)
	wantError(t, err, 403, "AccessDenied", "User: arn:aws:iam::111122223333:user/clerk is not authorized to perform: iam:UpdateGroup on resource: "+
		"arn:aws:iam::111122223333:group/MGRs because no identity-based policy allows the iam:UpdateGroup action")
	ok(c.UpdateGroup(ctx, rename))(t)
}
