package e2e

import (
	"strings"
	"testing"
)

// TestIdentityLifeCycle takes a user from creation to deletion with the
// unmodified aws CLI: a key that works at once, rotation by the user guide's
// steps, a password, a managed policy whose versions decide, a group.
func TestIdentityLifeCycle(t *testing.T) {
	s := serve(t, "")
	dir := t.TempDir()
	readGroups := write(t, dir, "read.json", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:DescribeLogGroups","Resource":"*"}]}`)
	nothing := write(t, dir, "nothing.json", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`)
	type key struct {
		AccessKey struct{ AccessKeyId, SecretAccessKey string }
	}
	as := func(k key, args ...string) (string, error) {
		t.Helper()
		return s.awsWith(t, []string{"AWS_ACCESS_KEY_ID=" + k.AccessKey.AccessKeyId, "AWS_SECRET_ACCESS_KEY=" + k.AccessKey.SecretAccessKey}, args...)
	}
	describes := func(k key, want string) {
		t.Helper()
		out, err := as(k, "logs", "describe-log-groups")
		if want == "" && err != nil || want != "" && !strings.Contains(out, want) {
			t.Errorf("describe-log-groups: want %q, got %v\n%s", want, err, out)
		}
	}

	s.aws(t, "iam", "create-user", "--user-name", "ann", "--tags", "Key=team,Value=mail")
	first := awsJSON[key](t, s, "iam", "create-access-key", "--user-name", "ann")
	describes(first, "(AccessDeniedException)")

	// A managed policy, through a group.
	made := awsJSON[struct{ Policy struct{ Arn string } }](t, s, "iam", "create-policy", "--policy-name", "read", "--policy-document", "file://"+readGroups)
	s.aws(t, "iam", "create-group", "--group-name", "readers")
	s.aws(t, "iam", "attach-group-policy", "--group-name", "readers", "--policy-arn", made.Policy.Arn)
	s.aws(t, "iam", "add-user-to-group", "--group-name", "readers", "--user-name", "ann")
	describes(first, "")
	s.aws(t, "iam", "create-policy-version", "--policy-arn", made.Policy.Arn, "--policy-document", "file://"+nothing, "--set-as-default")
	describes(first, "with an explicit deny in an identity-based policy")
	s.aws(t, "iam", "set-default-policy-version", "--policy-arn", made.Policy.Arn, "--version-id", "v1")

	// Rotation.
	second := awsJSON[key](t, s, "iam", "create-access-key", "--user-name", "ann")
	s.awsFails(t, "LimitExceeded", "iam", "create-access-key", "--user-name", "ann")
	describes(second, "")
	s.aws(t, "iam", "update-access-key", "--user-name", "ann", "--access-key-id", first.AccessKey.AccessKeyId, "--status", "Inactive")
	describes(first, "(UnrecognizedClientException)")
	used := s.aws(t, "iam", "get-access-key-last-used", "--access-key-id", second.AccessKey.AccessKeyId)
	for _, want := range []string{`"UserName": "ann"`, `"ServiceName": "logs"`, `"Region": "` + region + `"`, `"LastUsedDate": "20`} {
		if !strings.Contains(used, want) {
			t.Errorf("last use without %s:\n%s", want, used)
		}
	}
	s.aws(t, "iam", "delete-access-key", "--user-name", "ann", "--access-key-id", first.AccessKey.AccessKeyId)

	// A password.
	s.awsFails(t, "PasswordPolicyViolation", "iam", "create-login-profile", "--user-name", "ann", "--password", "weak")
	s.aws(t, "iam", "create-login-profile", "--user-name", "ann", "--password", "Correct-Horse-1", "--password-reset-required")
	s.aws(t, "iam", "attach-user-policy", "--user-name", "ann", "--policy-arn", "arn:aws:iam::aws:policy/IAMUserChangePassword")
	if out, err := as(second, "iam", "change-password", "--old-password", "Correct-Horse-1", "--new-password", "Correct-Horse-2"); err != nil {
		t.Errorf("change-password: %v\n%s", err, out)
	}

	out := s.awsFails(t, "DeleteConflict", "iam", "delete-user", "--user-name", "ann")
	if !strings.Contains(out, "Cannot delete entity, must delete login profile first.") {
		t.Errorf("delete-user: %s", out)
	}
	s.aws(t, "iam", "delete-login-profile", "--user-name", "ann")
	s.aws(t, "iam", "delete-access-key", "--user-name", "ann", "--access-key-id", second.AccessKey.AccessKeyId)
	s.aws(t, "iam", "detach-user-policy", "--user-name", "ann", "--policy-arn", "arn:aws:iam::aws:policy/IAMUserChangePassword")
	s.aws(t, "iam", "remove-user-from-group", "--group-name", "readers", "--user-name", "ann")
	s.aws(t, "iam", "delete-user", "--user-name", "ann")
	describes(second, "(UnrecognizedClientException)")
	s.aws(t, "iam", "detach-group-policy", "--group-name", "readers", "--policy-arn", made.Policy.Arn)
	s.aws(t, "iam", "delete-group", "--group-name", "readers")
	s.awsFails(t, "DeleteConflict", "iam", "delete-policy", "--policy-arn", made.Policy.Arn)
	s.aws(t, "iam", "delete-policy-version", "--policy-arn", made.Policy.Arn, "--version-id", "v2")
	s.aws(t, "iam", "delete-policy", "--policy-arn", made.Policy.Arn)
	details := awsJSON[struct {
		UserDetailList, GroupDetailList, Policies []struct{ UserName, PolicyName string }
	}](t, s, "iam", "get-account-authorization-details", "--filter", "User", "Group", "LocalManagedPolicy")
	if len(details.UserDetailList) != 1 || details.UserDetailList[0].UserName != "administrator" || len(details.GroupDetailList)+len(details.Policies) != 0 {
		t.Errorf("what is left: %+v", details)
	}
}
