package logsapi_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

func TestListLogGroups(t *testing.T) {
	c := newServer(t).admin(t)
	ctx := t.Context()
	for _, g := range []struct {
		name  string
		class types.LogGroupClass
		tags  map[string]string
	}{
		{"/mail/eu", "", map[string]string{"team": "mail", "stage": "prod"}},
		{"/mail/us", types.LogGroupClassInfrequentAccess, map[string]string{"team": "mail", "stage": "test"}},
		{"/web/mail", types.LogGroupClassEssentials, nil},
	} {
		_, err := c.CreateLogGroup(ctx, &cwl.CreateLogGroupInput{LogGroupName: &g.name, LogGroupClass: g.class, Tags: g.tags})
		must(t, err)
	}
	list := func(in cwl.ListLogGroupsInput) (names []string) {
		t.Helper()
		for {
			out, err := c.ListLogGroups(ctx, &in)
			must(t, err)
			for _, g := range out.LogGroups {
				if *g.LogGroupArn != groupARN+*g.LogGroupName || g.LogGroupClass == "" {
					t.Errorf("group %+v", g)
				}
				names = append(names, *g.LogGroupName)
			}
			if in.NextToken = out.NextToken; in.NextToken == nil {
				return names
			}
		}
	}
	tag := func(key string, values ...string) types.TagFilter { return types.TagFilter{Key: &key, Values: values} }
	for _, q := range []struct {
		in   cwl.ListLogGroupsInput
		want []string
	}{
		{cwl.ListLogGroupsInput{Limit: aws.Int32(2)}, []string{"/mail/eu", "/mail/us", "/web/mail"}},
		{cwl.ListLogGroupsInput{LogGroupNamePattern: aws.String("mail")}, []string{"/mail/eu", "/mail/us", "/web/mail"}},
		{cwl.ListLogGroupsInput{LogGroupNamePattern: aws.String("^/mail")}, []string{"/mail/eu", "/mail/us"}},
		{cwl.ListLogGroupsInput{LogGroupNamePattern: aws.String("^/web|/us")}, []string{"/mail/us", "/web/mail"}},
		{cwl.ListLogGroupsInput{LogGroupNamePattern: aws.String("MAIL")}, nil},
		{cwl.ListLogGroupsInput{LogGroupClass: "STANDARD"}, []string{"/mail/eu"}},
		{cwl.ListLogGroupsInput{LogGroupClass: "INFREQUENT_ACCESS"}, []string{"/mail/us", "/web/mail"}},
		{cwl.ListLogGroupsInput{LogGroupTags: []types.TagFilter{tag("team")}}, []string{"/mail/eu", "/mail/us"}},
		{cwl.ListLogGroupsInput{LogGroupTags: []types.TagFilter{tag("team", "web", "ma*"), tag("stage", "!prod")}}, []string{"/mail/us"}},
		{cwl.ListLogGroupsInput{LogGroupTags: []types.TagFilter{tag("stage", "*ro*")}}, []string{"/mail/eu"}},
		{cwl.ListLogGroupsInput{LogGroupTags: []types.TagFilter{tag("stage", "*od")}}, []string{"/mail/eu"}},
		{cwl.ListLogGroupsInput{IncludeLinkedAccounts: aws.Bool(true), AccountIdentifiers: []string{other}}, nil},
		{cwl.ListLogGroupsInput{FieldIndexNames: []string{"x"}}, nil},
	} {
		if got := list(q.in); !slices.Equal(got, q.want) {
			t.Errorf("%+v: groups %v, want %v", q.in, got, q.want)
		}
	}
	_, err := c.ListLogGroups(ctx, &cwl.ListLogGroupsInput{LogGroupNamePattern: aws.String("a*")})
	wantError(t, err, "InvalidParameterException", "logGroupNamePattern")
	_, err = c.ListLogGroups(ctx, &cwl.ListLogGroupsInput{Limit: aws.Int32(1001)})
	wantError(t, err, "InvalidParameterException", "less than or equal to 1000")
	_, err = c.DescribeLogGroups(ctx, &cwl.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("a b")})
	wantError(t, err, "InvalidParameterException", "at 'logGroupNamePrefix'")
	_, err = c.DescribeLogGroups(ctx, &cwl.DescribeLogGroupsInput{AccountIdentifiers: []string{"1"}})
	wantError(t, err, "InvalidParameterException", "at 'accountIdentifiers'")
	_, err = c.DescribeLogGroups(ctx, &cwl.DescribeLogGroupsInput{Limit: aws.Int32(51)})
	wantError(t, err, "InvalidParameterException", "1 validation error detected: Value '51' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 50")
	out, err := c.DescribeLogGroups(ctx, &cwl.DescribeLogGroupsInput{IncludeLinkedAccounts: aws.Bool(true), AccountIdentifiers: []string{account}})
	must(t, err)
	if len(out.LogGroups) != 3 {
		t.Errorf("groups %+v", out.LogGroups)
	}
}

func TestDeletionProtection(t *testing.T) {
	c := newServer(t).admin(t)
	ctx := t.Context()
	g, s := aws.String("g"), aws.String("s")
	_, err := c.CreateLogGroup(ctx, &cwl.CreateLogGroupInput{LogGroupName: g, DeletionProtectionEnabled: aws.Bool(true)})
	must(t, err)
	_, err = c.CreateLogStream(ctx, &cwl.CreateLogStreamInput{LogGroupName: g, LogStreamName: s})
	must(t, err)
	_, err = c.DeleteLogGroup(ctx, &cwl.DeleteLogGroupInput{LogGroupName: g})
	wantError(t, err, "ValidationException", "deletion protection")
	_, err = c.DeleteLogStream(ctx, &cwl.DeleteLogStreamInput{LogGroupName: g, LogStreamName: s})
	wantError(t, err, "ValidationException", "deletion protection")
	for _, id := range []string{"g", groupARN + "g"} {
		for _, on := range []bool{true, false} {
			_, err = c.PutLogGroupDeletionProtection(ctx, &cwl.PutLogGroupDeletionProtectionInput{LogGroupIdentifier: &id, DeletionProtectionEnabled: &on})
			must(t, err)
			out, err := c.DescribeLogGroups(ctx, &cwl.DescribeLogGroupsInput{})
			must(t, err)
			if *out.LogGroups[0].DeletionProtectionEnabled != on {
				t.Errorf("group %+v, want protection %v", out.LogGroups[0], on)
			}
		}
	}
	_, err = c.DeleteLogGroup(ctx, &cwl.DeleteLogGroupInput{LogGroupName: g})
	must(t, err)
	_, err = c.PutLogGroupDeletionProtection(ctx, &cwl.PutLogGroupDeletionProtectionInput{LogGroupIdentifier: g, DeletionProtectionEnabled: aws.Bool(true)})
	wantError(t, err, "ResourceNotFoundException", "")
}

func TestTagRules(t *testing.T) {
	c := newServer(t).admin(t)
	ctx := t.Context()
	makeGroup(t, c, "g")
	tag := func(tags map[string]string) error {
		_, err := c.TagResource(ctx, &cwl.TagResourceInput{ResourceArn: aws.String(groupARN + "g"), Tags: tags})
		return err
	}
	must(t, tag(map[string]string{"Ünïcode 1_.:/=+-@": ""}))
	wantError(t, tag(map[string]string{"a#b": "1"}), "InvalidParameterException", "regular expression")
	wantError(t, tag(map[string]string{"a": "<"}), "InvalidParameterException", "regular expression")
	wantError(t, tag(map[string]string{"aws:x": "1"}), "InvalidParameterException", "aws:")
	many := map[string]string{}
	for i := range 50 {
		many[string(rune('A'+i%26))+string(rune('a'+i/26))] = "1"
	}
	wantError(t, tag(many), "TooManyTagsException", "50")
	//lint:ignore SA1019 older clients call it
	_, err := c.UntagLogGroup(ctx, &cwl.UntagLogGroupInput{LogGroupName: aws.String("g"), Tags: []string{}})
	wantError(t, err, "InvalidParameterException", "at 'tags'")
	_, err = c.TagResource(ctx, &cwl.TagResourceInput{ResourceArn: aws.String(groupARN + "none"), Tags: map[string]string{"a": "1"}})
	wantError(t, err, "ResourceNotFoundException", "")
}

func TestEntitiesAreChecked(t *testing.T) {
	c := newServer(t).admin(t)
	makeGroup(t, c, "g", "s")
	put := func(key map[string]string) (*cwl.PutLogEventsOutput, error) {
		return c.PutLogEvents(t.Context(), &cwl.PutLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s"),
			LogEvents: []types.InputLogEvent{{Timestamp: aws.Int64(nowMillis()), Message: aws.String("m")}}, Entity: &types.Entity{KeyAttributes: key}})
	}
	for _, q := range []struct {
		key  map[string]string
		want types.EntityRejectionErrorType
	}{
		{map[string]string{"Type": "Service", "Name": "n", "Environment": "e"}, ""},
		{map[string]string{"Type": "Service", "Name": "n"}, types.EntityRejectionErrorTypeMissingRequiredFields},
		{map[string]string{"Name": "n", "Environment": "e"}, types.EntityRejectionErrorTypeMissingRequiredFields},
		{map[string]string{"Type": "Thing", "Name": "n"}, types.EntityRejectionErrorTypeInvalidTypeValue},
		{map[string]string{"Type": "Service", "Colour": "n"}, types.EntityRejectionErrorTypeInvalidKeyAttribute},
	} {
		out, err := put(q.key)
		must(t, err)
		if got := out.RejectedEntityInfo; (got == nil) != (q.want == "") || got != nil && got.ErrorType != q.want {
			t.Errorf("%v: rejected %+v, want %s", q.key, got, q.want)
		}
	}
	_, err := put(map[string]string{"Type": "Service"})
	wantError(t, err, "InvalidParameterException", "entity.keyAttributes")
	out, err := c.FilterLogEvents(t.Context(), &cwl.FilterLogEventsInput{LogGroupName: aws.String("g")})
	must(t, err)
	if len(out.Events) != 5 {
		t.Errorf("%d events: a rejected entity does not reject its events", len(out.Events))
	}
}
