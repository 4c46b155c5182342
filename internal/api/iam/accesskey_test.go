package iamapi_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"waybill/internal/iam"
)

const ownKeys = `{"Effect":"Allow","Action":"iam:*AccessKey*","Resource":"arn:aws:iam::*:user/${aws:username}"}`

// TestRotation follows the steps of the IAM User Guide, "Update access keys":
// a second key, use it, deactivate the first, see that nothing uses it, delete it.
func TestRotation(t *testing.T) {
	v := newServer(t)
	ctx := t.Context()
	user := v.user(t, "ann", ownKeys)
	first := ok(user.ListAccessKeys(ctx, &sdk.ListAccessKeysInput{}))(t).AccessKeyMetadata[0]
	if *first.UserName != "ann" || first.Status != types.StatusTypeActive {
		t.Errorf("first key %+v", first)
	}

	made := ok(user.CreateAccessKey(ctx, &sdk.CreateAccessKeyInput{}))(t).AccessKey
	if made.Status != types.StatusTypeActive || *made.UserName != "ann" || len(*made.SecretAccessKey) != 40 || len(*made.AccessKeyId) != 20 {
		t.Errorf("second key %+v", made)
	}
	recent(t, "CreateDate", made.CreateDate)
	_, err := user.CreateAccessKey(ctx, &sdk.CreateAccessKeyInput{})
	wantError(t, err, 409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")

	second := iam.Credentials{AccessKeyID: *made.AccessKeyId, Secret: *made.SecretAccessKey}
	rotated := v.client(second)
	identity := ok(v.stsClient(second).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))(t)
	if *identity.Arn != "arn:aws:iam::111122223333:user/ann" {
		t.Errorf("the second key is %s's", *identity.Arn)
	}
	ok(rotated.UpdateAccessKey(ctx, &sdk.UpdateAccessKeyInput{AccessKeyId: first.AccessKeyId, Status: types.StatusTypeInactive}))(t)
	_, err = user.ListAccessKeys(ctx, &sdk.ListAccessKeysInput{})
	wantError(t, err, 403, "InvalidClientTokenId", "The security token included in the request is invalid.")
	if list := ok(rotated.ListAccessKeys(ctx, &sdk.ListAccessKeysInput{}))(t).AccessKeyMetadata; len(list) != 2 || list[0].Status != types.StatusTypeInactive {
		t.Errorf("keys %+v", list)
	}
	ok(rotated.UpdateAccessKey(ctx, &sdk.UpdateAccessKeyInput{AccessKeyId: first.AccessKeyId, Status: types.StatusTypeActive}))(t)
	ok(user.ListAccessKeys(ctx, &sdk.ListAccessKeysInput{}))(t)
	ok(rotated.DeleteAccessKey(ctx, &sdk.DeleteAccessKeyInput{AccessKeyId: first.AccessKeyId}))(t)
	_, err = user.ListAccessKeys(ctx, &sdk.ListAccessKeysInput{})
	wantError(t, err, 403, "InvalidClientTokenId", "The security token included in the request is invalid.")
	_, err = rotated.DeleteAccessKey(ctx, &sdk.DeleteAccessKeyInput{AccessKeyId: first.AccessKeyId})
	wantError(t, err, 404, "NoSuchEntity", "The Access Key with id "+*first.AccessKeyId+" cannot be found.")
}

func TestLastUsed(t *testing.T) {
	v := newServer(t)
	c, ctx := v.administer(), t.Context()
	ok(c.CreateUser(ctx, &sdk.CreateUserInput{UserName: aws.String("ann")}))(t)
	key := ok(c.CreateAccessKey(ctx, &sdk.CreateAccessKeyInput{UserName: aws.String("ann")}))(t).AccessKey
	look := func() *sdk.GetAccessKeyLastUsedOutput {
		return ok(c.GetAccessKeyLastUsed(ctx, &sdk.GetAccessKeyLastUsedInput{AccessKeyId: key.AccessKeyId}))(t)
	}
	if got := look(); *got.UserName != "ann" || got.AccessKeyLastUsed.LastUsedDate != nil || *got.AccessKeyLastUsed.ServiceName != "N/A" || *got.AccessKeyLastUsed.Region != "N/A" {
		t.Errorf("never used: %+v", got.AccessKeyLastUsed)
	}
	ok(v.stsClient(iam.Credentials{AccessKeyID: *key.AccessKeyId, Secret: *key.SecretAccessKey}).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))(t)
	for _, when := range []string{"in memory", "written"} {
		got := look()
		recent(t, "LastUsedDate "+when, got.AccessKeyLastUsed.LastUsedDate)
		if *got.AccessKeyLastUsed.ServiceName != "sts" || *got.AccessKeyLastUsed.Region != region {
			t.Errorf("%s: %+v", when, got.AccessKeyLastUsed)
		}
		must(t, v.iam.Flush(ctx))
	}
	_, err := c.GetAccessKeyLastUsed(ctx, &sdk.GetAccessKeyLastUsedInput{AccessKeyId: aws.String("AKIAIOSFODNN7EXAMPLE")})
	wantError(t, err, 404, "NoSuchEntity", "The Access Key with id AKIAIOSFODNN7EXAMPLE cannot be found.")
}

// TestOtherPeoplesKeys: a name that is left out is the caller's; another's needs
// the permission on that user.
func TestOtherPeoplesKeys(t *testing.T) {
	v := newServer(t)
	ctx := t.Context()
	ann := v.user(t, "ann", ownKeys)
	v.user(t, "bob", "")
	_, err := ann.ListAccessKeys(ctx, &sdk.ListAccessKeysInput{UserName: aws.String("bob")})
	wantError(t, err, 403, "AccessDenied", "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: iam:ListAccessKeys on resource: "+
		"arn:aws:iam::111122223333:user/bob because no identity-based policy allows the iam:ListAccessKeys action")
	_, err = ann.UpdateAccessKey(ctx, &sdk.UpdateAccessKeyInput{AccessKeyId: aws.String("AKIAIOSFODNN7EXAMPLE"), Status: "Sleeping"})
	wantError(t, err, 400, "ValidationError",
		"1 validation error detected: Value 'Sleeping' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive, Expired]")
}

func TestCredentialReport(t *testing.T) {
	v := newServer(t)
	c, ctx := v.administer(), t.Context()
	_, err := c.GetCredentialReport(ctx, &sdk.GetCredentialReportInput{})
	wantError(t, err, 410, "ReportNotPresent", "No report exists. Call GenerateCredentialReport to create one.")
	if s := ok(c.GenerateCredentialReport(ctx, &sdk.GenerateCredentialReportInput{}))(t).State; s != types.ReportStateTypeComplete {
		t.Errorf("state %s", s)
	}
	report := ok(c.GetCredentialReport(ctx, &sdk.GetCredentialReportInput{}))(t)
	rows := csvRows(t, report.Content)
	if len(rows) != 2 || len(rows[0]) != 22 || rows[0][0] != "user" || rows[1][0] != "administrator" || rows[1][3] != "true" || rows[1][8] != "true" || rows[1][13] != "false" {
		t.Errorf("report %v", rows)
	}
	if report.ReportFormat != types.ReportFormatTypeTextCsv || time.Since(*report.GeneratedTime).Abs() > time.Minute {
		t.Errorf("report %s of %s", report.ReportFormat, report.GeneratedTime)
	}
}
