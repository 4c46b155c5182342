package api_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/workmail"
	workmailtypes "github.com/aws/aws-sdk-go-v2/service/workmail/types"
	"github.com/aws/smithy-go"

	"waybill/internal/iam/policy"
)

func sdkConfig(url, key, secret, token string) aws.Config {
	return aws.Config{Region: "eu-west-1", BaseEndpoint: &url, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(key, secret, token)}
}

func wantAPIError(t *testing.T, err error, code, text string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want %s", err, code)
	}
	if e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), text) {
		t.Errorf("error %s: %s\nwant  %s: ...%s...", e.ErrorCode(), e.ErrorMessage(), code, text)
	}
}

func TestSDKLogs(t *testing.T) {
	d := newDemo(t)
	ctx, url := context.Background(), d.serve(t)
	c := logs.NewFromConfig(sdkConfig(url, adminKey, adminSecret, ""))

	if _, err := c.CreateLogGroup(ctx, &logs.CreateLogGroupInput{LogGroupName: aws.String("a/b")}); err != nil {
		t.Fatal(err)
	}
	_, err := c.CreateLogGroup(ctx, &logs.CreateLogGroupInput{LogGroupName: aws.String("a/b")})
	var exists *logstypes.ResourceAlreadyExistsException
	if !errors.As(err, &exists) || exists.ErrorMessage() != "The specified log group already exists" {
		t.Errorf("error %v, want ResourceAlreadyExistsException", err)
	}
	out, err := c.DescribeLogGroups(ctx, &logs.DescribeLogGroupsInput{})
	if err != nil || len(out.LogGroups) != 1 || *out.LogGroups[0].LogGroupName != "a/b" || *out.LogGroups[0].CreationTime != 1700000000123 {
		t.Errorf("groups %+v, error %v", out, err)
	}
	_, err = c.PutQueryDefinition(ctx, &logs.PutQueryDefinitionInput{Name: aws.String("x"), QueryString: aws.String("x")})
	wantAPIError(t, err, "UnknownOperationException", "PutQueryDefinition")

	record := d.lastRecord(t)
	if record.Operation != "DescribeLogGroups" || record.Call.Region != "eu-west-1" || record.Call.Caller.Name != "admin" ||
		record.Call.Caller.AccessKeyID != adminKey || !record.Decision.Allowed() || record.ErrorCode != "" ||
		!record.Call.Source.IsLoopback() || record.Call.Secure || !strings.Contains(record.Call.UserAgent, "aws-sdk-go-v2") {
		t.Errorf("audited %+v", record)
	}
}

func TestSDKRefusals(t *testing.T) {
	d := newDemo(t)
	ctx, url := context.Background(), d.serve(t)

	c := logs.NewFromConfig(sdkConfig(url, readerKey, readerSecret, ""))
	_, err := c.CreateLogGroup(ctx, &logs.CreateLogGroupInput{LogGroupName: aws.String("g")})
	wantAPIError(t, err, "AccessDeniedException", "User: arn:aws:iam::111122223333:user/reader is not authorized to perform: "+
		"logs:CreateLogGroup on resource: arn:aws:logs:eu-west-1:111122223333:log-group:g because no identity-based policy allows the logs:CreateLogGroup action")
	record := d.lastRecord(t)
	if record.ErrorCode != "AccessDenied" || record.Decision.Effect != policy.ImplicitDeny || len(record.Needs) != 1 {
		t.Errorf("audited %+v", record)
	}
	ic := awsiam.NewFromConfig(sdkConfig(url, readerKey, readerSecret, ""))
	_, err = ic.DeleteRole(ctx, &awsiam.DeleteRoleInput{RoleName: aws.String("r")})
	wantAPIError(t, err, "AccessDenied", "is not authorized to perform: iam:DeleteRole on resource: "+
		"arn:aws:iam::111122223333:role/r with an explicit deny in an identity-based policy")

	c = logs.NewFromConfig(sdkConfig(url, adminKey, "wrong", ""))
	_, err = c.DescribeLogGroups(ctx, nil)
	wantAPIError(t, err, "InvalidSignatureException", "does not match the signature you provided")
	ic = awsiam.NewFromConfig(sdkConfig(url, adminKey, "wrong", ""))
	_, err = ic.GetRole(ctx, &awsiam.GetRoleInput{RoleName: aws.String("r")})
	wantAPIError(t, err, "SignatureDoesNotMatch", "does not match the signature you provided")

	c = logs.NewFromConfig(sdkConfig(url, "AKIDNOBODY", "x", ""))
	_, err = c.DescribeLogGroups(ctx, nil)
	wantAPIError(t, err, "UnrecognizedClientException", "The security token included in the request is invalid")
	sc := sts.NewFromConfig(sdkConfig(url, "AKIDNOBODY", "x", ""))
	_, err = sc.GetCallerIdentity(ctx, nil)
	wantAPIError(t, err, "InvalidClientTokenId", "The security token included in the request is invalid")

	sc = sts.NewFromConfig(sdkConfig(url, sessionKey, sessionSecret, "expired"))
	_, err = sc.GetCallerIdentity(ctx, nil)
	wantAPIError(t, err, "ExpiredToken", "expired")
	c = logs.NewFromConfig(sdkConfig(url, sessionKey, sessionSecret, "expired"))
	_, err = c.DescribeLogGroups(ctx, nil)
	wantAPIError(t, err, "ExpiredTokenException", "expired")

	// An hour behind: the SDKs would correct their clock and try again.
	d.now = time.Now().Add(time.Hour)
	c = logs.NewFromConfig(sdkConfig(url, adminKey, adminSecret, ""))
	_, err = c.DescribeLogGroups(ctx, nil)
	wantAPIError(t, err, "InvalidSignatureException", "Signature expired: ")
}

func TestSDKIAM(t *testing.T) {
	d := newDemo(t)
	ctx := context.Background()
	c := awsiam.NewFromConfig(sdkConfig(d.serve(t), adminKey, adminSecret, ""))

	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.workmail.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	out, err := c.CreateRole(ctx, &awsiam.CreateRoleInput{RoleName: aws.String("workmail-monitoring-role"), AssumeRolePolicyDocument: &trust,
		MaxSessionDuration: aws.Int32(7200), Tags: []iamtypes.Tag{{Key: aws.String("a"), Value: aws.String("<&ü>")}, {Key: aws.String("b"), Value: aws.String("")}}})
	if err != nil {
		t.Fatal(err)
	}
	role := out.Role
	if *role.RoleName != "workmail-monitoring-role" || *role.AssumeRolePolicyDocument != trust || *role.MaxSessionDuration != 7200 ||
		len(role.Tags) != 2 || *role.Tags[0].Value != "<&ü>" || !role.CreateDate.Equal(time.Date(2026, 11, 24, 4, 5, 6, 0, time.UTC)) {
		t.Errorf("role %+v", role)
	}
	_, err = c.GetRole(ctx, &awsiam.GetRoleInput{RoleName: aws.String("x")})
	var none *iamtypes.NoSuchEntityException
	if !errors.As(err, &none) || none.ErrorMessage() != "The role with name x cannot be found." {
		t.Errorf("error %v, want NoSuchEntity", err)
	}
	if _, err := c.DeleteRole(ctx, &awsiam.DeleteRoleInput{RoleName: aws.String("x")}); err != nil {
		t.Error(err)
	}
	_, err = c.ListUsers(ctx, nil)
	wantAPIError(t, err, "InvalidAction", "Could not find operation ListUsers for version 2010-05-08")
}

func TestSDKSTS(t *testing.T) {
	d := newDemo(t)
	ctx, url := context.Background(), d.serve(t)
	out, err := sts.NewFromConfig(sdkConfig(url, sessionKey, sessionSecret, sessionToken)).GetCallerIdentity(ctx, nil)
	if err != nil || *out.Arn != "arn:aws:sts::111122223333:assumed-role/role/s" || *out.Account != account {
		t.Errorf("identity %+v, error %v", out, err)
	}
	if r := d.lastRecord(t); !r.Decision.Allowed() || r.Needs != nil {
		t.Errorf("audited %+v", r)
	}
}

func TestSDKWorkMail(t *testing.T) {
	d := newDemo(t)
	ctx := context.Background()
	c := workmail.NewFromConfig(sdkConfig(d.serve(t), adminKey, adminSecret, ""))
	out, err := c.DescribeOrganization(ctx, &workmail.DescribeOrganizationInput{OrganizationId: aws.String("m-0")})
	if err != nil || *out.Alias != "example" || out.CompletedDate.UnixMilli() != 1700000000123 {
		t.Errorf("organization %+v, error %v", out, err)
	}
	_, err = c.DescribeOrganization(ctx, &workmail.DescribeOrganizationInput{OrganizationId: aws.String("m-1")})
	var none *workmailtypes.OrganizationNotFoundException
	if !errors.As(err, &none) || none.ErrorMessage() != "No organization m-1" {
		t.Errorf("error %v, want OrganizationNotFoundException", err)
	}
}
