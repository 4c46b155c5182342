package iamapi_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// TestBoundaryNarrows: an administrator within a boundary may what both allow.
func TestBoundaryNarrows(t *testing.T) {
	v := newServer(t)
	c, ctx := v.administer(), t.Context()
	bounded := v.user(t, "ann", `{"Effect":"Allow","Action":"*","Resource":"*"}`)
	boundary := ok(c.CreatePolicy(ctx, &sdk.CreatePolicyInput{PolicyName: aws.String("edge"), PolicyDocument: aws.String(allowListUsers)}))(t).Policy.Arn
	ok(bounded.ListRoles(ctx, &sdk.ListRolesInput{}))(t)
	ok(c.PutUserPermissionsBoundary(ctx, &sdk.PutUserPermissionsBoundaryInput{UserName: aws.String("ann"), PermissionsBoundary: boundary}))(t)
	ok(bounded.ListUsers(ctx, &sdk.ListUsersInput{}))(t)
	_, err := bounded.ListRoles(ctx, &sdk.ListRolesInput{})
	wantError(t, err, 403, "AccessDenied", "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: iam:ListRoles on resource: "+
		"arn:aws:iam::111122223333:role/ because no permissions boundary allows the iam:ListRoles action")
	shown := ok(c.GetUser(ctx, &sdk.GetUserInput{UserName: aws.String("ann")}))(t).User.PermissionsBoundary
	if *shown.PermissionsBoundaryArn != *boundary || shown.PermissionsBoundaryType != "Policy" {
		t.Errorf("boundary %+v", shown)
	}
	_, err = c.DeletePolicy(ctx, &sdk.DeletePolicyInput{PolicyArn: boundary})
	wantError(t, err, 409, "DeleteConflict", "Cannot delete a policy attached to entities.")
	for range 2 { // having none is fine
		ok(c.DeleteUserPermissionsBoundary(ctx, &sdk.DeleteUserPermissionsBoundaryInput{UserName: aws.String("ann")}))(t)
	}
	ok(bounded.ListRoles(ctx, &sdk.ListRolesInput{}))(t)
}

// TestDelegation is the user guide's way to let somebody make users without
// letting them make administrators: only under a boundary, only these policies,
// only with these tags.
func TestDelegation(t *testing.T) {
	v := newServer(t)
	c, ctx := v.administer(), t.Context()
	boundary := ok(c.CreatePolicy(ctx, &sdk.CreatePolicyInput{PolicyName: aws.String("edge"), PolicyDocument: aws.String(allowListUsers)}))(t).Policy.Arn
	edge := `"StringEquals":{"iam:PermissionsBoundary":"` + *boundary + `"}`
	clerk := v.user(t, "clerk", `{"Effect":"Allow","Action":["iam:CreateUser","iam:PutUserPolicy","iam:DeleteUserPolicy","iam:CreateRole"],"Resource":"*","Condition":{`+edge+`}},
		{"Effect":"Allow","Action":["iam:AttachUserPolicy","iam:DetachUserPolicy"],"Resource":"*","Condition":{`+edge+`,"ArnEquals":{"iam:PolicyARN":"arn:aws:iam::aws:policy/ReadOnlyAccess"}}},
		{"Effect":"Allow","Action":"iam:TagUser","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/team":"mail"},"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}},
		{"Effect":"Allow","Action":"iam:UntagUser","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}},
		{"Effect":"Allow","Action":"iam:DeleteUser","Resource":"*","Condition":{"StringEquals":{"iam:ResourceTag/team":"mail"}}}`)
	name, admin, readOnly := aws.String("new"), aws.String("arn:aws:iam::aws:policy/AdministratorAccess"), aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")
	refused := func(what string, err error) {
		t.Helper()
		var denied bool
		if err != nil {
			denied = isDenied(err)
		}
		if !denied {
			t.Errorf("%s: %v, want AccessDenied", what, err)
		}
	}
	trust := aws.String(trustEvents)
	refused("user without a boundary", second(clerk.CreateUser(ctx, &sdk.CreateUserInput{UserName: name})))
	refused("user within another", second(clerk.CreateUser(ctx, &sdk.CreateUserInput{UserName: name, PermissionsBoundary: admin})))
	refused("role without a boundary", second(clerk.CreateRole(ctx, &sdk.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: trust})))
	ok(clerk.CreateRole(ctx, &sdk.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: trust, PermissionsBoundary: boundary}))(t)
	ok(clerk.CreateUser(ctx, &sdk.CreateUserInput{UserName: name, PermissionsBoundary: boundary}))(t)
	ok(clerk.PutUserPolicy(ctx, &sdk.PutUserPolicyInput{UserName: name, PolicyName: aws.String("p"), PolicyDocument: aws.String(allowAll)}))(t)
	refused("policy of somebody without the boundary",
		second(clerk.PutUserPolicy(ctx, &sdk.PutUserPolicyInput{UserName: aws.String("clerk"), PolicyName: aws.String("p"), PolicyDocument: aws.String(allowAll)})))
	// Members of other operations sent along do not count as conditions met.
	self := v.credentials["clerk"]
	for _, form := range []url.Values{
		{"Action": {"PutUserPolicy"}, "UserName": {"clerk"}, "PolicyName": {"p"}, "PolicyDocument": {allowAll}, "PermissionsBoundary": {*boundary}},
		{"Action": {"UntagUser"}, "UserName": {"new"}, "TagKeys.member.1": {"x"}, "Tags.member.1.Key": {"team"}, "Tags.member.1.Value": {"mail"}},
	} {
		if status, body := v.post(t, self, form); status != 403 || !strings.Contains(body, "<Code>AccessDenied</Code>") {
			t.Errorf("%s with a foreign member: %d %s", form.Get("Action"), status, body)
		}
	}
	refused("attach administrator", second(clerk.AttachUserPolicy(ctx, &sdk.AttachUserPolicyInput{UserName: name, PolicyArn: admin})))
	ok(clerk.AttachUserPolicy(ctx, &sdk.AttachUserPolicyInput{UserName: name, PolicyArn: readOnly}))(t)
	ok(clerk.DetachUserPolicy(ctx, &sdk.DetachUserPolicyInput{UserName: name, PolicyArn: readOnly}))(t)
	refused("take the boundary away", second(clerk.DeleteUserPermissionsBoundary(ctx, &sdk.DeleteUserPermissionsBoundaryInput{UserName: name})))

	refused("another value", second(clerk.TagUser(ctx, &sdk.TagUserInput{UserName: name, Tags: []types.Tag{tag("team", "sales")}})))
	refused("another key too", second(clerk.TagUser(ctx, &sdk.TagUserInput{UserName: name, Tags: []types.Tag{tag("team", "mail"), tag("x", "")}})))
	refused("delete without the tag", second(clerk.DeleteUser(ctx, &sdk.DeleteUserInput{UserName: name})))
	ok(clerk.TagUser(ctx, &sdk.TagUserInput{UserName: name, Tags: []types.Tag{tag("team", "mail")}}))(t)
	refused("untag another", second(clerk.UntagUser(ctx, &sdk.UntagUserInput{UserName: name, TagKeys: []string{"x"}})))
	ok(clerk.DeleteUserPolicy(ctx, &sdk.DeleteUserPolicyInput{UserName: name, PolicyName: aws.String("p")}))(t)
	ok(clerk.DeleteUser(ctx, &sdk.DeleteUserInput{UserName: name}))(t)
}
