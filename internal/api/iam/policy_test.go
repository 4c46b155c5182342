package iamapi_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

const allowListUsers = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*"}]}`

func TestManagedPolicyVersions(t *testing.T) {
	v := newServer(t)
	c, ctx := v.administer(), t.Context()
	ann := v.user(t, "ann", "")
	made := ok(c.CreatePolicy(ctx, &sdk.CreatePolicyInput{PolicyName: aws.String("Mail"), Path: aws.String("/own/"), Description: aws.String("words"),
		PolicyDocument: aws.String(denyRoles), Tags: []types.Tag{tag("team", "mail")}}))(t).Policy
	p := made.Arn
	if *p != "arn:aws:iam::111122223333:policy/own/Mail" || (*made.PolicyId)[:4] != "ANPA" || *made.DefaultVersionId != "v1" ||
		!made.IsAttachable || *made.AttachmentCount != 0 || *made.PermissionsBoundaryUsageCount != 0 || len(made.Tags) != 1 {
		t.Errorf("made %+v", made)
	}
	_, err := c.CreatePolicy(ctx, &sdk.CreatePolicyInput{PolicyName: aws.String("mail"), PolicyDocument: aws.String(allowAll)})
	wantError(t, err, 409, "EntityAlreadyExists", "A policy called mail already exists. Duplicate names are not allowed.")
	ok(c.AttachUserPolicy(ctx, &sdk.AttachUserPolicyInput{UserName: aws.String("ann"), PolicyArn: p}))(t)

	// Only the default version decides.
	create := func(document string, isDefault bool) (*sdk.CreatePolicyVersionOutput, error) {
		return c.CreatePolicyVersion(ctx, &sdk.CreatePolicyVersionInput{PolicyArn: p, PolicyDocument: &document, SetAsDefault: isDefault})
	}
	second := ok(create(allowListUsers, false))(t).PolicyVersion
	if *second.VersionId != "v2" || second.IsDefaultVersion {
		t.Errorf("second %+v", second)
	}
	if _, err := ann.ListUsers(ctx, &sdk.ListUsersInput{}); err == nil {
		t.Error("a version that is not the default allows")
	}
	ok(c.SetDefaultPolicyVersion(ctx, &sdk.SetDefaultPolicyVersionInput{PolicyArn: p, VersionId: aws.String("v2")}))(t)
	ok(ann.ListUsers(ctx, &sdk.ListUsersInput{}))(t)
	got := ok(c.GetPolicy(ctx, &sdk.GetPolicyInput{PolicyArn: p}))(t).Policy
	if *got.DefaultVersionId != "v2" || *got.AttachmentCount != 1 || *got.Description != "words" || !got.UpdateDate.After(*got.CreateDate) {
		t.Errorf("got %+v", got)
	}
	version := ok(c.GetPolicyVersion(ctx, &sdk.GetPolicyVersionInput{PolicyArn: p, VersionId: aws.String("v1")}))(t).PolicyVersion
	if text, err := url.PathUnescape(*version.Document); err != nil || text != denyRoles || version.IsDefaultVersion {
		t.Errorf("v1 is %q, %v", text, err)
	}

	for range 3 {
		ok(create(allowListUsers, false))(t)
	}
	_, err = create(allowListUsers, true)
	wantError(t, err, 409, "LimitExceeded", "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.")
	list := ok(c.ListPolicyVersions(ctx, &sdk.ListPolicyVersionsInput{PolicyArn: p, MaxItems: aws.Int32(2)}))(t)
	if len(list.Versions) != 2 || *list.Versions[0].VersionId != "v5" || !list.IsTruncated {
		t.Errorf("versions %+v", list)
	}
	rest := ok(c.ListPolicyVersions(ctx, &sdk.ListPolicyVersionsInput{PolicyArn: p, Marker: list.Marker}))(t)
	if len(rest.Versions) != 3 || *rest.Versions[0].VersionId != "v3" || rest.IsTruncated {
		t.Errorf("the other versions %+v", rest)
	}

	remove := func(id string) error {
		_, err := c.DeletePolicyVersion(ctx, &sdk.DeletePolicyVersionInput{PolicyArn: p, VersionId: &id})
		return err
	}
	wantError(t, remove("v2"), 409, "DeleteConflict", "Cannot delete the default version of a policy.")
	wantError(t, remove("v9"), 404, "NoSuchEntity", "Policy "+*p+" version v9 does not exist or is not attachable.")
	wantError(t, remove("2"), 400, "ValidationError",
		"1 validation error detected: Value '2' at 'versionId' failed to satisfy constraint: Member must satisfy regular expression pattern: v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?")
	must(t, remove("v5"))
	if again := ok(create(allowListUsers, false))(t).PolicyVersion; *again.VersionId != "v6" {
		t.Errorf("a number was used twice: %s", *again.VersionId)
	}
	for _, id := range []string{"v1", "v3", "v4"} {
		must(t, remove(id))
	}

	deletePolicy := func() error { _, err := c.DeletePolicy(ctx, &sdk.DeletePolicyInput{PolicyArn: p}); return err }
	wantError(t, deletePolicy(), 409, "DeleteConflict", "Cannot delete a policy attached to entities.")
	ok(c.DetachUserPolicy(ctx, &sdk.DetachUserPolicyInput{UserName: aws.String("ann"), PolicyArn: p}))(t)
	_, err = c.DetachUserPolicy(ctx, &sdk.DetachUserPolicyInput{UserName: aws.String("ann"), PolicyArn: p})
	wantError(t, err, 404, "NoSuchEntity", "Policy "+*p+" was not found.")
	wantError(t, deletePolicy(), 409, "DeleteConflict", "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "+
		"The default version is deleted with the policy.")
	must(t, remove("v6"))
	must(t, deletePolicy())
	_, err = c.GetPolicy(ctx, &sdk.GetPolicyInput{PolicyArn: p})
	wantError(t, err, 404, "NoSuchEntity", "Policy "+*p+" was not found.")
	_, err = c.AttachUserPolicy(ctx, &sdk.AttachUserPolicyInput{UserName: aws.String("ann"), PolicyArn: p})
	wantError(t, err, 404, "NoSuchEntity", "Policy "+*p+" does not exist or is not attachable.")
}

func TestManagedPolicyEntitiesAndTags(t *testing.T) {
	v := newServer(t)
	c, ctx := v.administer(), t.Context()
	p := ok(c.CreatePolicy(ctx, &sdk.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(allowAll)}))(t).Policy.Arn
	ok(c.CreateUser(ctx, &sdk.CreateUserInput{UserName: aws.String("u"), PermissionsBoundary: p}))(t)
	ok(c.CreateGroup(ctx, &sdk.CreateGroupInput{GroupName: aws.String("g")}))(t)
	ok(c.CreateRole(ctx, &sdk.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(trustEvents), PermissionsBoundary: p}))(t)
	ok(c.AttachGroupPolicy(ctx, &sdk.AttachGroupPolicyInput{GroupName: aws.String("g"), PolicyArn: p}))(t)
	ok(c.AttachRolePolicy(ctx, &sdk.AttachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: p}))(t)
	entities := func(in sdk.ListEntitiesForPolicyInput) string {
		in.PolicyArn = p
		out := ok(c.ListEntitiesForPolicy(ctx, &in))(t)
		var names []string
		for _, g := range out.PolicyGroups {
			names = append(names, *g.GroupName)
		}
		for _, r := range out.PolicyRoles {
			names = append(names, *r.RoleName)
		}
		for _, u := range out.PolicyUsers {
			names = append(names, *u.UserName)
		}
		return strings.Join(names, " ")
	}
	for in, want := range map[*sdk.ListEntitiesForPolicyInput]string{
		{}: "g r u",
		{PolicyUsageFilter: types.PolicyUsageTypePermissionsPolicy}:   "g r",
		{PolicyUsageFilter: types.PolicyUsageTypePermissionsBoundary}: "r u",
		{EntityFilter: types.EntityTypeRole}:                          "r",
		{PathPrefix: aws.String("/elsewhere/")}:                       "",
	} {
		if got := entities(*in); got != want {
			t.Errorf("%+v: %q, want %q", in, got, want)
		}
	}
	got := ok(c.GetPolicy(ctx, &sdk.GetPolicyInput{PolicyArn: p}))(t).Policy
	if *got.AttachmentCount != 2 || *got.PermissionsBoundaryUsageCount != 2 {
		t.Errorf("%d attachments, %d boundaries", *got.AttachmentCount, *got.PermissionsBoundaryUsageCount)
	}
	for in, want := range map[*sdk.ListPoliciesInput]string{
		{Scope: types.PolicyScopeTypeLocal}: "p",
		{OnlyAttached: true}:                "AdministratorAccess p",
		{OnlyAttached: true, PolicyUsageFilter: types.PolicyUsageTypePermissionsBoundary}: "p",
		{PathPrefix: aws.String("/aws-service-role/")}:                                    "AmazonWorkMailEventsServiceRolePolicy",
	} {
		var names []string
		for _, p := range ok(c.ListPolicies(ctx, in))(t).Policies {
			names = append(names, *p.PolicyName)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%+v: %q, want %q", in, got, want)
		}
	}
	if all := ok(c.ListPolicies(ctx, &sdk.ListPoliciesInput{Scope: types.PolicyScopeTypeAws}))(t).Policies; len(all) != 10 {
		t.Errorf("%d policies of AWS, want the ten that matter here", len(all))
	}

	ok(c.TagPolicy(ctx, &sdk.TagPolicyInput{PolicyArn: p, Tags: []types.Tag{tag("b", "2"), tag("a", "1")}}))(t)
	ok(c.UntagPolicy(ctx, &sdk.UntagPolicyInput{PolicyArn: p, TagKeys: []string{"B"}}))(t)
	if tags := ok(c.ListPolicyTags(ctx, &sdk.ListPolicyTagsInput{PolicyArn: p}))(t).Tags; len(tags) != 1 || *tags[0].Key != "a" {
		t.Errorf("tags %v", tags)
	}
	managed := aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")
	if got := ok(c.GetPolicy(ctx, &sdk.GetPolicyInput{PolicyArn: managed}))(t).Policy; *got.PolicyName != "ReadOnlyAccess" || *got.DefaultVersionId != "v178" {
		t.Errorf("policy of AWS: %+v", got)
	}
	if got := ok(c.GetPolicyVersion(ctx, &sdk.GetPolicyVersionInput{PolicyArn: managed, VersionId: aws.String("v178")}))(t).PolicyVersion; !got.IsDefaultVersion {
		t.Errorf("version of AWS: %+v", got)
	}
	for name, err := range map[string]error{
		"tag":     second(c.TagPolicy(ctx, &sdk.TagPolicyInput{PolicyArn: managed, Tags: []types.Tag{tag("a", "1")}})),
		"delete":  second(c.DeletePolicy(ctx, &sdk.DeletePolicyInput{PolicyArn: managed})),
		"version": second(c.CreatePolicyVersion(ctx, &sdk.CreatePolicyVersionInput{PolicyArn: managed, PolicyDocument: aws.String(allowAll)})),
	} {
		t.Run(name+" a policy of AWS", func(t *testing.T) {
			wantError(t, err, 403, "AccessDenied", "Policy "+*managed+" is managed by AWS and cannot be changed.")
		})
	}
}

func second[T any](_ T, err error) error { return err }

// TestPolicyRefusals: quotas, and AWS's words for documents that are none.
func TestPolicyRefusals(t *testing.T) {
	v := newServer(t)
	c, ctx := v.administer(), t.Context()
	for _, name := range []string{"u", "g", "r"} {
		ok(c.CreateUser(ctx, &sdk.CreateUserInput{UserName: &name}))(t)
		ok(c.CreateGroup(ctx, &sdk.CreateGroupInput{GroupName: &name}))(t)
		ok(c.CreateRole(ctx, &sdk.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trustEvents)}))(t)
	}
	of := func(length int) *string {
		frame := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:%s","Resource":"*"}]}`
		document := fmt.Sprintf(frame, strings.Repeat("x", length-len(frame)+2))
		return &document
	}
	user := func(document *string) error {
		return second(c.PutUserPolicy(ctx, &sdk.PutUserPolicyInput{UserName: aws.String("u"), PolicyName: aws.String("p"), PolicyDocument: document}))
	}
	group := func(document *string) error {
		return second(c.PutGroupPolicy(ctx, &sdk.PutGroupPolicyInput{GroupName: aws.String("g"), PolicyName: aws.String("p"), PolicyDocument: document}))
	}
	role := func(document *string) error {
		return second(c.PutRolePolicy(ctx, &sdk.PutRolePolicyInput{RoleName: aws.String("r"), PolicyName: aws.String("p"), PolicyDocument: document}))
	}
	managed := func(document *string) error {
		return second(c.CreatePolicy(ctx, &sdk.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: document}))
	}
	must(t, user(of(2048)))
	must(t, group(of(5120)))
	must(t, role(of(10240)))
	wantError(t, user(of(2049)), 409, "LimitExceeded", "Maximum policy size of 2048 bytes exceeded for user u")
	wantError(t, group(of(5121)), 409, "LimitExceeded", "Maximum policy size of 5120 bytes exceeded for group g")
	wantError(t, role(of(10241)), 409, "LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role r")
	wantError(t, managed(of(6145)), 409, "LimitExceeded", "Cannot exceed quota for PolicySize: 6144")
	must(t, managed(of(6144)))
	for document, text := range map[string]string{
		`{`: "Syntax errors in policy.",
		`{"Version":"2012-10-17","Statement":[]}`:                                                    "Syntax errors in policy.",
		`{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"*"}]}`: "Policy document must be version 2012-10-17 or greater.",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs","Resource":"*"}]}`:   "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*"}]}`:                "Policy statement must contain resources.",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*"}]}`:                   "Policy statement must contain actions.",
		strings.Replace(allowAll, `"Effect"`, `"Principal":{"AWS":"*"},"Effect"`, 1):                 "Policy document should not specify a principal.",
		strings.Replace(allowAll, `"Effect"`, `"Sid":"a b","Effect"`, 1):                             "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
	} {
		for kind, put := range map[string]func(*string) error{"user": user, "group": group, "role": role} {
			t.Run(kind+" "+document, func(t *testing.T) { wantError(t, put(&document), 400, "MalformedPolicyDocument", text) })
		}
		wantError(t, second(c.CreatePolicy(ctx, &sdk.CreatePolicyInput{PolicyName: aws.String("q"), PolicyDocument: &document})), 400, "MalformedPolicyDocument", text)
	}
	for i := range 11 {
		name := fmt.Sprint("m", i)
		arn := ok(c.CreatePolicy(ctx, &sdk.CreatePolicyInput{PolicyName: &name, PolicyDocument: aws.String(allowAll)}))(t).Policy.Arn
		errs := map[string]error{
			"User":  second(c.AttachUserPolicy(ctx, &sdk.AttachUserPolicyInput{UserName: aws.String("u"), PolicyArn: arn})),
			"Group": second(c.AttachGroupPolicy(ctx, &sdk.AttachGroupPolicyInput{GroupName: aws.String("g"), PolicyArn: arn})),
			"Role":  second(c.AttachRolePolicy(ctx, &sdk.AttachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: arn})),
		}
		for title, err := range errs {
			if i < 10 {
				must(t, err)
				continue
			}
			wantError(t, err, 409, "LimitExceeded", "Cannot exceed quota for PoliciesPer"+title+": 10")
		}
	}
	foreign := "arn:aws:iam::444455556666:policy/p"
	wantError(t, second(c.AttachUserPolicy(ctx, &sdk.AttachUserPolicyInput{UserName: aws.String("r"), PolicyArn: &foreign})), 404, "NoSuchEntity",
		"Policy "+foreign+" does not exist or is not attachable.")
}
