package logsapi_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go"

	"waybill/internal/api"
	logsapi "waybill/internal/api/logs"
	"waybill/internal/iam"
	"waybill/internal/iam/policy"
	"waybill/internal/insights"
	"waybill/internal/logs"
	"waybill/internal/logs/engine"
	"waybill/internal/sigv4"
	"waybill/internal/store"
)

func TestMain(m *testing.M) {
	if err := engine.Configure(engine.Settings{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const (
	account = "111122223333"
	other   = "444455556666"
	region  = "us-east-1"
	secret  = "secret"
)

// server is the real door over the real service, with callers and their
// policies given here.
type server struct {
	url      string
	logs     *logs.Service
	callers  map[string]iam.Principal  // by access key
	policies map[string][]policy.Named // identity policies by access key
	// asked, if set, is told of each permission that is asked for, before it is decided.
	asked func(action, resource string)
	// contentType is that of the last answer to post.
	contentType string
}

func newServer(t testing.TB) *server {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	folder := t.TempDir()
	db, err := store.Open(t.Context(), filepath.Join(folder, "meta.db"), quiet)
	must(t, err)
	s, err := logs.Open(t.Context(), logs.Config{DB: db, Folder: folder, Logger: quiet})
	must(t, err)
	t.Cleanup(func() { must(t, errors.Join(s.Close(context.Background()), db.Close())) })
	v := &server{logs: s, callers: map[string]iam.Principal{}, policies: map[string][]policy.Named{}}
	queries, err := insights.Open(t.Context(), insights.Config{Logs: s, Logger: quiet})
	must(t, err)
	t.Cleanup(func() { must(t, queries.Close()) })
	registry, err := api.NewRegistry(logsapi.Operations(s), logsapi.QueryOperations(queries))
	must(t, err)
	door, err := api.NewDoor(api.Config{Registry: registry, Authenticator: v, Authorizer: v, Auditor: v, Logger: quiet})
	must(t, err)
	h := httptest.NewServer(door)
	t.Cleanup(h.Close)
	v.url = h.URL
	return v
}

func (v *server) Authenticate(_ context.Context, key, _ string) (string, iam.Principal, error) {
	p, ok := v.callers[key]
	if !ok {
		return "", p, sigv4.UnknownKey()
	}
	p.AccessKeyID = key
	return secret, p, nil
}

func (v *server) Authorize(ctx context.Context, p iam.Principal, action, resource string, keys policy.Context) (policy.Decision, error) {
	if v.asked != nil {
		v.asked(action, resource)
	}
	set := &policy.Set{Identity: v.policies[p.AccessKeyID]}
	var err error
	if set.Resource, err = v.logs.ResourcePolicies(ctx, resource); err != nil {
		return policy.Decision{}, err
	}
	if parts := strings.Split(resource, ":"); len(parts) > 4 {
		set.ResourceAccount = parts[4]
	}
	return policy.Evaluate(&policy.Request{
		Action: action, Resource: resource, Context: keys, Subject: policy.Subject{Account: p.Account, ARNs: []string{p.ARN}},
	}, set), nil
}

func (v *server) Record(context.Context, api.Record) {}

// client returns a client of a new user with that one policy statement.
func (v *server) client(t testing.TB, account, name, statement string) *cwl.Client {
	t.Helper()
	key := "AKID" + name
	d, err := policy.Parse(policy.Identity, []byte(`{"Version":"2012-10-17","Statement":[`+statement+`]}`))
	must(t, err)
	v.callers[key] = iam.Principal{Type: iam.TypeUser, Account: account, Name: name, ARN: "arn:aws:iam::" + account + ":user/" + name}
	v.policies[key] = []policy.Named{{Name: name, Document: d}}
	return cwl.NewFromConfig(aws.Config{
		Region: region, BaseEndpoint: &v.url, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(key, secret, ""),
	})
}

func (v *server) admin(t testing.TB) *cwl.Client {
	return v.client(t, account, "admin", `{"Effect":"Allow","Action":"*","Resource":"*"}`)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t testing.TB, err error, code, text string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), text) {
		t.Errorf("error %v\nwant %s: ...%s...", err, code, text)
	}
}

// The SDK's own paginators must come to an end and miss nothing.
func TestPaginators(t *testing.T) {
	c := newServer(t).admin(t)
	ctx := t.Context()
	var want []string
	for i := range 7 {
		name := fmt.Sprintf("group-%d", i)
		_, err := c.CreateLogGroup(ctx, &cwl.CreateLogGroupInput{LogGroupName: &name})
		must(t, err)
		want = append(want, name)
	}
	var got []string
	groups := cwl.NewDescribeLogGroupsPaginator(c, &cwl.DescribeLogGroupsInput{Limit: aws.Int32(3)})
	for groups.HasMorePages() {
		page, err := groups.NextPage(ctx)
		must(t, err)
		for _, g := range page.LogGroups {
			got = append(got, *g.LogGroupName)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("groups %v", got)
	}
	now := time.Now().UnixMilli()
	for _, s := range []string{"s1", "s2"} {
		_, err := c.CreateLogStream(ctx, &cwl.CreateLogStreamInput{LogGroupName: &want[0], LogStreamName: &s})
		must(t, err)
		var events []types.InputLogEvent
		for i := range 25 {
			events = append(events, types.InputLogEvent{Timestamp: aws.Int64(now + int64(i)), Message: aws.String(fmt.Sprint(s, " ", i))})
		}
		_, err = c.PutLogEvents(ctx, &cwl.PutLogEventsInput{LogGroupName: &want[0], LogStreamName: &s, LogEvents: events})
		must(t, err)
	}
	ids := map[string]bool{}
	filter := cwl.NewFilterLogEventsPaginator(c, &cwl.FilterLogEventsInput{LogGroupName: &want[0], Limit: aws.Int32(7)})
	for filter.HasMorePages() {
		page, err := filter.NextPage(ctx)
		must(t, err)
		for _, e := range page.Events {
			ids[*e.EventId] = true
		}
	}
	if len(ids) != 50 {
		t.Errorf("%d events filtered, want 50", len(ids))
	}
	n := 0
	get := cwl.NewGetLogEventsPaginator(c, &cwl.GetLogEventsInput{
		LogGroupName: &want[0], LogStreamName: aws.String("s1"), StartFromHead: aws.Bool(true), Limit: aws.Int32(10),
	}, func(o *cwl.GetLogEventsPaginatorOptions) { o.StopOnDuplicateToken = true })
	for get.HasMorePages() {
		page, err := get.NextPage(ctx)
		must(t, err)
		n += len(page.Events)
	}
	if n != 25 {
		t.Errorf("%d events got, want 25", n)
	}
}

func TestSequenceTokenErrorsCarryTheExpectedToken(t *testing.T) {
	c := newServer(t).admin(t)
	ctx := t.Context()
	g, s := aws.String("g"), aws.String("s")
	_, err := c.CreateLogGroup(ctx, &cwl.CreateLogGroupInput{LogGroupName: g})
	must(t, err)
	_, err = c.CreateLogStream(ctx, &cwl.CreateLogStreamInput{LogGroupName: g, LogStreamName: s})
	must(t, err)
	streams, err := c.DescribeLogStreams(ctx, &cwl.DescribeLogStreamsInput{LogGroupName: g})
	must(t, err)
	in := &cwl.PutLogEventsInput{
		LogGroupName: g, LogStreamName: s, SequenceToken: streams.LogStreams[0].UploadSequenceToken,
		LogEvents: []types.InputLogEvent{{Timestamp: aws.Int64(time.Now().UnixMilli()), Message: aws.String("m")}},
	}
	out, err := c.PutLogEvents(ctx, in)
	must(t, err)
	_, err = c.PutLogEvents(ctx, in)
	var already *types.DataAlreadyAcceptedException
	if !errors.As(err, &already) || *already.ExpectedSequenceToken != *out.NextSequenceToken {
		t.Errorf("error %v", err)
	}
	in.SequenceToken = aws.String("123")
	_, err = c.PutLogEvents(ctx, in)
	var invalid *types.InvalidSequenceTokenException
	if !errors.As(err, &invalid) || *invalid.ExpectedSequenceToken != *out.NextSequenceToken {
		t.Errorf("error %v", err)
	}
}

// The WorkMail guide's role policy names log-group:workmail-monitoring* and must
// allow creating streams and putting events; without a wildcard it must not.
func TestResourcesOfPermissions(t *testing.T) {
	v := newServer(t)
	admin := v.admin(t)
	ctx := t.Context()
	group := aws.String("workmail-monitoring")
	_, err := admin.CreateLogGroup(ctx, &cwl.CreateLogGroupInput{LogGroupName: group})
	must(t, err)
	_, err = admin.CreateLogStream(ctx, &cwl.CreateLogStreamInput{LogGroupName: group, LogStreamName: aws.String("m-1")})
	must(t, err)
	for i, c := range []struct {
		resource          string
		createStream, put bool
	}{
		{"arn:aws:logs:us-east-1:111122223333:log-group:workmail-monitoring*", true, true},
		{"arn:aws:logs:us-east-1:111122223333:log-group:workmail-monitoring:*", true, true},
		{"arn:aws:logs:us-east-1:111122223333:log-group:workmail-monitoring", false, false},
		{"arn:aws:logs:us-east-1:111122223333:log-group:workmail-monitoring:log-stream:m-1", false, true},
		{"arn:aws:logs:us-east-1:111122223333:log-group:workmail-monitoring:log-stream:m-2", false, false},
		{"arn:aws:logs:eu-west-1:111122223333:log-group:workmail-monitoring*", false, false},
		{"arn:aws:logs:us-east-1:111122223333:log-group:other*", false, false},
	} {
		client := v.client(t, account, fmt.Sprint("user", i),
			`{"Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":"`+c.resource+`"}`)
		_, err := client.CreateLogStream(ctx, &cwl.CreateLogStreamInput{LogGroupName: group, LogStreamName: aws.String(fmt.Sprint("new-", i))})
		allowed(t, c.resource+" CreateLogStream", err, c.createStream)
		_, err = client.PutLogEvents(ctx, &cwl.PutLogEventsInput{LogGroupName: group, LogStreamName: aws.String("m-1"),
			LogEvents: []types.InputLogEvent{{Timestamp: aws.Int64(time.Now().UnixMilli()), Message: aws.String("m")}}})
		allowed(t, c.resource+" PutLogEvents", err, c.put)
	}
}

func allowed(t *testing.T, what string, err error, want bool) {
	t.Helper()
	if want && err != nil {
		t.Errorf("%s: %v", what, err)
	}
	if !want {
		wantError(t, err, "AccessDeniedException", "")
	}
}

// Another account reads by ARN, and only where both sides' policies let it.
func TestOtherAccountsNeedAResourcePolicy(t *testing.T) {
	v := newServer(t)
	admin := v.admin(t)
	ctx := t.Context()
	group := aws.String("g")
	_, err := admin.CreateLogGroup(ctx, &cwl.CreateLogGroupInput{LogGroupName: group})
	must(t, err)
	stranger := v.client(t, other, "stranger", `{"Effect":"Allow","Action":"logs:*","Resource":"*"}`)
	read := func() error {
		_, err := stranger.FilterLogEvents(ctx, &cwl.FilterLogEventsInput{
			LogGroupIdentifier: aws.String("arn:aws:logs:us-east-1:111122223333:log-group:g")})
		return err
	}
	wantError(t, read(), "AccessDeniedException", "")
	_, err = stranger.FilterLogEvents(ctx, &cwl.FilterLogEventsInput{LogGroupName: group})
	wantError(t, err, "ResourceNotFoundException", "The specified log group does not exist.") // its own account has none
	out, err := admin.PutResourcePolicy(ctx, &cwl.PutResourcePolicyInput{PolicyName: aws.String("share"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"logs:FilterLogEvents","Resource":"arn:aws:logs:us-east-1:111122223333:log-group:g:*"}]}`)})
	must(t, err)
	if p := out.ResourcePolicy; *p.PolicyName != "share" || p.PolicyScope != types.PolicyScopeAccount {
		t.Errorf("policy %+v", p)
	}
	must(t, read())
	_, err = admin.DeleteResourcePolicy(ctx, &cwl.DeleteResourcePolicyInput{PolicyName: aws.String("share")})
	must(t, err)
	wantError(t, read(), "AccessDeniedException", "")
}

func TestRetentionAndTagsOverTheWire(t *testing.T) {
	c := newServer(t).admin(t)
	ctx := t.Context()
	g := aws.String("g")
	_, err := c.CreateLogGroup(ctx, &cwl.CreateLogGroupInput{LogGroupName: g, Tags: map[string]string{"a": "1"}})
	must(t, err)
	_, err = c.PutRetentionPolicy(ctx, &cwl.PutRetentionPolicyInput{LogGroupName: g, RetentionInDays: aws.Int32(30)})
	must(t, err)
	_, err = c.PutRetentionPolicy(ctx, &cwl.PutRetentionPolicyInput{LogGroupName: g, RetentionInDays: aws.Int32(31)})
	wantError(t, err, "InvalidParameterException", "retentionInDays")
	out, err := c.DescribeLogGroups(ctx, &cwl.DescribeLogGroupsInput{LogGroupIdentifiers: []string{"g", "none"}})
	must(t, err)
	if len(out.LogGroups) != 1 || *out.LogGroups[0].RetentionInDays != 30 {
		t.Errorf("groups %+v", out.LogGroups)
	}
	_, err = c.DeleteRetentionPolicy(ctx, &cwl.DeleteRetentionPolicyInput{LogGroupName: g})
	must(t, err)
	arn := out.LogGroups[0].LogGroupArn
	_, err = c.TagResource(ctx, &cwl.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"b": "2"}})
	must(t, err)
	_, err = c.UntagResource(ctx, &cwl.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}})
	must(t, err)
	tags, err := c.ListTagsForResource(ctx, &cwl.ListTagsForResourceInput{ResourceArn: arn})
	must(t, err)
	if len(tags.Tags) != 1 || tags.Tags["b"] != "2" {
		t.Errorf("tags %v", tags.Tags)
	}
	_, err = c.TagResource(ctx, &cwl.TagResourceInput{ResourceArn: aws.String("arn:aws:iam::1:role/x"), Tags: map[string]string{"b": "2"}})
	wantError(t, err, "InvalidParameterException", "resourceArn")
}
