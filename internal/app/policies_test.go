package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	cwltypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/workmail"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"waybill/internal/config"
	"waybill/internal/iam"
	wm "waybill/internal/workmail"
)

// The accounts of the tests; the first is the server's own.
const (
	accountA = "111122223333"
	accountB = "444455556666"
	region   = "eu-west-1"
)

// running is a whole server, reached over signed HTTP only, but for what no
// operation makes: accounts and their first user.
type running struct {
	*Server
	admins map[string]aws.CredentialsProvider // by account
}

func runServer(t *testing.T) *running {
	t.Helper()
	cfg := config.Default()
	cfg.Data, cfg.Listen, cfg.Account = filepath.Join(t.TempDir(), "data"), "127.0.0.1:0", accountA
	s, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	r := &running{Server: s, admins: map[string]aws.CredentialsProvider{}}
	r.admins[accountA] = static(s.first.Credentials)
	if err := s.iam.CreateAccount(t.Context(), accountB); err != nil {
		t.Fatal(err)
	}
	r.admins[accountB] = r.user(t, accountB, "admin", nil)
	if err := s.iam.Attach(t.Context(), iam.Owner{Kind: iam.KindUser, Account: accountB, Name: "admin"}, iam.ManagedPolicyARN("AdministratorAccess")); err != nil {
		t.Fatal(err)
	}
	return r
}

func static(c iam.Credentials) aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.Secret, "")
}

func (r *running) user(t *testing.T, account, name string, tags []iam.Tag) aws.CredentialsProvider {
	t.Helper()
	if _, err := r.iam.CreateUser(t.Context(), account, iam.NewUser{Name: name, Tags: tags}); err != nil {
		t.Fatal(err)
	}
	key, err := r.iam.CreateAccessKey(t.Context(), account, name)
	if err != nil {
		t.Fatal(err)
	}
	return static(key)
}

func (r *running) config(c aws.CredentialsProvider) aws.Config {
	return aws.Config{Region: region, BaseEndpoint: aws.String(r.URL()), RetryMaxAttempts: 1, Credentials: c}
}

// service is a configuration that signs as the service principal for a source.
func (r *running) service(t *testing.T, sourceARN, sourceAccount string) aws.Config {
	t.Helper()
	key, err := r.iam.ServiceCredentials(t.Context(), wm.ServicePrincipal)
	if err != nil {
		t.Fatal(err)
	}
	c := r.config(static(key))
	if sourceARN != "" {
		c.APIOptions = append(c.APIOptions, smithyhttp.SetHeaderValue("X-Amz-Source-Arn", sourceARN))
	}
	if sourceAccount != "" {
		c.APIOptions = append(c.APIOptions, smithyhttp.SetHeaderValue("X-Amz-Source-Account", sourceAccount))
	}
	return c
}

// role makes a role with a trust policy and, unless it is empty, one permission policy.
func (r *running) role(t *testing.T, account, name, trust, permissions string, tags ...iamtypes.Tag) string {
	t.Helper()
	c := awsiam.NewFromConfig(r.config(r.admins[account]))
	out, err := c.CreateRole(t.Context(), &awsiam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust, Tags: tags})
	if err != nil {
		t.Fatal(err)
	}
	if permissions != "" {
		_, err := c.PutRolePolicy(t.Context(), &awsiam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("p"), PolicyDocument: &permissions})
		if err != nil {
			t.Fatal(err)
		}
	}
	return *out.Role.Arn
}

func (r *running) assume(t *testing.T, c aws.Config, role string) (aws.CredentialsProvider, error) {
	t.Helper()
	out, err := sts.NewFromConfig(c).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("session")})
	if err != nil {
		return nil, err
	}
	return credentials.NewStaticCredentialsProvider(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken), nil
}

// allowed tells a refusal by policy from an answer, whatever that is.
func allowed(t *testing.T, err error) bool {
	t.Helper()
	var e smithy.APIError
	if err != nil && !errors.As(err, &e) {
		t.Fatal(err)
	}
	return err == nil || e.ErrorCode() != "AccessDenied" && e.ErrorCode() != "AccessDeniedException"
}

func wantAPIError(t *testing.T, what string, err error, code, text string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) {
		t.Errorf("%s: error %v, want %s", what, err, code)
	} else if e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), text) {
		t.Errorf("%s: error %s: %s\nwant %s: ...%s...", what, e.ErrorCode(), e.ErrorMessage(), code, text)
	}
}

const trustAccount = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + accountA + `"},"Action":"sts:AssumeRole"}]}`

// TestConditionKeys asks, over the signed API, for every condition key that is
// promised: testdata/condition-keys.txt has lines of the form
//
//	CALLER CALL CONDITION -> allowed|refused
//
// and the caller may do what the condition admits, and nothing else.
func TestConditionKeys(t *testing.T) {
	r := runServer(t)
	ann := r.user(t, accountA, "ann", []iam.Tag{{Key: "Team", Value: "mail"}})
	annUser, err := r.iam.User(t.Context(), accountA, "ann")
	if err != nil {
		t.Fatal(err)
	}
	writer := r.role(t, accountA, "writer", trustAccount, "", iamtypes.Tag{Key: aws.String("team"), Value: aws.String("ops")})
	session, err := r.assume(t, r.config(r.admins[accountA]), writer)
	if err != nil {
		t.Fatal(err)
	}
	admin := cwl.NewFromConfig(r.config(r.admins[accountA]))
	_, err = admin.CreateLogGroup(t.Context(), &cwl.CreateLogGroupInput{LogGroupName: aws.String("tagged"), Tags: map[string]string{"Team": "mail"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.CreateLogGroup(t.Context(), &cwl.CreateLogGroupInput{LogGroupName: aws.String("untagged")}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/condition-keys.txt")
	if err != nil {
		t.Fatal(err)
	}
	replace := strings.NewReplacer("USERID", annUser.ID)
	for n, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		left, want, _ := strings.Cut(replace.Replace(line), " -> ")
		words := strings.SplitN(left, " ", 3)
		caller, creds := words[0], map[string]aws.CredentialsProvider{"user": ann, "session": session}[words[0]]
		if creds == nil || !json.Valid([]byte(words[2])) || want != "allowed" && want != "refused" {
			t.Fatalf("line %d: %s", n+1, line)
		}
		r.permit(t, caller, words[2])
		if got := allowed(t, r.call(t, r.config(creds), words[1])); got != (want == "allowed") {
			t.Errorf("line %d: %s", n+1, line)
		}
	}
}

// permit makes a statement with the condition all that the caller may do.
func (r *running) permit(t *testing.T, caller, condition string) {
	t.Helper()
	document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":` + condition + `}]}`
	var err error
	if caller == "user" {
		err = r.iam.PutPolicy(t.Context(), iam.Owner{Kind: iam.KindUser, Account: accountA, Name: "ann"}, "p", document)
	} else {
		err = r.iam.PutPolicy(t.Context(), iam.Owner{Kind: iam.KindRole, Account: accountA, Name: "writer"}, "p", document)
	}
	if err != nil {
		t.Fatalf("%s: %v", condition, err)
	}
}

// call makes one call of those that the table names.
func (r *running) call(t *testing.T, c aws.Config, name string) error {
	t.Helper()
	ctx := t.Context()
	name, argument, _ := strings.Cut(name, ":")
	var err error
	switch name {
	case "groups":
		_, err = cwl.NewFromConfig(c).DescribeLogGroups(ctx, nil)
	case "streams":
		_, err = cwl.NewFromConfig(c).DescribeLogStreams(ctx, &cwl.DescribeLogStreamsInput{LogGroupName: &argument})
	case "tag", "create":
		tags := map[string]string{}
		for pair := range strings.SplitSeq(argument, ",") {
			k, v, _ := strings.Cut(pair, "=")
			tags[k] = v
		}
		if name == "tag" {
			_, err = cwl.NewFromConfig(c).TagResource(ctx, &cwl.TagResourceInput{Tags: tags,
				ResourceArn: aws.String("arn:aws:logs:" + region + ":" + accountA + ":log-group:untagged")})
			break
		}
		_, err = cwl.NewFromConfig(c).CreateLogGroup(ctx, &cwl.CreateLogGroupInput{LogGroupName: aws.String("made"), Tags: tags})
		if err == nil {
			_, err := cwl.NewFromConfig(r.config(r.admins[accountA])).DeleteLogGroup(ctx, &cwl.DeleteLogGroupInput{LogGroupName: aws.String("made")})
			if err != nil {
				t.Fatal(err)
			}
		}
	case "untag":
		_, err = cwl.NewFromConfig(c).UntagResource(ctx, &cwl.UntagResourceInput{TagKeys: []string{argument},
			ResourceArn: aws.String("arn:aws:logs:" + region + ":" + accountA + ":log-group:untagged")})
	case "role":
		_, err = awsiam.NewFromConfig(c).GetRole(ctx, &awsiam.GetRoleInput{RoleName: &argument})
	case "linked":
		_, err = awsiam.NewFromConfig(c).CreateServiceLinkedRole(ctx, &awsiam.CreateServiceLinkedRoleInput{AWSServiceName: &argument})
	case "pass":
		_, err = workmail.NewFromConfig(c).PutEmailMonitoringConfiguration(ctx, &workmail.PutEmailMonitoringConfigurationInput{
			OrganizationId: aws.String("m-" + strings.Repeat("0", 32)), LogGroupArn: aws.String("arn:aws:logs:" + region + ":" + accountA + ":log-group:tagged:*"),
			RoleArn: aws.String("arn:aws:iam::" + accountA + ":role/" + argument)})
	default:
		t.Fatalf("no call %q", name)
	}
	return err
}

// A log group without ":*" is the group for tagging and nothing else: neither
// its streams nor, as AWS evaluates them, the operations on the group.
func TestLogGroupWithoutStarIsNotItsStreams(t *testing.T) {
	r := runServer(t)
	group := "arn:aws:logs:" + region + ":" + accountA + ":log-group:mail"
	admin := cwl.NewFromConfig(r.config(r.admins[accountA]))
	for _, name := range []string{"mail", "mail2"} {
		if _, err := admin.CreateLogGroup(t.Context(), &cwl.CreateLogGroupInput{LogGroupName: &name}); err != nil {
			t.Fatal(err)
		}
		if _, err := admin.CreateLogStream(t.Context(), &cwl.CreateLogStreamInput{LogGroupName: &name, LogStreamName: aws.String("s")}); err != nil {
			t.Fatal(err)
		}
	}
	for i, c := range []struct {
		resource                              string
		put, stream, tag, otherPut, otherTags bool
	}{
		{resource: group, tag: true},
		{resource: group + ":*", put: true, stream: true},
		{resource: group + "*", put: true, stream: true, tag: true, otherPut: true, otherTags: true},
		{resource: group + ":log-stream:s", put: true},
		{resource: group + ":log-stream:t*"},
		{resource: group + ":log-stream:", stream: true}, // the group itself, as AWS spells it
	} {
		name := fmt.Sprint("u", i)
		creds := r.user(t, accountA, name, nil)
		document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"` + c.resource + `"}]}`
		if err := r.iam.PutPolicy(t.Context(), iam.Owner{Kind: iam.KindUser, Account: accountA, Name: name}, "p", document); err != nil {
			t.Fatal(err)
		}
		l := cwl.NewFromConfig(r.config(creds))
		put := func(group string) bool {
			_, err := l.PutLogEvents(t.Context(), &cwl.PutLogEventsInput{LogGroupName: &group, LogStreamName: aws.String("s"),
				LogEvents: []cwltypes.InputLogEvent{{Message: aws.String("m"), Timestamp: aws.Int64(clock().UnixMilli())}}})
			return allowed(t, err)
		}
		tags := func(arn string) bool {
			_, err := l.ListTagsForResource(t.Context(), &cwl.ListTagsForResourceInput{ResourceArn: &arn})
			return allowed(t, err)
		}
		_, err := l.CreateLogStream(t.Context(), &cwl.CreateLogStreamInput{LogGroupName: aws.String("mail"), LogStreamName: aws.String(name)})
		if got := put("mail"); got != c.put {
			t.Errorf("%s: put events %v", c.resource, got)
		}
		if got := allowed(t, err); got != c.stream {
			t.Errorf("%s: create another stream %v", c.resource, got)
		}
		if got := tags(group); got != c.tag {
			t.Errorf("%s: list tags %v", c.resource, got)
		}
		if got := put("mail2"); got != c.otherPut {
			t.Errorf("%s: put events into mail2 %v", c.resource, got)
		}
		if got := tags(group + "2"); got != c.otherTags {
			t.Errorf("%s: list tags of mail2 %v", c.resource, got)
		}
	}
}
