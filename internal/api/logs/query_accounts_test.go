package logsapi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

// allowQueries is the resource policy of the other account that lets this one query.
func allowQueries(t *testing.T, c *cwl.Client, resource string) {
	t.Helper()
	_, err := c.PutResourcePolicy(t.Context(), &cwl.PutResourcePolicyInput{PolicyName: aws.String("queries"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + account + `:root"},
		"Action":"logs:StartQuery","Resource":"arn:aws:logs:` + region + `:` + other + `:log-group:` + resource + `"}]}`)})
	must(t, err)
}

func arnIn(account, name string) string {
	return "arn:aws:logs:" + region + ":" + account + ":log-group:" + name
}

func TestQueryOfTwoAccounts(t *testing.T) {
	v, c := mailServer(t)
	theirs := v.client(t, other, "their-admin", `{"Effect":"Allow","Action":"*","Resource":"*"}`)
	makeGroup(t, theirs, "/mail/b", "s")
	putNow(t, theirs, "/mail/b", "s", mail("erik@third.test", "ORGANIZATION_EMAIL_RECEIVED"))

	const text = `filter event.eventName = "ORGANIZATION_EMAIL_RECEIVED" | stats count(*) as c by @log | sort @log`
	const both = "@log=" + account + ":/mail c=2\n@log=" + other + ":/mail/b c=1\n"
	inputs := map[string]struct {
		in   cwl.StartQueryInput
		text string
	}{
		"identifiers": {cwl.StartQueryInput{LogGroupIdentifiers: []string{"/mail", arnIn(other, "/mail/b")}}, text},
		"SOURCE logGroups": {cwl.StartQueryInput{},
			"SOURCE logGroups(accountIdentifiers: ['" + account + "', '" + other + "'], namePrefix: ['/mail']) | " + text},
		"SOURCE": {cwl.StartQueryInput{}, "SOURCE '/mail' | SOURCE '" + arnIn(other, "/mail/b") + "' | " + text},
	}
	start := func(c *cwl.Client, in cwl.StartQueryInput, text string) (string, error) {
		in.QueryString, in.StartTime, in.EndTime = &text, aws.Int64(1), aws.Int64(99_999_999_999)
		out, err := c.StartQuery(t.Context(), &in)
		if err != nil {
			return "", err
		}
		return *out.QueryId, nil
	}
	refused := func(c *cwl.Client, what, resource, reason string) {
		t.Helper()
		for name, i := range inputs {
			_, err := start(c, i.in, i.text)
			wantError(t, err, "AccessDeniedException", "is not authorized to perform: logs:StartQuery on resource: "+arnIn(other, resource))
			if err == nil || !strings.Contains(err.Error(), reason) {
				t.Errorf("%s, by %s: %v", what, name, err)
			}
		}
	}
	const noResource, noIdentity = "because no resource-based policy allows the logs:StartQuery action", "because no identity-based policy allows the logs:StartQuery action"
	refused(c, "the other account lets nobody in", "/mail", noResource)
	allowQueries(t, theirs, "/other*")
	refused(c, "the other account lets in to another group", "/mail", noResource)
	allowQueries(t, theirs, "/mail*")
	homely := v.client(t, account, "homely", `{"Effect":"Allow","Action":"logs:*","Resource":"arn:aws:logs:*:`+account+`:*"}`)
	refused(homely, "the user may only query at home", "/mail", noIdentity)
	for name, i := range inputs {
		id, err := start(c, i.in, i.text)
		must(t, err)
		if out := answer(t, c, id); table(out) != both || out.Statistics.LogGroupsScanned != 2 {
			t.Errorf("%s: %s", name, table(out))
		}
		groups, err := c.ListLogGroupsForQuery(t.Context(), &cwl.ListLogGroupsForQueryInput{QueryId: &id})
		must(t, err)
		if fmt.Sprint(groups.LogGroupIdentifiers) != fmt.Sprint([]string{arnIn(account, "/mail"), arnIn(other, "/mail/b")}) {
			t.Errorf("%s: groups %v", name, groups.LogGroupIdentifiers)
		}
		_, err = theirs.GetQueryResults(t.Context(), &cwl.GetQueryResultsInput{QueryId: &id})
		wantError(t, err, "ResourceNotFoundException", "")
	}
}

// A caller without permission does not learn what log groups another account has,
// not even how many.
func TestSourceTellsNothingBeforePermission(t *testing.T) {
	v, c := mailServer(t)
	theirs := v.client(t, other, "their-admin", `{"Effect":"Allow","Action":"*","Resource":"*"}`)
	for i := range 51 {
		makeGroup(t, theirs, fmt.Sprintf("/many/%d", i))
	}
	const many = "SOURCE logGroups(accountIdentifiers: ['" + other + "'], namePrefix: ['/many']) | fields @message"
	for _, text := range []string{many, "fields @message | filter @message in (" + many + ")"} {
		in := &cwl.StartQueryInput{QueryString: &text, StartTime: aws.Int64(1), EndTime: aws.Int64(2)}
		if text != many {
			in.LogGroupName = aws.String("/mail")
		}
		_, err := c.StartQuery(t.Context(), in)
		wantError(t, err, "AccessDeniedException", arnIn(other, "/many*"))
		allowQueries(t, theirs, "/many*")
		_, err = c.StartQuery(t.Context(), in)
		wantError(t, err, "InvalidParameterException", "more than 50 log groups")
		_, err = theirs.DeleteResourcePolicy(t.Context(), &cwl.DeleteResourcePolicyInput{PolicyName: aws.String("queries")})
		must(t, err)
	}
}

// A query is about one Region's log groups.
func TestQueryOfAnotherRegion(t *testing.T) {
	_, c := mailServer(t)
	there := "arn:aws:logs:eu-west-1:" + account + ":log-group:/mail"
	text := "SOURCE '" + there + "' | fields @message"
	_, err := c.StartQuery(t.Context(), &cwl.StartQueryInput{QueryString: &text, StartTime: aws.Int64(1), EndTime: aws.Int64(2)})
	wantError(t, err, "ResourceNotFoundException", "The specified log group does not exist.")
	_, err = c.StartQuery(t.Context(), &cwl.StartQueryInput{LogGroupIdentifiers: []string{there}, QueryString: aws.String("fields @message"),
		StartTime: aws.Int64(1), EndTime: aws.Int64(2)})
	wantError(t, err, "ResourceNotFoundException", "The specified log group does not exist.")
}
