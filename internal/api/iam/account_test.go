package iamapi_test

import (
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func TestAccountAlias(t *testing.T) {
	v := newServer(t)
	c, ctx := v.administer(), t.Context()
	must(t, v.iam.CreateAccount(ctx, other))
	must(t, v.iam.CreateAccountAlias(ctx, other, "elsewhere"))
	for _, alias := range []string{"first-name", "second"} { // the second replaces the first
		ok(c.CreateAccountAlias(ctx, &sdk.CreateAccountAliasInput{AccountAlias: &alias}))(t)
	}
	if list := ok(c.ListAccountAliases(ctx, &sdk.ListAccountAliasesInput{}))(t).AccountAliases; len(list) != 1 || list[0] != "second" {
		t.Errorf("aliases %v", list)
	}
	_, err := c.CreateAccountAlias(ctx, &sdk.CreateAccountAliasInput{AccountAlias: aws.String("elsewhere")})
	wantError(t, err, 409, "EntityAlreadyExists", "The account alias elsewhere already exists.")
	_, err = c.CreateAccountAlias(ctx, &sdk.CreateAccountAliasInput{AccountAlias: aws.String("a--b")})
	wantError(t, err, 400, "ValidationError", "1 validation error detected: Value 'a--b' at 'accountAlias' failed to satisfy constraint: "+
		"Member must satisfy regular expression pattern: ^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$")
	ok(c.DeleteAccountAlias(ctx, &sdk.DeleteAccountAliasInput{AccountAlias: aws.String("second")}))(t)
	_, err = c.DeleteAccountAlias(ctx, &sdk.DeleteAccountAliasInput{AccountAlias: aws.String("second")})
	wantError(t, err, 404, "NoSuchEntity", "The account alias second cannot be found.")
}

// TestAccountDetails fills an account with one of everything and looks at all of it.
func TestAccountDetails(t *testing.T) {
	v := newServer(t)
	c, ctx := v.administer(), t.Context()
	u, g, r, p := aws.String("u"), aws.String("g"), aws.String("r"), aws.String("p")
	own := ok(c.CreatePolicy(ctx, &sdk.CreatePolicyInput{PolicyName: p, Description: aws.String("words"), PolicyDocument: aws.String(denyRoles)}))(t).Policy.Arn
	ok(c.CreatePolicyVersion(ctx, &sdk.CreatePolicyVersionInput{PolicyArn: own, PolicyDocument: aws.String(allowListUsers)}))(t)
	ok(c.CreateUser(ctx, &sdk.CreateUserInput{UserName: u, PermissionsBoundary: own, Tags: []types.Tag{tag("a", "1")}}))(t)
	ok(c.CreateGroup(ctx, &sdk.CreateGroupInput{GroupName: g}))(t)
	ok(c.AddUserToGroup(ctx, &sdk.AddUserToGroupInput{GroupName: g, UserName: u}))(t)
	ok(c.CreateRole(ctx, &sdk.CreateRoleInput{RoleName: r, AssumeRolePolicyDocument: aws.String(trustEvents), Tags: []types.Tag{tag("b", "2")}}))(t)
	ok(c.PutUserPolicy(ctx, &sdk.PutUserPolicyInput{UserName: u, PolicyName: p, PolicyDocument: aws.String(allowAll)}))(t)
	ok(c.PutGroupPolicy(ctx, &sdk.PutGroupPolicyInput{GroupName: g, PolicyName: p, PolicyDocument: aws.String(allowAll)}))(t)
	ok(c.PutRolePolicy(ctx, &sdk.PutRolePolicyInput{RoleName: r, PolicyName: p, PolicyDocument: aws.String(allowAll)}))(t)
	ok(c.AttachUserPolicy(ctx, &sdk.AttachUserPolicyInput{UserName: u, PolicyArn: own}))(t)
	ok(c.AttachGroupPolicy(ctx, &sdk.AttachGroupPolicyInput{GroupName: g, PolicyArn: own}))(t)
	ok(c.AttachRolePolicy(ctx, &sdk.AttachRolePolicyInput{RoleName: r, PolicyArn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")}))(t)
	ok(c.CreateOpenIDConnectProvider(ctx, &sdk.CreateOpenIDConnectProviderInput{Url: aws.String("https://id.example.com")}))(t)

	m := ok(c.GetAccountSummary(ctx, &sdk.GetAccountSummaryInput{}))(t).SummaryMap
	for key, want := range map[string]int32{"Users": 2, "Groups": 1, "Roles": 1, "Policies": 1, "PolicyVersionsInUse": 2, "Providers": 1, "UsersQuota": 5000,
		"GroupsQuota": 300, "RolesQuota": 1000, "PoliciesQuota": 1500, "VersionsPerPolicyQuota": 5, "AccessKeysPerUserQuota": 2, "MFADevices": 0} {
		if got, there := m[key]; !there || got != want {
			t.Errorf("%s = %d, want %d", key, got, want)
		}
	}
	for _, key := range types.SummaryKeyType("").Values() {
		if _, there := m[string(key)]; !there {
			t.Errorf("no %s in the summary", key)
		}
	}

	all := ok(c.GetAccountAuthorizationDetails(ctx, &sdk.GetAccountAuthorizationDetailsInput{}))(t)
	if len(all.UserDetailList) != 2 || len(all.GroupDetailList) != 1 || len(all.RoleDetailList) != 1 || len(all.Policies) != 3 || all.IsTruncated {
		t.Fatalf("%d users, %d groups, %d roles, %d policies", len(all.UserDetailList), len(all.GroupDetailList), len(all.RoleDetailList), len(all.Policies))
	}
	user, group, role, policy := all.UserDetailList[1], all.GroupDetailList[0], all.RoleDetailList[0], all.Policies[0]
	if *user.UserName != "u" || len(user.GroupList) != 1 || user.GroupList[0] != "g" || len(user.UserPolicyList) != 1 || len(user.AttachedManagedPolicies) != 1 ||
		*user.PermissionsBoundary.PermissionsBoundaryArn != *own || len(user.Tags) != 1 {
		t.Errorf("user %+v", user)
	}
	if text, err := url.PathUnescape(*user.UserPolicyList[0].PolicyDocument); err != nil || text != allowAll {
		t.Errorf("policy of the user: %q, %v", text, err)
	}
	if *group.GroupName != "g" || len(group.GroupPolicyList) != 1 || len(group.AttachedManagedPolicies) != 1 {
		t.Errorf("group %+v", group)
	}
	if text, err := url.PathUnescape(*role.AssumeRolePolicyDocument); err != nil || text != trustEvents || len(role.RolePolicyList) != 1 ||
		*role.AttachedManagedPolicies[0].PolicyName != "ReadOnlyAccess" || len(role.Tags) != 1 {
		t.Errorf("role %+v, %v", role, err)
	}
	if *policy.PolicyName != "p" || len(policy.PolicyVersionList) != 2 || *policy.AttachmentCount != 2 || *policy.PermissionsBoundaryUsageCount != 1 || *policy.Description != "words" {
		t.Errorf("policy %+v", policy)
	}
	if some := ok(c.GetAccountAuthorizationDetails(ctx, &sdk.GetAccountAuthorizationDetailsInput{Filter: []types.EntityType{types.EntityTypeAWSManagedPolicy}}))(t); len(some.Policies) != 2 || len(some.UserDetailList) != 0 {
		t.Errorf("of AWS's policies those in use: %d", len(some.Policies))
	}
	_, err := c.GetAccountAuthorizationDetails(ctx, &sdk.GetAccountAuthorizationDetailsInput{Filter: []types.EntityType{"Robot"}})
	wantError(t, err, 400, "ValidationError", "1 validation error detected: Value 'Robot' at 'filter.1.member' failed to satisfy constraint: "+
		"Member must satisfy enum value set: [User, Group, Role, LocalManagedPolicy, AWSManagedPolicy]")
}

// TestAccountsAreApart: nothing of one account is seen from another.
func TestAccountsAreApart(t *testing.T) {
	v := newServer(t)
	c, ctx := v.administer(), t.Context()
	ok(v.iam.Bootstrap(ctx, other, region))(t)
	foreign := v.client(ok(v.iam.Bootstrap(ctx, other, region))(t).Credentials)
	made := ok(c.CreatePolicy(ctx, &sdk.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(allowAll)}))(t).Policy.Arn
	ok(c.CreateGroup(ctx, &sdk.CreateGroupInput{GroupName: aws.String("g")}))(t)
	ok(c.CreateRole(ctx, &sdk.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(trustEvents)}))(t)
	ok(c.UpdateAccountPasswordPolicy(ctx, &sdk.UpdateAccountPasswordPolicyInput{}))(t)
	details := ok(foreign.GetAccountAuthorizationDetails(ctx, &sdk.GetAccountAuthorizationDetailsInput{}))(t)
	if len(details.UserDetailList) != 1 || len(details.GroupDetailList) != 0 || len(details.RoleDetailList) != 0 || len(details.Policies) != 1 {
		t.Errorf("%+v", details)
	}
	_, err := foreign.GetPolicy(ctx, &sdk.GetPolicyInput{PolicyArn: made})
	if !isDenied(err) {
		t.Errorf("another account's policy: %v", err)
	}
	_, err = foreign.GetRole(ctx, &sdk.GetRoleInput{RoleName: aws.String("r")})
	wantError(t, err, 404, "NoSuchEntity", "The role with name r cannot be found.")
	_, err = foreign.GetAccountPasswordPolicy(ctx, &sdk.GetAccountPasswordPolicyInput{})
	wantError(t, err, 404, "NoSuchEntity", "The Password Policy with domain name 444455556666 cannot be found.")
}
