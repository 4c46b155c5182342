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
	queries := insights.New(insights.Config{Logs: s, Logger: quiet})
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

// TestFactsRecordedFromAWS holds what others recorded of the real service.
func TestFactsRecordedFromAWS(t *testing.T) {
	c := newServer(t).admin(t)
	ctx := t.Context()
	name, streamName := aws.String("/test/group"), aws.String("stream")
	_, err := c.CreateLogGroup(ctx, &cwl.CreateLogGroupInput{LogGroupName: name})
	must(t, err)
	_, err = c.CreateLogGroup(ctx, &cwl.CreateLogGroupInput{LogGroupName: name})
	wantError(t, err, "ResourceAlreadyExistsException", "The specified log group already exists")
	_, err = c.CreateLogStream(ctx, &cwl.CreateLogStreamInput{LogGroupName: name, LogStreamName: streamName})
	must(t, err)
	_, err = c.CreateLogStream(ctx, &cwl.CreateLogStreamInput{LogGroupName: name, LogStreamName: streamName})
	wantError(t, err, "ResourceAlreadyExistsException", "The specified log stream already exists")
	_, err = c.CreateLogGroup(ctx, &cwl.CreateLogGroupInput{LogGroupName: aws.String(strings.Repeat("x", 513))})
	wantError(t, err, "InvalidParameterException", "Invalid LogGroup or LogStream, both must have length less than or equal to 512.")
	_, err = c.CreateLogGroup(ctx, &cwl.CreateLogGroupInput{LogGroupName: aws.String("a b")})
	wantError(t, err, "InvalidParameterException", `1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+`)

	now := time.Now().UnixMilli()
	event := func(at int64, m string) types.InputLogEvent {
		return types.InputLogEvent{Timestamp: &at, Message: &m}
	}
	put := func(events ...types.InputLogEvent) (*cwl.PutLogEventsOutput, error) {
		return c.PutLogEvents(ctx, &cwl.PutLogEventsInput{LogGroupName: name, LogStreamName: streamName, LogEvents: events})
	}
	_, err = put(event(now, "b"), event(now-1, "a"))
	wantError(t, err, "InvalidParameterException", "Log events in a single PutLogEvents request must be in chronological order.")
	out, err := put(event(now-15*24*3600_000, "old"))
	must(t, err)
	if r := out.RejectedLogEventsInfo; r == nil || *r.TooOldLogEventEndIndex != 1 || r.TooNewLogEventStartIndex != nil || *out.NextSequenceToken == "" {
		t.Errorf("too old: %+v", out)
	}
	out, err = put(event(now+3*3600_000, "new"))
	must(t, err)
	if r := out.RejectedLogEventsInfo; r == nil || *r.TooNewLogEventStartIndex != 0 || r.TooOldLogEventEndIndex != nil {
		t.Errorf("too new: %+v", out)
	}
	_, err = put(event(now, "kept"))
	must(t, err)

	_, err = c.GetLogEvents(ctx, &cwl.GetLogEventsInput{LogGroupName: name, LogStreamName: streamName, Limit: aws.Int32(10001)})
	wantError(t, err, "InvalidParameterException", "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000")
	_, err = c.FilterLogEvents(ctx, &cwl.FilterLogEventsInput{LogGroupName: name, Limit: aws.Int32(10001)})
	wantError(t, err, "InvalidParameterException", "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000")
	_, err = c.FilterLogEvents(ctx, &cwl.FilterLogEventsInput{LogGroupName: name, NextToken: aws.String("invalid")})
	wantError(t, err, "InvalidParameterException", "The specified nextToken is invalid.")
	_, err = c.GetLogEvents(ctx, &cwl.GetLogEventsInput{LogGroupName: name, LogStreamName: streamName, NextToken: aws.String("invalid")})
	wantError(t, err, "InvalidParameterException", "The specified nextToken is invalid.")
	_, err = c.DescribeLogGroups(ctx, &cwl.DescribeLogGroupsInput{LogGroupNamePrefix: name, LogGroupNamePattern: name})
	wantError(t, err, "InvalidParameterException", "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	_, err = c.DescribeLogStreams(ctx, &cwl.DescribeLogStreamsInput{LogGroupName: name, LogGroupIdentifier: name})
	wantError(t, err, "ValidationException", "LogGroup name and LogGroup ARN are mutually exclusive parameters.")
	_, err = c.DeleteResourcePolicy(ctx, &cwl.DeleteResourcePolicyInput{PolicyName: aws.String("x")})
	wantError(t, err, "ResourceNotFoundException", "Policy with name [x] does not exist.")
	_, err = c.DeleteLogGroup(ctx, &cwl.DeleteLogGroupInput{LogGroupName: aws.String("none")})
	wantError(t, err, "ResourceNotFoundException", "The specified log group does not exist.")
	_, err = c.DeleteLogStream(ctx, &cwl.DeleteLogStreamInput{LogGroupName: name, LogStreamName: aws.String("none")})
	wantError(t, err, "ResourceNotFoundException", "The specified log stream does not exist.")
	_, err = c.FilterLogEvents(ctx, &cwl.FilterLogEventsInput{LogGroupName: name, FilterPattern: aws.String("{ $.a = ")})
	wantError(t, err, "InvalidParameterException", "")

	groups, err := c.DescribeLogGroups(ctx, &cwl.DescribeLogGroupsInput{LogGroupNamePattern: aws.String("/group")})
	must(t, err)
	g := groups.LogGroups[0]
	const arn = "arn:aws:logs:us-east-1:111122223333:log-group:/test/group"
	if *g.Arn != arn+":*" || *g.LogGroupArn != arn || *g.CreationTime == 0 || *g.DeletionProtectionEnabled || g.LogGroupClass != "STANDARD" ||
		*g.MetricFilterCount != 0 || g.StoredBytes == nil || g.RetentionInDays != nil {
		t.Errorf("group %+v", g)
	}
	found, err := c.FilterLogEvents(ctx, &cwl.FilterLogEventsInput{LogGroupIdentifier: aws.String(arn), FilterPattern: aws.String("kep")})
	must(t, err)
	if len(found.Events) != 1 || *found.Events[0].Message != "kept" || found.SearchedLogStreams == nil || len(found.SearchedLogStreams) != 0 {
		t.Errorf("filtered %+v", found)
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
