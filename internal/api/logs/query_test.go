package logsapi_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// query starts a query over the last hour and returns its id.
func query(t testing.TB, c *cwl.Client, in cwl.StartQueryInput, text string) string {
	t.Helper()
	now := time.Now().Unix()
	in.QueryString, in.StartTime, in.EndTime = &text, aws.Int64(now-3600), aws.Int64(now+60)
	out, err := c.StartQuery(t.Context(), &in)
	must(t, err)
	return *out.QueryId
}

// answer waits for a query to end.
func answer(t testing.TB, c *cwl.Client, id string) *cwl.GetQueryResultsOutput {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		out, err := c.GetQueryResults(t.Context(), &cwl.GetQueryResultsInput{QueryId: &id})
		must(t, err)
		if out.Status != types.QueryStatusScheduled && out.Status != types.QueryStatusRunning {
			return out
		}
	}
	t.Fatal("the query does not end")
	return nil
}

// table writes rows as field=value, @ptr left out.
func table(out *cwl.GetQueryResultsOutput) string {
	var b strings.Builder
	for _, row := range out.Results {
		var cells []string
		for _, f := range row {
			if *f.Field != "@ptr" {
				cells = append(cells, *f.Field+"="+*f.Value)
			}
		}
		b.WriteString(strings.Join(cells, " ") + "\n")
	}
	return b.String()
}

func mail(from, name string) string {
	return fmt.Sprintf(`{"traceId":"t1","event":{"eventName":%q,"from":%q,"recipients":["anna@example.com","ben@example.com"]}}`, name, from)
}

func mailServer(t testing.TB) (*server, *cwl.Client) {
	v := newServer(t)
	c := v.admin(t)
	makeGroup(t, c, "/mail", "s")
	putNow(t, c, "/mail", "s", mail("carla@other.test", "ORGANIZATION_EMAIL_RECEIVED"), mail("Dora@other.test", "ORGANIZATION_EMAIL_RECEIVED"),
		mail("carla@other.test", "MAILBOX_EMAIL_DELIVERED"), "plain text")
	return v, c
}

func TestQuery(t *testing.T) {
	_, c := mailServer(t)
	for _, q := range []struct{ text, want string }{
		{`fields event.from | filter event.from like /(?i)dora/`, "event.from=Dora@other.test\n"},
		{`stats count(*) as c by event.from | filter event.eventName = "ORGANIZATION_EMAIL_RECEIVED" | sort event.from`,
			"event.from=Dora@other.test c=1\nevent.from=carla@other.test c=1\n"},
		{`filter @message = "plain text" | display @message, @logStream, @log`, "@message=plain text @logStream=s @log=" + account + ":/mail\n"},
		{"fields @timestamp,ltrim(@log) as __log__grafana_internal__,ltrim(@logStream) as __logstream__grafana_internal__|" +
			"fields event.eventName | filter event.eventName like 'DELIVERED' | display __log__grafana_internal__, event.eventName",
			"__log__grafana_internal__=" + account + ":/mail event.eventName=MAILBOX_EMAIL_DELIVERED\n"},
		{"fields @timestamp,ltrim(@log) as __log__grafana_internal__,ltrim(@logStream) as __logstream__grafana_internal__|" +
			"stats count(*) by event.recipients.1", "count(*)=1\nevent.recipients.1=ben@example.com count(*)=3\n"},
	} {
		out := answer(t, c, query(t, c, cwl.StartQueryInput{LogGroupName: aws.String("/mail")}, q.text))
		if got := table(out); got != q.want || out.Status != types.QueryStatusComplete {
			// Groups come in no order.
			if strings.Contains(q.text, "recipients.1") && len(got) == len(q.want) {
				continue
			}
			t.Errorf("%s\n%s %s\nwant %s", q.text, out.Status, got, q.want)
		}
	}
}

func TestQueryStatistics(t *testing.T) {
	_, c := mailServer(t)
	out := answer(t, c, query(t, c, cwl.StartQueryInput{LogGroupNames: []string{"/mail"}}, `filter event.from like /carla/`))
	s := out.Statistics
	if s.RecordsMatched != 2 || s.RecordsScanned != 4 || s.BytesScanned == 0 || s.LogGroupsScanned != 1 || s.ResultCount != 2 {
		t.Errorf("statistics %+v", s)
	}
	pointer := ""
	for _, f := range out.Results[0] {
		if *f.Field == "@ptr" {
			pointer = *f.Value
		}
	}
	record, err := c.GetLogRecord(t.Context(), &cwl.GetLogRecordInput{LogRecordPointer: &pointer})
	must(t, err)
	if record.LogRecord["event.from"] != "carla@other.test" {
		t.Errorf("the record of @ptr is %v", record.LogRecord)
	}
}

func TestQueryPages(t *testing.T) {
	_, c := mailServer(t)
	id := query(t, c, cwl.StartQueryInput{LogGroupName: aws.String("/mail")}, "fields @timestamp")
	answer(t, c, id)
	var sizes []int
	in := &cwl.GetQueryResultsInput{QueryId: &id, MaxItems: aws.Int32(3)}
	for more := true; more; more = in.NextToken != nil {
		out, err := c.GetQueryResults(t.Context(), in)
		must(t, err)
		sizes = append(sizes, len(out.Results))
		in.NextToken = out.NextToken
	}
	if fmt.Sprint(sizes) != "[3 1]" {
		t.Errorf("pages of %v rows", sizes)
	}
}

func TestDescribeAndStopQuery(t *testing.T) {
	v, c := mailServer(t)
	id := query(t, c, cwl.StartQueryInput{LogGroupName: aws.String("/mail")}, "fields @message")
	answer(t, c, id)
	list, err := c.DescribeQueries(t.Context(), &cwl.DescribeQueriesInput{LogGroupName: aws.String("/mail"), Status: types.QueryStatusComplete})
	must(t, err)
	if len(list.Queries) != 1 || *list.Queries[0].QueryId != id || list.Queries[0].QueryLanguage != "CWLI" {
		t.Fatalf("queries %+v", list.Queries)
	}
	text := *list.Queries[0].QueryString
	if !regexp.MustCompile(`^SOURCE "/mail" START=\d{10}000 END=\d{10}999 \| fields @message$`).MatchString(text) {
		t.Errorf("query string %s", text)
	}
	groups, err := c.ListLogGroupsForQuery(t.Context(), &cwl.ListLogGroupsForQueryInput{QueryId: &id})
	must(t, err)
	if len(groups.LogGroupIdentifiers) != 1 || groups.LogGroupIdentifiers[0] != "arn:aws:logs:us-east-1:"+account+":log-group:/mail" {
		t.Errorf("groups %v", groups.LogGroupIdentifiers)
	}
	_, err = c.StopQuery(t.Context(), &cwl.StopQueryInput{QueryId: &id})
	wantError(t, err, "InvalidParameterException", "its status is Complete")
	stranger := v.client(t, other, "stranger", `{"Effect":"Allow","Action":"*","Resource":"*"}`)
	_, err = stranger.GetQueryResults(t.Context(), &cwl.GetQueryResultsInput{QueryId: &id})
	wantError(t, err, "ResourceNotFoundException", "")
}

func TestStartQueryRefuses(t *testing.T) {
	v, c := mailServer(t)
	start := func(c *cwl.Client, change func(*cwl.StartQueryInput)) error {
		in := &cwl.StartQueryInput{LogGroupName: aws.String("/mail"), QueryString: aws.String("fields @message"), StartTime: aws.Int64(1), EndTime: aws.Int64(2)}
		change(in)
		_, err := c.StartQuery(t.Context(), in)
		return err
	}
	for _, r := range []struct {
		name, text string
		change     func(*cwl.StartQueryInput)
	}{
		{"no such group", "Log group '/none' does not exist for account ID '" + account + "' (Service: AWSLogs; Status Code: 400;",
			func(in *cwl.StartQueryInput) { in.LogGroupName = aws.String("/none") }},
		{"two ways", "Exactly one of", func(in *cwl.StartQueryInput) { in.LogGroupNames = []string{"/mail"} }},
		{"none", "Exactly one of", func(in *cwl.StartQueryInput) { in.LogGroupName = nil }},
		{"source too", "takes no logGroupName", func(in *cwl.StartQueryInput) { in.QueryString = aws.String("SOURCE '/mail' | fields @message") }},
		{"language", "The query language SQL is not supported", func(in *cwl.StartQueryInput) { in.QueryLanguage = types.QueryLanguageSql }},
		{"times", "endTime must be", func(in *cwl.StartQueryInput) { in.StartTime = aws.Int64(3) }},
		{"limit", "Member must have value less than or equal to 100000", func(in *cwl.StartQueryInput) { in.Limit = aws.Int32(100_001) }},
	} {
		if err := start(c, r.change); err == nil || !strings.Contains(err.Error(), r.text) {
			t.Errorf("%s: error %v, want %s", r.name, err, r.text)
		}
	}
	err := start(c, func(in *cwl.StartQueryInput) { in.QueryString = aws.String("fields @message | filtr x") })
	var malformed *types.MalformedQueryException
	if !errors.As(err, &malformed) || malformed.QueryCompileError == nil || *malformed.QueryCompileError.Location.StartCharOffset != 18 ||
		*malformed.QueryCompileError.Location.EndCharOffset != 23 || *malformed.QueryCompileError.Message != *malformed.Message {
		t.Errorf("error %v, %+v", err, malformed)
	}
	// Permission is asked for each group, and for the prefix of a SOURCE before its groups are.
	makeGroup(t, c, "/secret")
	limited := v.client(t, account, "mail", `{"Effect":"Allow","Action":"logs:StartQuery","Resource":"arn:aws:logs:us-east-1:`+account+`:log-group:/mail*"}`)
	if err := start(limited, func(*cwl.StartQueryInput) {}); err != nil {
		t.Error(err)
	}
	both := func(in *cwl.StartQueryInput) { in.LogGroupName, in.LogGroupNames = nil, []string{"/mail", "/secret"} }
	wantError(t, start(limited, both), "AccessDeniedException", "logs:StartQuery")
	prefix := func(p string) func(in *cwl.StartQueryInput) {
		return func(in *cwl.StartQueryInput) {
			in.LogGroupName, in.QueryString = nil, aws.String("SOURCE logGroups(namePrefix: ['"+p+"']) | fields @message")
		}
	}
	if err := start(limited, prefix("/mail")); err != nil {
		t.Error(err)
	}
	err = start(limited, prefix("/"))
	wantError(t, err, "AccessDeniedException", "logs:StartQuery")
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the refusal names a group: %v", err)
	}
	sub := func(in *cwl.StartQueryInput) {
		in.QueryString = aws.String("fields @message | filter @message in (SOURCE '/secret' | fields @message)")
	}
	wantError(t, start(limited, sub), "AccessDeniedException", "logs:StartQuery")
}

func TestLogGroupFields(t *testing.T) {
	_, c := mailServer(t)
	out, err := c.GetLogGroupFields(t.Context(), &cwl.GetLogGroupFieldsInput{LogGroupName: aws.String("/mail")})
	must(t, err)
	got := map[string]int32{}
	for _, f := range out.LogGroupFields {
		got[*f.Name] = f.Percent
	}
	if got["@message"] != 100 || got["event.from"] != 75 || got["event.recipients.1"] != 75 || got["traceId"] != 75 {
		t.Errorf("fields %v", got)
	}
}

// TestTheGroupsOfASubqueryAreItsOwn holds that a query with a SOURCE reads only the
// groups that its own SOURCE names.
func TestTheGroupsOfASubqueryAreItsOwn(t *testing.T) {
	_, c := mailServer(t)
	makeGroup(t, c, "/other", "s")
	putNow(t, c, "/other", "s", mail("carla@other.test", "ORGANIZATION_EMAIL_RECEIVED"))
	for text, want := range map[string]string{
		"SOURCE '/mail' | filter event.from in (SOURCE '/other' | fields event.from) | stats count(*) as n by @log":                                "@log=" + account + ":/mail n=2\n",
		"filter event.from in (SOURCE '/other' | fields event.from) | stats count(*) as n by @log":                                                 "@log=" + account + ":/mail n=2\n",
		"SOURCE '/mail' | filter event.from in (SOURCE '/mail' | filter event.from like /Dora/ | fields event.from) | stats count(*) as n by @log": "@log=" + account + ":/mail n=1\n",
	} {
		var in cwl.StartQueryInput
		if !strings.HasPrefix(text, "SOURCE") {
			in.LogGroupName = aws.String("/mail")
		}
		id := query(t, c, in, text)
		if got := table(answer(t, c, id)); got != want {
			t.Errorf("%s\n%swant %s", text, got, want)
		}
	}
}

// TestAQueryReadsWhatPermissionWasAskedFor makes a group, which the caller may not
// query, while the permission for its prefix is decided.
func TestAQueryReadsWhatPermissionWasAskedFor(t *testing.T) {
	v, c := mailServer(t)
	limited := v.client(t, account, "limited", `{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"logs:StartQuery","Resource":"arn:aws:logs:*:*:log-group:/mail/secret*"}`)
	v.asked = func(action, _ string) {
		if action == "logs:StartQuery" {
			v.asked = nil
			makeGroup(t, c, "/mail/secret", "s")
			putNow(t, c, "/mail/secret", "s", "secret")
		}
	}
	id := query(t, limited, cwl.StartQueryInput{}, "SOURCE logGroups(namePrefix: ['/mail']) | stats count(*) as n by @log")
	if got, want := table(answer(t, limited, id)), "@log="+account+":/mail n=4\n"; got != want {
		t.Errorf("rows %swant %s", got, want)
	}
}
