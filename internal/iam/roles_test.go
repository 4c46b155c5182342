package iam

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const permissions = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":"arn:aws:logs:us-east-1:111122223333:log-group:g*"}]}`

func TestRoleLife(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	made := f.mustRole(t, NewRole{Name: "workmail-monitoring-role", Path: "/mail/", Description: "d", Tags: []Tag{{"team", "mail"}}})
	if got, want := made.ARN(), "arn:aws:iam::111122223333:role/mail/workmail-monitoring-role"; got != want {
		t.Errorf("ARN %s, want %s", got, want)
	}
	if !strings.HasPrefix(made.ID, "AROA") || len(made.ID) != 21 {
		t.Errorf("role id %q", made.ID)
	}
	f.open(t) // what was committed is there after a restart
	read, err := f.Role(ctx, accountA, made.Name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(made, read); diff != "" {
		t.Errorf("read back (-made +read):\n%s", diff)
	}
	if err := f.PutRolePolicy(ctx, accountA, made.Name, "p", permissions); err != nil {
		t.Fatal(err)
	}
	if err := f.AttachRolePolicy(ctx, accountA, made.Name, ManagedPolicyARN("CloudWatchLogsFullAccess")); err != nil {
		t.Fatal(err)
	}
	if text, err := f.RolePolicy(ctx, accountA, made.Name, "p"); err != nil || text != permissions {
		t.Errorf("RolePolicy = %q, %v", text, err)
	}
	wantError(t, f.DeleteRole(ctx, accountA, made.Name), 409, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	if err := f.DetachRolePolicy(ctx, accountA, made.Name, ManagedPolicyARN("CloudWatchLogsFullAccess")); err != nil {
		t.Fatal(err)
	}
	wantError(t, f.DeleteRole(ctx, accountA, made.Name), 409, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	if err := f.DeleteRolePolicy(ctx, accountA, made.Name, "p"); err != nil {
		t.Fatal(err)
	}
	if err := f.DeleteRole(ctx, accountA, made.Name); err != nil {
		t.Fatal(err)
	}
	_, err = f.Role(ctx, accountA, made.Name)
	wantError(t, err, 404, "NoSuchEntity", "The role with name workmail-monitoring-role cannot be found.")
}

func TestAccountsDoNotSeeEachOther(t *testing.T) {
	f := newFixture(t)
	f.mustRole(t, NewRole{Name: "r"})
	_, err := f.Role(t.Context(), accountB, "r")
	wantError(t, err, 404, "NoSuchEntity", "")
	wantError(t, f.DeleteRole(t.Context(), accountB, "r"), 404, "NoSuchEntity", "")
	if _, err := f.CreateRole(t.Context(), accountB, NewRole{Name: "r", Trust: trustEvents}); err != nil {
		t.Errorf("the same name in another account: %v", err)
	}
}

func TestRoleRefusals(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	f.mustRole(t, NewRole{Name: "taken"})
	long := strings.Repeat("x", 65)
	create := func(n NewRole) error {
		if n.Trust == "" {
			n.Trust = trustEvents
		}
		_, err := f.CreateRole(ctx, accountA, n)
		return err
	}
	day := 24 * time.Hour
	badName := "The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"
	badPath := "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters."
	_, tooLong := f.UpdateRole(ctx, accountA, "taken", nil, &day)
	_, tooWordy := f.UpdateRole(ctx, accountA, "taken", &[]string{strings.Repeat("d", 1001)}[0], nil)
	for _, c := range []struct {
		name   string
		err    error
		status int
		code   string
		text   string
	}{
		{"same name", create(NewRole{Name: "taken"}), 409, "EntityAlreadyExists", "Role with name taken already exists."},
		{"same name in other case", create(NewRole{Name: "TAKEN"}), 409, "EntityAlreadyExists", "Role with name TAKEN already exists."},
		{"no name", create(NewRole{}), 400, "ValidationError", "1 validation error detected: Value null at 'roleName' failed to satisfy constraint: Member must not be null"},
		{"long name", create(NewRole{Name: long}), 400, "ValidationError", "1 validation error detected: Value '" + long + "' at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64"},
		{"name syntax", create(NewRole{Name: "a b"}), 400, "ValidationError", badName},
		{"path syntax", create(NewRole{Name: "r", Path: "no-slash"}), 400, "ValidationError", badPath},
		{"path space", create(NewRole{Name: "r", Path: "/a b/"}), 400, "ValidationError", badPath},
		{"reserved path", create(NewRole{Name: "r", Path: "/aws-service-role/x/"}), 400, "InvalidInput", ""},
		{"duration and description", create(NewRole{Name: "r", MaxSession: time.Minute, Description: strings.Repeat("d", 1001)}), 400, "ValidationError",
			"2 validation errors detected: Value '" + strings.Repeat("d", 1001) + "' at 'description' failed to satisfy constraint: Member must have length less than or equal to 1000; " +
				"Value '60' at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or equal to 3600"},
		{"trust no JSON", create(NewRole{Name: "r", Trust: "{"}), 400, "MalformedPolicyDocument", "This policy contains invalid Json"},
		{"trust without principal", create(NewRole{Name: "r", Trust: permissions}), 400, "MalformedPolicyDocument", ""},
		{"trust too long", create(NewRole{Name: "r", Trust: strings.Replace(trustEvents, "2012-10-17\"", "2012-10-17\",\"Id\":\""+strings.Repeat("i", 2048)+"\"", 1)}), 409, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048"},
		{"tag twice", create(NewRole{Name: "r", Tags: []Tag{{"a", "1"}, {"A", "2"}}}), 400, "InvalidInput", ""},
		{"tag key", create(NewRole{Name: "r", Tags: []Tag{{"a*", "1"}}}), 400, "ValidationError", ""},
		{"update too long", tooLong, 400, "ValidationError", "1 validation error detected: Value '86400' at 'maxSessionDuration' failed to satisfy constraint: Member must have value less than or equal to 43200"},
		{"update description", tooWordy, 400, "ValidationError", ""},
		{"policy of no role", f.PutRolePolicy(ctx, accountA, "none", "p", permissions), 404, "NoSuchEntity", "The role with name none cannot be found."},
		{"policy with principal", f.PutRolePolicy(ctx, accountA, "taken", "p", trustEvents), 400, "MalformedPolicyDocument", ""},
		{"policy name", f.PutRolePolicy(ctx, accountA, "taken", "p/q", permissions), 400, "ValidationError", strings.Replace(badName, "roleName", "policyName", 1)},
		{"no such policy", f.DeleteRolePolicy(ctx, accountA, "taken", "p"), 404, "NoSuchEntity", "The role policy with name p cannot be found."},
		{"attach no ARN", f.AttachRolePolicy(ctx, accountA, "taken", "AdministratorAccess"), 400, "ValidationError", "Invalid ARN:  Could not be parsed!"},
		{"attach unknown", f.AttachRolePolicy(ctx, accountA, "taken", "arn:aws:iam::aws:policy/Nope"), 404, "NoSuchEntity", "Policy arn:aws:iam::aws:policy/Nope does not exist or is not attachable."},
		{"attach service policy", f.AttachRolePolicy(ctx, accountA, "taken", "arn:aws:iam::aws:policy/aws-service-role/AmazonWorkMailEventsServiceRolePolicy"), 400, "PolicyNotAttachable", "Cannot attach a Service Role Policy to a Customer Role."},
		{"detach what is not attached", f.DetachRolePolicy(ctx, accountA, "taken", ManagedPolicyARN("AdministratorAccess")), 404, "NoSuchEntity", "Policy arn:aws:iam::aws:policy/AdministratorAccess was not found."},
		{"trust of no role", f.UpdateTrust(ctx, accountA, "none", trustEvents), 404, "NoSuchEntity", ""},
	} {
		t.Run(c.name, func(t *testing.T) { wantError(t, c.err, c.status, c.code, c.text) })
	}
	if list, _, err := f.Roles(ctx, Listing{Account: accountA, Limit: 10}); err != nil || len(list) != 1 || list[0].Description != "" {
		t.Errorf("refused requests changed something: %v, %v", list, err)
	}
}

func TestInlinePolicyQuota(t *testing.T) {
	f := newFixture(t)
	f.mustRole(t, NewRole{Name: "r"})
	// White space does not count: this fits although it is far longer than the quota.
	spaced := strings.Replace(permissions, "{", "{"+strings.Repeat(" \n\t", 5000), 1)
	if err := f.PutRolePolicy(t.Context(), accountA, "r", "spaced", spaced); err != nil {
		t.Fatal(err)
	}
	long := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"arn:aws:logs:us-east-1:111122223333:%s"}]}`, strings.Repeat("x", 10_000))
	wantError(t, f.PutRolePolicy(t.Context(), accountA, "r", "long", long), 409, "LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role r")
	if names, err := f.RolePolicies(t.Context(), accountA, "r"); err != nil || !cmp.Equal(names, []string{"spaced"}) {
		t.Errorf("policies %v, %v after a refused one", names, err)
	}
}

func TestRolesInPages(t *testing.T) {
	f := newFixture(t)
	for _, n := range []string{"b", "C", "a", "e", "D"} {
		path := "/x/"
		if n == "e" {
			path = "/y/"
		}
		f.mustRole(t, NewRole{Name: n, Path: path})
	}
	var names []string
	after := ""
	for page := 1; ; page++ {
		list, more, err := f.Roles(t.Context(), Listing{Account: accountA, Prefix: "/x/", After: after, Limit: 2})
		if err != nil || page > 3 {
			t.Fatalf("page %d: %v", page, err)
		}
		for _, r := range list {
			names = append(names, r.Name)
			after = r.Name
		}
		if !more {
			break
		}
	}
	if want := []string{"a", "b", "C", "D"}; !cmp.Equal(names, want) {
		t.Errorf("names %v, want %v", names, want)
	}
}

func TestServiceLinkedRole(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	r, err := f.CreateServiceLinkedRole(ctx, accountA, EventsService, "", "")
	if err != nil {
		t.Fatal(err)
	}
	if want, ok := LinkedRoleARN(accountA, EventsService); !ok || r.ARN() != want ||
		want != "arn:aws:iam::111122223333:role/aws-service-role/events.workmail.amazonaws.com/AWSServiceRoleForAmazonWorkMailEvents" {
		t.Errorf("ARN %s, want %s", r.ARN(), want)
	}
	_, twice := f.CreateServiceLinkedRole(ctx, accountA, EventsService, "", "")
	_, suffix := f.CreateServiceLinkedRole(ctx, accountA, EventsService, "x", "")
	_, unknown := f.CreateServiceLinkedRole(ctx, accountA, "nope.amazonaws.com", "", "")
	hour := 2 * time.Hour
	_, longest := f.UpdateRole(ctx, accountA, r.Name, nil, &hour)
	f.mustRole(t, NewRole{Name: "ordinary"})
	_, ordinary := f.DeleteServiceLinkedRole(ctx, accountA, "ordinary")
	protected := "Cannot perform the operation on the protected role 'AWSServiceRoleForAmazonWorkMailEvents' - this role is only modifiable by AWS"
	for name, c := range map[string]struct {
		err        error
		code, text string
		status     int
	}{
		"twice":    {twice, "InvalidInput", "Service role name AWSServiceRoleForAmazonWorkMailEvents has been taken in this account, please try a different suffix.", 400},
		"suffix":   {suffix, "InvalidInput", "Custom suffix is not allowed for events.workmail.amazonaws.com", 400},
		"unknown":  {unknown, "InvalidInput", "Cannot find Service Linked Role template for nope.amazonaws.com", 400},
		"put":      {f.PutRolePolicy(ctx, accountA, r.Name, "p", permissions), "UnmodifiableEntity", protected, 400},
		"attach":   {f.AttachRolePolicy(ctx, accountA, r.Name, ManagedPolicyARN("AdministratorAccess")), "UnmodifiableEntity", protected, 400},
		"detach":   {f.DetachRolePolicy(ctx, accountA, r.Name, ManagedPolicyARN("AdministratorAccess")), "UnmodifiableEntity", protected, 400},
		"trust":    {f.UpdateTrust(ctx, accountA, r.Name, trustEvents), "UnmodifiableEntity", protected, 400},
		"delete":   {f.DeleteRole(ctx, accountA, r.Name), "UnmodifiableEntity", protected, 400},
		"longest":  {longest, "UnmodifiableEntity", protected, 400},
		"ordinary": {ordinary, "NoSuchEntity", "The role with name ordinary cannot be found.", 404},
	} {
		t.Run(name, func(t *testing.T) { wantError(t, c.err, c.status, c.code, c.text) })
	}
	description := "kept by us"
	if got, err := f.UpdateRole(ctx, accountA, r.Name, &description, nil); err != nil || got.Description != description {
		t.Errorf("UpdateRole = %q, %v", got.Description, err)
	}
}

func TestDeletionOfServiceLinkedRole(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	r, err := f.CreateServiceLinkedRole(ctx, accountA, EventsService, "", "")
	if err != nil {
		t.Fatal(err)
	}
	f.usage = []RoleUsage{{Region: "us-east-1", Resources: []string{"arn:aws:workmail:us-east-1:111122223333:organization/m-0a"}}}
	task, err := f.DeleteServiceLinkedRole(ctx, accountA, r.Name)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := DeletionRole(accountA, task); err != nil || got != r.ARN() {
		t.Errorf("DeletionRole(%s) = %s, %v", task, got, err)
	}
	d, err := f.Deletion(ctx, accountA, task)
	if err != nil || d.Status != DeletionFailed || d.Reason == "" || !cmp.Equal(d.Usage, f.usage) {
		t.Errorf("deletion %+v, %v", d, err)
	}
	if _, err := f.Role(ctx, accountA, r.Name); err != nil {
		t.Errorf("a role in use was deleted: %v", err)
	}
	f.usage = nil
	if task, err = f.DeleteServiceLinkedRole(ctx, accountA, r.Name); err != nil {
		t.Fatal(err)
	}
	if d, err := f.Deletion(ctx, accountA, task); err != nil || d.Status != DeletionSucceeded || d.Usage != nil {
		t.Errorf("deletion %+v, %v", d, err)
	}
	_, err = f.Role(ctx, accountA, r.Name)
	wantError(t, err, 404, "NoSuchEntity", "")
	_, err = f.Deletion(ctx, accountB, task)
	wantError(t, err, 404, "NoSuchEntity", "")
	_, err = DeletionRole(accountA, "task/nope")
	wantError(t, err, 400, "InvalidInput", "")
}
