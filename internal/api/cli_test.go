package api_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// awsCommands returns the aws commands of the PATH and Debian's, each once.
func awsCommands(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, name := range []string{"/usr/bin/aws", "aws"} {
		path, err := exec.LookPath(name)
		if err != nil || len(found) > 0 && path == found[0] {
			continue
		}
		if version := runCLI(t, path, "http://127.0.0.1:1", adminKey, adminSecret, "", "--version"); strings.HasPrefix(version, "aws-cli/") {
			found = append(found, path)
		}
	}
	if len(found) == 0 {
		t.Skip("no aws command on this machine: the aws CLI was NOT tried")
	}
	return found
}

// runCLI returns what the command writes to both outputs. Nothing of this
// machine's own AWS configuration reaches it.
func runCLI(t *testing.T, path, url, key, secret, token string, args ...string) string {
	t.Helper()
	c := exec.Command(path, append([]string{"--endpoint-url", url, "--region", "us-east-1", "--output", "json"}, args...)...)
	home := t.TempDir()
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "AWS_ACCESS_KEY_ID=" + key, "AWS_SECRET_ACCESS_KEY=" + secret,
		"AWS_SESSION_TOKEN=" + token, "AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1", "AWS_PAGER=", "NO_PROXY=*",
		"AWS_CONFIG_FILE=" + filepath.Join(home, "config"), "AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(home, "credentials")}
	if root := os.Getenv("PYENV_ROOT"); root != "" {
		c.Env = append(c.Env, "PYENV_ROOT="+root)
	}
	out, _ := c.CombinedOutput() // refusals are non-zero exits; the text tells
	return string(out)
}

func TestCLI(t *testing.T) {
	const organization = "m-0123456789abcdef0123456789abcde" // and a digit
	type step struct {
		name, key, secret, token string
		args                     string
		want                     []string
		// differs marks what versions of the command do in ways of their own;
		// the others are tried with the first command only.
		differs bool
	}
	steps := []step{
		{"create", adminKey, adminSecret, "", "logs create-log-group --log-group-name g --tags a=b", nil, true},
		{"create again", adminKey, adminSecret, "", "logs create-log-group --log-group-name g",
			[]string{"(ResourceAlreadyExistsException) when calling the CreateLogGroup operation", "The specified log group already exists"}, false},
		{"describe", adminKey, adminSecret, "", "logs describe-log-groups", []string{`"logGroupName": "g"`, `"creationTime": 1700000000123`}, true},
		{"unknown JSON", adminKey, adminSecret, "", "logs describe-query-definitions", []string{"(UnknownOperationException)", "DescribeQueryDefinitions"}, false},
		{"unknown Query", adminKey, adminSecret, "", "iam list-users", []string{"(InvalidAction) when calling the ListUsers operation", "Could not find operation ListUsers for version 2010-05-08"}, false},
		{"unknown metrics", adminKey, adminSecret, "", "cloudwatch list-metrics", []string{"(InvalidAction) when calling the ListMetrics operation"}, true},
		{"role", adminKey, adminSecret, "", "iam create-role --role-name r --assume-role-policy-document {} --tags Key=k,Value=v --max-session-duration 7200",
			[]string{`"RoleName": "r"`, `"CreateDate": "2026-11-24T04:05:06`, `"Key": "k"`, `"MaxSessionDuration": 7200`}, false},
		{"no role", adminKey, adminSecret, "", "iam get-role --role-name none", []string{"(NoSuchEntity) when calling the GetRole operation", "The role with name none cannot be found."}, false},
		{"void Query", adminKey, adminSecret, "", "iam delete-role --role-name r", nil, false},
		{"session", sessionKey, sessionSecret, sessionToken, "sts get-caller-identity", []string{`"Arn": "arn:aws:sts::111122223333:assumed-role/role/s"`}, true},
		{"expired session", sessionKey, sessionSecret, "expired", "sts get-caller-identity", []string{"(ExpiredToken)"}, false},
		{"workmail", adminKey, adminSecret, "", "workmail describe-organization --organization-id " + organization + "0", []string{`"Alias": "example"`}, false},
		{"workmail error", adminKey, adminSecret, "", "workmail describe-organization --organization-id " + organization + "1", []string{"(OrganizationNotFoundException)", "No organization " + organization + "1"}, false},
		{"bad signature JSON", adminKey, "wrong", "", "logs describe-log-groups", []string{"(InvalidSignatureException)", "does not match the signature you provided"}, false},
		{"bad signature Query", adminKey, "wrong", "", "sts get-caller-identity", []string{"(SignatureDoesNotMatch)", "does not match the signature you provided"}, false},
		{"denied", readerKey, readerSecret, "", "logs create-log-group --log-group-name h",
			[]string{"(AccessDeniedException) when calling the CreateLogGroup operation", "User: arn:aws:iam::111122223333:user/reader is not authorized to perform: logs:CreateLogGroup"}, true},
	}
	for i, path := range awsCommands(t) {
		t.Run(strings.Fields(runCLI(t, path, "http://127.0.0.1:1", adminKey, adminSecret, "", "--version"))[0], func(t *testing.T) {
			d := newDemo(t)
			url := d.serve(t)
			for j, s := range steps {
				if i > 0 && !s.differs {
					continue
				}
				t.Run(s.name, func(t *testing.T) {
					if j > 0 { // the others need what the first creates
						t.Parallel()
					}
					out := runCLI(t, path, url, s.key, s.secret, s.token, strings.Fields(s.args)...)
					if s.want == nil && strings.TrimSpace(out) != "" {
						t.Errorf("printed %s, want nothing", out)
					}
					for _, want := range s.want {
						if !strings.Contains(out, want) {
							t.Errorf("printed %s\nwithout %s", out, want)
						}
					}
				})
			}
		})
	}
}
