package iamapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"
)

// The calls that Terraform's AWS provider (5.x, internal/service/iam) makes for
// the resources that people put in front of Waybill: create, read back,
// update, destroy. A plan is empty when what is read back is what was
// configured; each resource's read below returns the attributes that the
// provider keeps in its state.

// attributes are a resource's state.
type attributes map[string]any

// resource is one Terraform resource: what apply, refresh and destroy call.
type resource struct {
	create  func() error
	read    func() (attributes, error)
	update  func() error
	destroy func() error
	// configured is what the configuration says; updated, what after update.
	configured, updated attributes
}

func (r *resource) run(t *testing.T) {
	t.Helper()
	must(t, r.create())
	for _, when := range []string{"apply", "second plan"} {
		r.wantPlanEmpty(t, when, r.configured)
	}
	if r.update != nil {
		must(t, r.update())
		r.wantPlanEmpty(t, "update", r.updated)
	}
	must(t, r.destroy())
	var gone *types.NoSuchEntityException
	if _, err := r.read(); !errors.As(err, &gone) {
		t.Errorf("after destroy: %v, want the SDK's NoSuchEntityException", err)
	}
}

// wantPlanEmpty reads twice: nothing may change by itself.
func (r *resource) wantPlanEmpty(t *testing.T, when string, want attributes) {
	t.Helper()
	first, err := r.read()
	must(t, err)
	second, err := r.read()
	must(t, err)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("%s: two reads differ:\n%s", when, diff)
	}
	for name, value := range want {
		if diff := cmp.Diff(value, first[name]); diff != "" {
			t.Errorf("%s: %s would be changed:\n%s", when, name, diff)
		}
	}
}

// document reads a policy as the provider compares them: unescaped, as JSON.
func document(escaped *string) (any, error) {
	text, err := url.QueryUnescape(aws.ToString(escaped))
	if err != nil {
		return nil, err
	}
	return parsed(text)
}

func parsed(text string) (v any, err error) {
	err = json.Unmarshal([]byte(text), &v)
	return v, err
}

func mustParse(t *testing.T, text string) any {
	t.Helper()
	v, err := parsed(text)
	must(t, err)
	return v
}

func tagsOf(list []types.Tag) map[string]string {
	m := map[string]string{}
	for _, t := range list {
		m[*t.Key] = *t.Value
	}
	return m
}

// provider is a client with the provider's ways.
type provider struct {
	*sdk.Client
	ctx context.Context
}

func newProvider(t *testing.T) provider {
	return provider{newServer(t).administer(), t.Context()}
}

func (p provider) readRole(name string) (attributes, error) {
	out, err := p.GetRole(p.ctx, &sdk.GetRoleInput{RoleName: &name})
	if err != nil {
		return nil, err
	}
	r := out.Role
	a := attributes{"name": *r.RoleName, "path": *r.Path, "arn": *r.Arn, "unique_id": *r.RoleId, "description": aws.ToString(r.Description),
		"max_session_duration": *r.MaxSessionDuration, "create_date": r.CreateDate.Format(time.RFC3339), "tags": tagsOf(r.Tags)}
	if r.PermissionsBoundary != nil {
		a["permissions_boundary"] = *r.PermissionsBoundary.PermissionsBoundaryArn
	}
	if a["assume_role_policy"], err = document(r.AssumeRolePolicyDocument); err != nil {
		return nil, err
	}
	inline := map[string]any{}
	policies := sdk.NewListRolePoliciesPaginator(p.Client, &sdk.ListRolePoliciesInput{RoleName: &name})
	for policies.HasMorePages() {
		page, err := policies.NextPage(p.ctx)
		if err != nil {
			return nil, err
		}
		for _, policyName := range page.PolicyNames {
			got, err := p.GetRolePolicy(p.ctx, &sdk.GetRolePolicyInput{RoleName: &name, PolicyName: &policyName})
			if err != nil {
				return nil, err
			}
			if inline[policyName], err = document(got.PolicyDocument); err != nil {
				return nil, err
			}
		}
	}
	a["inline_policy"] = inline
	attached, err := p.ListAttachedRolePolicies(p.ctx, &sdk.ListAttachedRolePoliciesInput{RoleName: &name})
	if err != nil {
		return nil, err
	}
	arns := []string{}
	for _, one := range attached.AttachedPolicies {
		arns = append(arns, *one.PolicyArn)
	}
	a["managed_policy_arns"] = arns
	return a, nil
}

func TestTerraformRole(t *testing.T) {
	p := newProvider(t)
	boundary, managed := "arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::aws:policy/CloudWatchLogsFullAccess"
	name, trust := aws.String("app"), trustEvents
	r := resource{
		configured: attributes{"name": "app", "path": "/tf/", "description": "an app", "max_session_duration": int32(7200), "permissions_boundary": boundary,
			"tags": map[string]string{"team": "mail"}, "assume_role_policy": mustParse(t, trust), "inline_policy": map[string]any{"own": mustParse(t, allowListUsers)},
			"managed_policy_arns": []string{managed}},
		updated: attributes{"description": "", "max_session_duration": int32(3600), "permissions_boundary": nil,
			"tags": map[string]string{"env": "test"}, "inline_policy": map[string]any{}, "managed_policy_arns": []string{}},
	}
	r.create = func() error {
		_, err := p.CreateRole(p.ctx, &sdk.CreateRoleInput{RoleName: name, Path: aws.String("/tf/"), Description: aws.String("an app"),
			AssumeRolePolicyDocument: &trust, MaxSessionDuration: aws.Int32(7200), PermissionsBoundary: &boundary, Tags: []types.Tag{tag("team", "mail")}})
		return errors.Join(err,
			second(p.PutRolePolicy(p.ctx, &sdk.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("own"), PolicyDocument: aws.String(allowListUsers)})),
			second(p.AttachRolePolicy(p.ctx, &sdk.AttachRolePolicyInput{RoleName: name, PolicyArn: &managed})))
	}
	r.read = func() (attributes, error) { return p.readRole("app") }
	r.update = func() error {
		return errors.Join(
			second(p.UpdateAssumeRolePolicy(p.ctx, &sdk.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: &trust})),
			second(p.UpdateRoleDescription(p.ctx, &sdk.UpdateRoleDescriptionInput{RoleName: name, Description: aws.String("")})),
			second(p.UpdateRole(p.ctx, &sdk.UpdateRoleInput{RoleName: name, MaxSessionDuration: aws.Int32(3600)})),
			second(p.DeleteRolePermissionsBoundary(p.ctx, &sdk.DeleteRolePermissionsBoundaryInput{RoleName: name})),
			second(p.DeleteRolePolicy(p.ctx, &sdk.DeleteRolePolicyInput{RoleName: name, PolicyName: aws.String("own")})),
			second(p.DetachRolePolicy(p.ctx, &sdk.DetachRolePolicyInput{RoleName: name, PolicyArn: &managed})),
			second(p.UntagRole(p.ctx, &sdk.UntagRoleInput{RoleName: name, TagKeys: []string{"team"}})),
			second(p.TagRole(p.ctx, &sdk.TagRoleInput{RoleName: name, Tags: []types.Tag{tag("env", "test")}})))
	}
	r.destroy = func() error {
		profiles, err := p.ListInstanceProfilesForRole(p.ctx, &sdk.ListInstanceProfilesForRoleInput{RoleName: name})
		if err == nil && len(profiles.InstanceProfiles) > 0 {
			err = errors.New("a role of ours is in an instance profile")
		}
		return errors.Join(err, second(p.DeleteRole(p.ctx, &sdk.DeleteRoleInput{RoleName: name})))
	}
	r.run(t)
}

func TestTerraformManagedPolicy(t *testing.T) {
	p := newProvider(t)
	var arn *string
	r := resource{
		configured: attributes{"name": "p", "path": "/tf/", "description": "words", "policy": mustParse(t, allowListUsers), "tags": map[string]string{"team": "mail"}, "attachment_count": int32(0)},
		updated:    attributes{"policy": mustParse(t, denyRoles), "description": "words"},
	}
	r.create = func() error {
		out, err := p.CreatePolicy(p.ctx, &sdk.CreatePolicyInput{PolicyName: aws.String("p"), Path: aws.String("/tf/"), Description: aws.String("words"),
			PolicyDocument: aws.String(allowListUsers), Tags: []types.Tag{tag("team", "mail")}})
		if err == nil {
			arn = out.Policy.Arn
		}
		return err
	}
	r.read = func() (attributes, error) {
		out, err := p.GetPolicy(p.ctx, &sdk.GetPolicyInput{PolicyArn: arn})
		if err != nil {
			return nil, err
		}
		version, err := p.GetPolicyVersion(p.ctx, &sdk.GetPolicyVersionInput{PolicyArn: arn, VersionId: out.Policy.DefaultVersionId})
		if err != nil {
			return nil, err
		}
		a := attributes{"arn": *out.Policy.Arn, "name": *out.Policy.PolicyName, "path": *out.Policy.Path, "policy_id": *out.Policy.PolicyId,
			"description": aws.ToString(out.Policy.Description), "attachment_count": *out.Policy.AttachmentCount, "tags": tagsOf(out.Policy.Tags)}
		a["policy"], err = document(version.PolicyVersion.Document)
		return a, err
	}
	r.update = func() error {
		for range 6 { // the provider removes the oldest version when there are five
			list, err := p.ListPolicyVersions(p.ctx, &sdk.ListPolicyVersionsInput{PolicyArn: arn})
			if err != nil {
				return err
			}
			if n := len(list.Versions); n == 5 {
				oldest := list.Versions[n-1].VersionId
				if err := second(p.DeletePolicyVersion(p.ctx, &sdk.DeletePolicyVersionInput{PolicyArn: arn, VersionId: oldest})); err != nil {
					return err
				}
			}
			made, err := p.CreatePolicyVersion(p.ctx, &sdk.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: aws.String(denyRoles)})
			if err != nil {
				return err
			}
			if err := second(p.SetDefaultPolicyVersion(p.ctx, &sdk.SetDefaultPolicyVersionInput{PolicyArn: arn, VersionId: made.PolicyVersion.VersionId})); err != nil {
				return err
			}
		}
		return nil
	}
	r.destroy = func() error {
		list, err := p.ListPolicyVersions(p.ctx, &sdk.ListPolicyVersionsInput{PolicyArn: arn})
		if err != nil {
			return err
		}
		for _, v := range list.Versions {
			if !v.IsDefaultVersion {
				err = errors.Join(err, second(p.DeletePolicyVersion(p.ctx, &sdk.DeletePolicyVersionInput{PolicyArn: arn, VersionId: v.VersionId})))
			}
		}
		return errors.Join(err, second(p.DeletePolicy(p.ctx, &sdk.DeletePolicyInput{PolicyArn: arn})))
	}
	r.run(t)
}

func TestTerraformUserAndAccessKey(t *testing.T) {
	p := newProvider(t)
	user, renamed := aws.String("u"), aws.String("v")
	boundary := "arn:aws:iam::aws:policy/ReadOnlyAccess"
	var key *string
	r := resource{
		configured: attributes{"name": "u", "path": "/tf/", "permissions_boundary": boundary, "tags": map[string]string{"team": "mail"}, "status": "Active", "user": "u"},
		updated:    attributes{"name": "v", "path": "/", "status": "Inactive", "user": "v"},
	}
	r.create = func() error {
		if _, err := p.CreateUser(p.ctx, &sdk.CreateUserInput{UserName: user, Path: aws.String("/tf/"), PermissionsBoundary: &boundary, Tags: []types.Tag{tag("team", "mail")}}); err != nil {
			return err
		}
		out, err := p.CreateAccessKey(p.ctx, &sdk.CreateAccessKeyInput{UserName: user})
		if err == nil {
			key = out.AccessKey.AccessKeyId
		}
		return err
	}
	r.read = func() (attributes, error) {
		out, err := p.GetUser(p.ctx, &sdk.GetUserInput{UserName: user})
		if err != nil {
			return nil, err
		}
		a := attributes{"arn": *out.User.Arn, "name": *out.User.UserName, "path": *out.User.Path, "unique_id": *out.User.UserId, "tags": tagsOf(out.User.Tags)}
		if out.User.PermissionsBoundary != nil {
			a["permissions_boundary"] = *out.User.PermissionsBoundary.PermissionsBoundaryArn
		}
		keys := sdk.NewListAccessKeysPaginator(p.Client, &sdk.ListAccessKeysInput{UserName: user})
		for keys.HasMorePages() {
			page, err := keys.NextPage(p.ctx)
			if err != nil {
				return nil, err
			}
			for _, k := range page.AccessKeyMetadata {
				if *k.AccessKeyId == *key {
					a["status"], a["user"], a["create_date"] = string(k.Status), *k.UserName, k.CreateDate.Format(time.RFC3339)
				}
			}
		}
		return a, nil
	}
	r.update = func() error {
		err := second(p.UpdateUser(p.ctx, &sdk.UpdateUserInput{UserName: user, NewUserName: renamed, NewPath: aws.String("/")}))
		user = renamed
		return errors.Join(err, second(p.UpdateAccessKey(p.ctx, &sdk.UpdateAccessKeyInput{UserName: user, AccessKeyId: key, Status: types.StatusTypeInactive})))
	}
	r.destroy = func() error { // with force_destroy, which looks for everything a user can have
		return errors.Join(
			second(p.ListGroupsForUser(p.ctx, &sdk.ListGroupsForUserInput{UserName: user})),
			second(p.DeleteAccessKey(p.ctx, &sdk.DeleteAccessKeyInput{UserName: user, AccessKeyId: key})),
			second(p.ListSSHPublicKeys(p.ctx, &sdk.ListSSHPublicKeysInput{UserName: user})),
			second(p.ListVirtualMFADevices(p.ctx, &sdk.ListVirtualMFADevicesInput{AssignmentStatus: types.AssignmentStatusTypeAssigned})),
			second(p.ListMFADevices(p.ctx, &sdk.ListMFADevicesInput{UserName: user})),
			second(p.ListSigningCertificates(p.ctx, &sdk.ListSigningCertificatesInput{UserName: user})),
			second(p.ListServiceSpecificCredentials(p.ctx, &sdk.ListServiceSpecificCredentialsInput{UserName: user})),
			second(p.DeleteUser(p.ctx, &sdk.DeleteUserInput{UserName: user})))
	}
	r.run(t)
}

func TestTerraformServiceLinkedRole(t *testing.T) {
	p := newProvider(t)
	name := aws.String("AWSServiceRoleForAmazonWorkMailEvents")
	r := resource{
		configured: attributes{"arn": "arn:aws:iam::111122223333:role/aws-service-role/events.workmail.amazonaws.com/AWSServiceRoleForAmazonWorkMailEvents",
			"name": *name, "path": "/aws-service-role/events.workmail.amazonaws.com/", "description": "first", "tags": map[string]string{"team": "mail"}},
		updated: attributes{"description": "second", "tags": map[string]string{}},
	}
	r.create = func() error {
		_, err := p.CreateServiceLinkedRole(p.ctx, &sdk.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("events.workmail.amazonaws.com"), Description: aws.String("first")})
		return errors.Join(err, second(p.TagRole(p.ctx, &sdk.TagRoleInput{RoleName: name, Tags: []types.Tag{tag("team", "mail")}})))
	}
	r.read = func() (attributes, error) { return p.readRole(*name) }
	r.update = func() error {
		return errors.Join(
			second(p.UpdateRole(p.ctx, &sdk.UpdateRoleInput{RoleName: name, Description: aws.String("second")})),
			second(p.UntagRole(p.ctx, &sdk.UntagRoleInput{RoleName: name, TagKeys: []string{"team"}})))
	}
	r.destroy = func() error {
		out, err := p.DeleteServiceLinkedRole(p.ctx, &sdk.DeleteServiceLinkedRoleInput{RoleName: name})
		if err != nil {
			return err
		}
		status, err := p.GetServiceLinkedRoleDeletionStatus(p.ctx, &sdk.GetServiceLinkedRoleDeletionStatusInput{DeletionTaskId: out.DeletionTaskId})
		if err == nil && status.Status != types.DeletionTaskStatusTypeSucceeded {
			err = errors.New("deletion is " + string(status.Status))
		}
		return err
	}
	r.run(t)
}
