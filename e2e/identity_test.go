package e2e

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/coreos/go-oidc/v3/oidc/oidctest"
)

const partner = "444455556666"

// twoAccounts is a server with an account named partner beside its own.
const twoAccounts = `
[[other_account]]
id = "444455556666"
name = "partner"
`

// awsWith runs the aws CLI with other settings of its environment.
func (s *server) awsWith(t *testing.T, env []string, args ...string) (string, error) {
	t.Helper()
	return s.runCLI(t, peer(t, "/usr/bin/aws", "aws"), env, append([]string{"--endpoint-url", s.URL}, args...)...)
}

func (s *server) runCLI(t *testing.T, program string, env []string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(program, append([]string{"--region", region, "--output", "json"}, args...)...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1"}, env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return errs.String(), fmt.Errorf("aws %s: %w: %s", strings.Join(args, " "), err, errs.String())
	}
	return out.String(), nil
}

// as returns the environment of temporary credentials.
func as(c stsCredentials) []string {
	return []string{"AWS_ACCESS_KEY_ID=" + c.AccessKeyId, "AWS_SECRET_ACCESS_KEY=" + c.SecretAccessKey, "AWS_SESSION_TOKEN=" + c.SessionToken}
}

type stsCredentials struct{ AccessKeyId, SecretAccessKey, SessionToken string }

type stsAnswer struct {
	Credentials     stsCredentials
	AssumedRoleUser struct{ Arn string }
	Account, Arn    string
	SourceIdentity  string
}

func decode(t *testing.T, out string, err error) (a stsAnswer) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return a
}

// newerCLI returns a CLI that heeds AWS_ENDPOINT_URL (2.13, 1.29 or later) also
// for the calls by which it gets a profile's credentials; empty if there is
// none. Debian's 2.9.19 does not.
func newerCLI(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("aws")
	if err != nil || path == "/usr/bin/aws" || path == "/bin/aws" {
		return ""
	}
	out, err := exec.Command(path, "--version").CombinedOutput()
	var major, minor int
	if _, scan := fmt.Sscanf(string(out), "aws-cli/%d.%d", &major, &minor); err != nil || scan != nil || major == 2 && minor < 13 || major == 1 && minor < 29 {
		return ""
	}
	return path
}

// profileWorks asks who a profile of a configuration file is: the Go SDK, which
// reads the same files as the CLI, and the CLI if it can be told of the endpoint.
func (s *server) profileWorks(t *testing.T, profile, text, wantARN string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	credentials := filepath.Join(s.Data, "credentials")
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithSharedConfigFiles([]string{file}), config.WithSharedCredentialsFiles([]string{credentials}),
		config.WithSharedConfigProfile(profile), config.WithRegion(region), config.WithBaseEndpoint(s.URL))
	if err != nil {
		t.Fatal(err)
	}
	id, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
	if err != nil || *id.Arn != wantARN {
		t.Errorf("the SDK's profile %s: %+v, %v, want %s", profile, id, err, wantARN)
	}
	cli := newerCLI(t)
	if cli == "" {
		t.Logf("no aws CLI that heeds AWS_ENDPOINT_URL: the profile %s was tried with the SDK only", profile)
		return
	}
	out, err := s.runCLI(t, cli, []string{"AWS_ENDPOINT_URL=" + s.URL, "AWS_CONFIG_FILE=" + file, "AWS_SHARED_CREDENTIALS_FILE=" + credentials,
		"AWS_PROFILE=" + profile}, "sts", "get-caller-identity")
	if a := decode(t, out, err); a.Arn != wantARN {
		t.Errorf("the CLI's profile %s is %s, want %s", profile, a.Arn, wantARN)
	}
}

// TestSessionsAcrossAccounts goes through STS with the aws CLI: sessions of a
// user, roles of another account, profiles, and the audit trail of it all.
func TestSessionsAcrossAccounts(t *testing.T) {
	s := serve(t, twoAccounts)
	own := []string{"AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(s.Data, "credentials")}
	there := append(own, "AWS_PROFILE=partner")

	if a := awsJSON[stsAnswer](t, s, "sts", "get-caller-identity"); a.Account != account {
		t.Fatalf("%+v", a)
	}
	session := awsJSON[stsAnswer](t, s, "sts", "get-session-token", "--duration-seconds", "900").Credentials
	out, err := s.awsWith(t, as(session), "sts", "get-caller-identity")
	if a := decode(t, out, err); a.Arn != "arn:aws:iam::"+account+":user/administrator" {
		t.Errorf("the user's session is %s", a.Arn)
	}
	if out, err := s.awsWith(t, as(session), "iam", "list-roles"); err == nil || !strings.Contains(out, "(InvalidClientTokenId)") {
		t.Errorf("IAM by a user's session: %s", out)
	}
	if a := awsJSON[stsAnswer](t, s, "sts", "get-access-key-info", "--access-key-id", session.AccessKeyId); a.Account != account {
		t.Errorf("account of the session's key: %+v", a)
	}

	trust := filepath.Join(t.TempDir(), "trust.json")
	if err := os.WriteFile(trust, []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::`+account+`:root"},
		"Action":["sts:AssumeRole","sts:SetSourceIdentity"],"Condition":{"StringEquals":{"sts:ExternalId":"visit-7"}}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"iam", "create-role", "--role-name", "reader", "--assume-role-policy-document", "file://" + trust},
		{"iam", "attach-role-policy", "--role-name", "reader", "--policy-arn", "arn:aws:iam::aws:policy/CloudWatchLogsReadOnlyAccess"},
		{"logs", "create-log-group", "--log-group-name", "theirs"},
	} {
		if _, err := s.awsWith(t, there, args...); err != nil {
			t.Fatal(err)
		}
	}
	role := "arn:aws:iam::" + partner + ":role/reader"
	s.awsFails(t, "AccessDenied", "sts", "assume-role", "--role-arn", role, "--role-session-name", "visit")
	visit := awsJSON[stsAnswer](t, s, "sts", "assume-role", "--role-arn", role, "--role-session-name", "visit", "--external-id", "visit-7", "--source-identity", "alice")
	if visit.SourceIdentity != "alice" || visit.AssumedRoleUser.Arn != "arn:aws:sts::"+partner+":assumed-role/reader/visit" {
		t.Errorf("%+v", visit)
	}
	if out, err := s.awsWith(t, as(visit.Credentials), "logs", "describe-log-groups", "--log-group-name-prefix", "theirs"); err != nil || !strings.Contains(out, `"theirs"`) {
		t.Errorf("%s, %v", out, err)
	}
	s.profileWorks(t, "visit", "[profile visit]\nrole_arn = "+role+"\nsource_profile = default\nrole_session_name = visit\nexternal_id = visit-7\n", visit.AssumedRoleUser.Arn)

	// Both accounts have the record of the session that was made; only the caller's that of the refusal.
	for _, c := range []struct {
		env     []string
		pattern string
	}{
		{own, `{ $.eventName = "AssumeRole" && $.requestParameters.roleArn = "` + role + `" && $.responseElements.credentials.accessKeyId = "` + visit.Credentials.AccessKeyId + `" }`},
		{there, `{ $.eventName = "AssumeRole" && $.responseElements.credentials.accessKeyId = "` + visit.Credentials.AccessKeyId + `" && $.userIdentity.accountId = "` + account + `" }`},
		{own, `{ $.eventName = "AssumeRole" && $.errorCode = "AccessDenied" }`},
		{there, `{ $.eventName = "DescribeLogGroups" && $.userIdentity.sessionContext.sourceIdentity = "alice" }`},
	} {
		var out string
		eventually(t, c.pattern, func() (bool, string) {
			var err error
			if out, err = s.awsWith(t, c.env, "logs", "filter-log-events", "--log-group-name", "/waybill/audit", "--filter-pattern", c.pattern); err != nil {
				return false, out
			}
			return strings.Contains(out, `"eventId"`), out
		})
		if n := strings.Count(out, `"eventId"`); n != 1 {
			t.Errorf("%s: %d records\n%s", c.pattern, n, out)
		}
		if strings.Contains(out, visit.Credentials.SecretAccessKey) || strings.Contains(out, visit.Credentials.SessionToken) {
			t.Error("a secret is in the audit trail")
		}
	}
	s.awsFails(t, "AccessDeniedException", "logs", "delete-log-group", "--log-group-name", "/waybill/audit")
}

// TestWebIdentity lets a job with a token of an identity provider in, as a
// pipeline or a pod would be: once with the command, once with a profile.
func TestWebIdentity(t *testing.T) {
	s := serve(t, "")
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	idp := &oidctest.Server{Algorithms: []string{"ES256"}, PublicKeys: []oidctest.PublicKey{{PublicKey: key.Public(), KeyID: "k", Algorithm: "ES256"}}}
	issuer := httptest.NewTLSServer(idp)
	defer issuer.Close()
	idp.SetIssuer(issuer.URL)
	host := strings.TrimPrefix(issuer.URL, "https://")
	token := func(subject string) string {
		now := time.Now().Unix()
		return oidctest.SignIDToken(key, "k", "ES256", fmt.Sprintf(`{"iss":%q,"aud":"sts.amazonaws.com","sub":%q,"iat":%d,"exp":%d}`, issuer.URL, subject, now, now+600))
	}
	sum := sha1.Sum(issuer.Certificate().Raw)
	s.aws(t, "iam", "create-open-id-connect-provider", "--url", issuer.URL, "--client-id-list", "sts.amazonaws.com", "--thumbprint-list", hex.EncodeToString(sum[:]))
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::` + account + `:oidc-provider/` + host + `"},
		"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"` + host + `:aud":"sts.amazonaws.com"},"StringLike":{"` + host + `:sub":"repo:mail/*"}}}]}`
	s.aws(t, "iam", "create-role", "--role-name", "pipeline", "--assume-role-policy-document", trust)
	role := "arn:aws:iam::" + account + ":role/pipeline"
	assume := func(subject string) (string, error) {
		return s.awsWith(t, nil, "sts", "assume-role-with-web-identity", "--no-sign-request", "--role-arn", role, "--role-session-name", "build", "--web-identity-token", token(subject))
	}
	out, err := assume("repo:mail/relay")
	made := decode(t, out, err)
	wantARN := "arn:aws:sts::" + account + ":assumed-role/pipeline/build"
	out, err = s.awsWith(t, as(made.Credentials), "sts", "get-caller-identity")
	if a := decode(t, out, err); a.Arn != wantARN {
		t.Errorf("%+v", a)
	}
	if out, err := assume("repo:other/thing"); err == nil || !strings.Contains(out, "(AccessDenied)") || !strings.Contains(out, "Not authorized to perform sts:AssumeRoleWithWebIdentity") {
		t.Errorf("another subject: %s", out)
	}
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token("repo:mail/relay")), 0o600); err != nil {
		t.Fatal(err)
	}
	s.profileWorks(t, "pipeline", "[profile pipeline]\nrole_arn = "+role+"\nweb_identity_token_file = "+file+"\nrole_session_name = build\n", wantARN)
}

// TestKeyCommand rotates the key of a stopped server.
func TestKeyCommand(t *testing.T) {
	s := serve(t, "")
	session := awsJSON[stsAnswer](t, s, "sts", "get-session-token").Credentials
	waybill := func(args ...string) (string, error) {
		path, err := binary()
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(context.Background(), path, append([]string{"key"}, args...)...).CombinedOutput()
		return string(out), err
	}
	if out, err := waybill("rotate", "--data", s.Data); err == nil || !strings.Contains(out, "is in use by another waybill process") {
		t.Errorf("while the server runs: %v\n%s", err, out)
	}
	s.process.stop(t)
	for _, args := range [][]string{{"check"}, {"rotate"}, {"check"}} {
		if out, err := waybill(append(args, "--data", s.Data)...); err != nil || !strings.Contains(out, ": 2 secrets open") {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
	s = serveOn(t, s.Data, "")
	s.aws(t, "sts", "get-caller-identity")
	if _, err := s.awsWith(t, as(session), "sts", "get-caller-identity"); err != nil {
		t.Errorf("the session of the old key: %v", err)
	}
}
