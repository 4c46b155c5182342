package e2e

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// awsAs runs the aws CLI with a key of its own and returns what it printed, the
// errors included.
func (s *server) awsAs(t *testing.T, key, secret string, args ...string) string {
	t.Helper()
	cmd := exec.Command(peer(t, "/usr/bin/aws", "aws"), append([]string{"--endpoint-url", s.URL, "--region", region, "--output", "json"}, args...)...)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + t.TempDir(), "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1",
		"AWS_ACCESS_KEY_ID=" + key, "AWS_SECRET_ACCESS_KEY=" + secret}
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestPoliciesWithTheCLI goes through docs/policies.md: a user is refused, the
// simulator says by which statement, and the refusal is mended.
func TestPoliciesWithTheCLI(t *testing.T) {
	s := serve(t, "")
	file := func(document string) string {
		name := t.TempDir() + "/policy.json"
		if err := os.WriteFile(name, []byte(document), 0o600); err != nil {
			t.Fatal(err)
		}
		return "file://" + name
	}
	s.aws(t, "logs", "create-log-group", "--log-group-name", "mail")
	s.aws(t, "iam", "create-user", "--user-name", "ann", "--tags", "Key=team,Value=mail")
	key := awsJSON[struct {
		AccessKey struct{ AccessKeyId, SecretAccessKey string }
	}](t, s, "iam", "create-access-key", "--user-name", "ann").AccessKey
	ann := "arn:aws:iam::" + account + ":user/ann"
	as := func(args ...string) string { return s.awsAs(t, key.AccessKeyId, key.SecretAccessKey, args...) }

	const action = "because no identity-based policy allows the logs:DescribeLogStreams action"
	if out := as("logs", "describe-log-streams", "--log-group-name", "mail"); !strings.Contains(out, "(AccessDeniedException)") || !strings.Contains(out, action) {
		t.Errorf("without a policy: %s", out)
	}
	// A group without ":*" is not enough.
	group := "arn:aws:logs:" + region + ":" + account + ":log-group:mail"
	s.aws(t, "iam", "put-user-policy", "--user-name", "ann", "--policy-name", "read", "--policy-document", file(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:Describe*","logs:Get*"],"Resource":"`+group+`"}]}`))
	if out := as("logs", "describe-log-streams", "--log-group-name", "mail"); !strings.Contains(out, action) {
		t.Errorf("without a star: %s", out)
	}
	s.aws(t, "iam", "put-user-policy", "--user-name", "ann", "--policy-name", "read", "--policy-document", file(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:Describe*","logs:Get*"],"Resource":"`+group+`:*"},
		 {"Sid":"Outside","Effect":"Deny","Action":"logs:*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]}`))
	if out := as("logs", "describe-log-streams", "--log-group-name", "mail"); !strings.Contains(out, "with an explicit deny in an identity-based policy") {
		t.Errorf("with a deny: %s", out)
	}
	type results struct {
		EvaluationResults []struct {
			EvalDecision         string
			MatchedStatements    []struct{ SourcePolicyId string }
			MissingContextValues []string
		}
	}
	simulate := func(more ...string) results {
		return awsJSON[results](t, s, append([]string{"iam", "simulate-principal-policy", "--policy-source-arn", ann,
			"--action-names", "logs:DescribeLogStreams", "--resource-arns", group + ":log-stream:"}, more...)...)
	}
	entry := func(ip string) []string {
		return []string{"--context-entries", "ContextKeyName=aws:SourceIp,ContextKeyValues=" + ip + ",ContextKeyType=ip"}
	}
	r := simulate(entry("127.0.0.1")...).EvaluationResults[0]
	if r.EvalDecision != "explicitDeny" || len(r.MatchedStatements) != 1 || r.MatchedStatements[0].SourcePolicyId != "user_ann_read" {
		t.Errorf("simulated from outside: %+v", r)
	}
	if r := simulate(entry("10.1.2.3")...).EvaluationResults[0]; r.EvalDecision != "allowed" || len(r.MissingContextValues) != 0 {
		t.Errorf("simulated from inside: %+v", r)
	}
	if r := simulate().EvaluationResults[0]; !slices.Equal(r.MissingContextValues, []string{"aws:SourceIp"}) {
		t.Errorf("simulated from nowhere: %+v", r)
	}
	keys := awsJSON[struct{ ContextKeyNames []string }](t, s, "iam", "get-context-keys-for-principal-policy", "--policy-source-arn", ann)
	if !slices.Equal(keys.ContextKeyNames, []string{"aws:SourceIp"}) {
		t.Errorf("keys %q", keys.ContextKeyNames)
	}
	custom := awsJSON[results](t, s, "iam", "simulate-custom-policy", "--action-names", "logs:GetLogEvents", "--policy-input-list",
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"logs:Get*","Resource":"*"}}`)
	if custom.EvaluationResults[0].EvalDecision != "allowed" {
		t.Errorf("custom: %+v", custom)
	}
	// What can never be meant is said in a header, which --debug shows.
	out := s.awsAs(t, key.AccessKeyId, key.SecretAccessKey, "logs", "describe-log-groups", "--debug")
	if strings.Contains(strings.ToLower(out), "x-waybill-warning") {
		t.Error("a warning without a reason")
	}
	if out := s.debug(t, "logs", "put-resource-policy", "--policy-name", "p", "--policy-document", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
		"Principal":{"Service":"events.workmail.amazonaws.com"},"Action":"logs:PutLogEvents","Resource":"*","Condition":{
		"ArnLike":{"aws:SourceArn":"arn:aws:workmail:*:111122223333:*"},"StringEquals":{"aws:SourceAccount":"444455556666"}}}]}`); !strings.Contains(out, "statement 0 never applies") {
		t.Errorf("no warning: %s", out)
	}
}

// debug runs a command as the administrator with --debug and returns all that is printed.
func (s *server) debug(t *testing.T, args ...string) string {
	t.Helper()
	credentials := readFile(s.Data + "/credentials")
	field := func(name string) string {
		_, rest, _ := strings.Cut(credentials, name)
		line, _, _ := strings.Cut(rest, "\n")
		return strings.Trim(line, " =")
	}
	return s.awsAs(t, field("aws_access_key_id"), field("aws_secret_access_key"), append(args, "--debug")...)
}
