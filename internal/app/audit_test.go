package app

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go"

	"waybill/internal/audit"
	"waybill/internal/config"
	"waybill/internal/iam"
)

// opened is a whole server that is served but not run: nothing happens but what
// a test asks for.
type opened struct {
	*Server
	url string
}

func open(t *testing.T, cfg *config.Config) *opened {
	t.Helper()
	cfg.Listen = "127.0.0.1:0"
	if cfg.Data == config.DefaultData {
		cfg.Data = filepath.Join(t.TempDir(), "data")
	}
	s, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s.handler)
	t.Cleanup(func() {
		h.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &opened{s, h.URL}
}

func (o *opened) config(c iam.Credentials) aws.Config {
	return aws.Config{Region: o.cfg.Region, BaseEndpoint: &o.url, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.Secret, "")}
}

// user makes a user of the first account with one policy statement.
func (o *opened) user(t *testing.T, name, statement string) iam.Credentials {
	t.Helper()
	ctx, account := t.Context(), o.cfg.Account
	if _, err := o.iam.CreateUser(ctx, account, iam.NewUser{Name: name}); err != nil {
		t.Fatal(err)
	}
	if err := o.iam.PutPolicy(ctx, iam.Owner{Kind: iam.KindUser, Account: account, Name: name}, "p", `{"Version":"2012-10-17","Statement":[`+statement+`]}`); err != nil {
		t.Fatal(err)
	}
	key, err := o.iam.CreateAccessKey(ctx, account, name)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// trail returns the records that a filter pattern finds, as a client reads them.
func (o *opened) trailFor(t *testing.T, c *cloudwatchlogs.Client, pattern string) []map[string]any {
	t.Helper()
	if err := o.Server.trail.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	out, err := c.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String(audit.Group), FilterPattern: &pattern})
	if err != nil {
		t.Fatal(err)
	}
	var list []map[string]any
	for _, e := range out.Events {
		var r map[string]any
		if err := json.Unmarshal([]byte(*e.Message), &r); err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code {
		t.Errorf("error %v, want %s", err, code)
	}
}

// TestAuditTrail reads the trail as an AWS client does, and tries to tamper with it.
func TestAuditTrail(t *testing.T) {
	o := open(t, config.Default())
	ctx := t.Context()
	admin := cloudwatchlogs.NewFromConfig(o.config(o.first.Credentials))
	reader := cloudwatchlogs.NewFromConfig(o.config(o.user(t, "reader", `{"Sid":"Mail","Effect":"Allow","Action":"logs:*","Resource":"arn:aws:logs:*:*:log-group:mail:*"}`)))
	if _, err := admin.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("mail")}); err != nil {
		t.Fatal(err)
	}
	if _, err := reader.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("mail"), FilterPattern: aws.String(`"victim@example.com"`)}); err != nil {
		t.Fatal(err)
	}
	_, err := reader.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String(audit.Group)})
	wantCode(t, err, "AccessDeniedException")

	reads := o.trailFor(t, admin, `{ $.userIdentity.userName = "reader" && $.requestParameters.logGroupName = "mail" }`)
	if len(reads) != 1 || reads[0]["eventName"] != "FilterLogEvents" || reads[0]["readOnly"] != true {
		t.Fatalf("%v", reads)
	}
	data := reads[0]["additionalEventData"].(map[string]any)
	if st := data["statement"].(map[string]any); data["decision"] != "allowed" || st["policy"] != "p" || st["sid"] != "Mail" || st["index"] != 0.0 || st["kind"] != "identity-based policy" {
		t.Errorf("%v", data)
	}
	denied := o.trailFor(t, admin, `{ $.userIdentity.userName = "reader" && $.errorCode = "AccessDenied" }`)
	if len(denied) != 1 || !strings.Contains(denied[0]["errorMessage"].(string), audit.Group) {
		t.Errorf("%v", denied)
	}
	if found := o.trailFor(t, admin, "victim"); len(found) != 0 {
		t.Errorf("the trail holds an address: %v", found)
	}

	stream := aws.String(o.cfg.Account + "_Waybill_" + o.cfg.Region)
	_, err = admin.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: aws.String(audit.Group), LogStreamName: stream,
		LogEvents: []types.InputLogEvent{{Message: aws.String("forged"), Timestamp: aws.Int64(time.Now().UnixMilli())}}})
	wantCode(t, err, "AccessDeniedException")
	_, err = admin.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String(audit.Group)})
	wantCode(t, err, "AccessDeniedException")
	_, err = admin.DeleteLogStream(ctx, &cloudwatchlogs.DeleteLogStreamInput{LogGroupName: aws.String(audit.Group), LogStreamName: stream})
	wantCode(t, err, "AccessDeniedException")
	if _, err := admin.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String(audit.Group), RetentionInDays: aws.Int32(365)}); err != nil {
		t.Error(err)
	}
	forged := o.trailFor(t, admin, `{ $.eventName = "PutLogEvents" }`)
	if len(forged) != 1 || forged[0]["additionalEventData"].(map[string]any)["statement"].(map[string]any)["sid"] != "OnlyWaybillWritesTheAuditTrail" {
		t.Errorf("%v", forged)
	}
	groups, err := admin.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String(audit.Group)})
	if err != nil || len(groups.LogGroups) != 1 || aws.ToInt32(groups.LogGroups[0].RetentionInDays) != 365 {
		t.Errorf("%+v, %v", groups, err)
	}
	metrics := httptest.NewRecorder()
	o.serveMetrics(metrics, httptest.NewRequest("GET", "/metrics", nil))
	if !strings.Contains(metrics.Body.String(), `waybill_audit_lost_total{reason="no_room"} 0`) {
		t.Errorf("%s", metrics.Body)
	}
	// A trail that audited itself would have a PutLogEvents of its own.
	var names []string
	for _, r := range o.trailFor(t, admin, "") {
		names = append(names, r["eventName"].(string))
	}
	if n := len(slices.DeleteFunc(names, func(s string) bool { return s != "PutLogEvents" })); n != 1 {
		t.Errorf("%d PutLogEvents in the trail, want the forged one", n)
	}
}
