package logsapi_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

func metricFilterIn(group, name, pattern string) *cwl.PutMetricFilterInput {
	return &cwl.PutMetricFilterInput{
		LogGroupName: &group, FilterName: &name, FilterPattern: &pattern,
		MetricTransformations: []types.MetricTransformation{{MetricName: aws.String("n"), MetricNamespace: aws.String("ns"), MetricValue: aws.String("1")}},
	}
}

func TestMetricFilterDefinitions(t *testing.T) {
	c := newServer(t).admin(t)
	ctx := t.Context()
	makeGroup(t, c, "a")
	makeGroup(t, c, "b")
	in := metricFilterIn("a", "bounces", `{ $.event.eventName = "*BOUNCED" }`)
	in.MetricTransformations[0].Unit = types.StandardUnitCount
	in.MetricTransformations[0].Dimensions = map[string]string{"domain": "$.event.domain"}
	_, err := c.PutMetricFilter(ctx, in)
	must(t, err)
	withDefault := metricFilterIn("b", "bounces", "")
	withDefault.MetricTransformations[0].DefaultValue = aws.Float64(0)
	withDefault.MetricTransformations[0].MetricValue = aws.String("$size")
	_, err = c.PutMetricFilter(ctx, withDefault)
	must(t, err)
	other := metricFilterIn("a", "another", "x")
	other.MetricTransformations[0].MetricName = aws.String("other")
	_, err = c.PutMetricFilter(ctx, other)
	must(t, err)

	names := func(in *cwl.DescribeMetricFiltersInput) (list []string) {
		pages := cwl.NewDescribeMetricFiltersPaginator(c, in)
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			must(t, err)
			for _, f := range page.MetricFilters {
				list = append(list, *f.LogGroupName+"/"+*f.FilterName)
			}
		}
		return list
	}
	one := aws.Int32(1)
	for _, q := range []struct {
		in   cwl.DescribeMetricFiltersInput
		want []string
	}{
		{cwl.DescribeMetricFiltersInput{Limit: one}, []string{"a/another", "a/bounces", "b/bounces"}},
		{cwl.DescribeMetricFiltersInput{LogGroupName: aws.String("a"), FilterNamePrefix: aws.String("b")}, []string{"a/bounces"}},
		{cwl.DescribeMetricFiltersInput{MetricName: aws.String("n"), MetricNamespace: aws.String("ns"), Limit: one}, []string{"a/bounces", "b/bounces"}},
	} {
		if got := names(&q.in); !slices.Equal(got, q.want) {
			t.Errorf("filters %v, want %v", got, q.want)
		}
	}
	out, err := c.DescribeMetricFilters(ctx, &cwl.DescribeMetricFiltersInput{LogGroupName: aws.String("a"), FilterNamePrefix: aws.String("bounces")})
	must(t, err)
	f := out.MetricFilters[0]
	m := f.MetricTransformations[0]
	if *f.FilterPattern != *in.FilterPattern || *f.CreationTime == 0 || f.ApplyOnTransformedLogs || *m.MetricName != "n" || *m.MetricNamespace != "ns" ||
		*m.MetricValue != "1" || m.Unit != "Count" || m.Dimensions["domain"] != "$.event.domain" || m.DefaultValue != nil {
		t.Errorf("filter %+v", f)
	}
	groups, err := c.DescribeLogGroups(ctx, &cwl.DescribeLogGroupsInput{})
	must(t, err)
	if *groups.LogGroups[0].MetricFilterCount != 2 || *groups.LogGroups[1].MetricFilterCount != 1 {
		t.Errorf("groups %+v", groups.LogGroups)
	}
	// The same name again replaces; its creation stays.
	_, err = c.PutMetricFilter(ctx, metricFilterIn("a", "bounces", "y"))
	must(t, err)
	out, err = c.DescribeMetricFilters(ctx, &cwl.DescribeMetricFiltersInput{LogGroupName: aws.String("a"), FilterNamePrefix: aws.String("bounces")})
	must(t, err)
	if g := out.MetricFilters[0]; *g.FilterPattern != "y" || *g.CreationTime != *f.CreationTime || g.MetricTransformations[0].Dimensions != nil {
		t.Errorf("replaced %+v", g)
	}
	_, err = c.DeleteMetricFilter(ctx, &cwl.DeleteMetricFilterInput{LogGroupName: aws.String("a"), FilterName: aws.String("bounces")})
	must(t, err)
	_, err = c.DeleteMetricFilter(ctx, &cwl.DeleteMetricFilterInput{LogGroupName: aws.String("a"), FilterName: aws.String("bounces")})
	wantError(t, err, "ResourceNotFoundException", "The specified metric filter does not exist.")
	_, err = c.DeleteLogGroup(ctx, &cwl.DeleteLogGroupInput{LogGroupName: aws.String("a")})
	must(t, err)
	if got := names(&cwl.DescribeMetricFiltersInput{}); !slices.Equal(got, []string{"b/bounces"}) {
		t.Errorf("after its group was deleted: %v", got)
	}
}

func TestMetricFilterRefusals(t *testing.T) {
	c := newServer(t).admin(t)
	ctx := t.Context()
	makeGroup(t, c, "g")
	edit := func(f func(*types.MetricTransformation)) *cwl.PutMetricFilterInput {
		in := metricFilterIn("g", "f", "")
		f(&in.MetricTransformations[0])
		return in
	}
	for _, q := range []struct {
		in         *cwl.PutMetricFilterInput
		code, text string
	}{
		{metricFilterIn("none", "f", ""), "ResourceNotFoundException", "The specified log group does not exist."},
		{metricFilterIn("g", "a:b", ""), "InvalidParameterException", "at 'filterName'"},
		{metricFilterIn("g", "f", "{ $.a = "), "InvalidParameterException", ""},
		{metricFilterIn("g", "f", "[a, b"), "InvalidParameterException", "must end with ']'"},
		{metricFilterIn("g", "f", "{ $.a = %x% || $.b = %y% || $.c = %z% }"), "InvalidParameterException", "Invalid filter pattern"},
		{metricFilterIn("g", "f", "%x% %y% %z%"), "LimitExceededException", "Resource limit exceeded."},
		{edit(func(m *types.MetricTransformation) { m.MetricName = aws.String("a$b") }), "InvalidParameterException", "at 'metricTransformations.1.member.metricName'"},
		{edit(func(m *types.MetricTransformation) { m.MetricValue = aws.String("many") }), "InvalidParameterException", "metricValue"},
		{edit(func(m *types.MetricTransformation) { m.Unit = "Bushels" }), "InvalidParameterException", "enum value set"},
		{edit(func(m *types.MetricTransformation) {
			m.DefaultValue, m.Dimensions = aws.Float64(0), map[string]string{"d": "$.d"}
		}), "InvalidParameterException", "Invalid metric transformation: dimensions and default value are mutually exclusive properties."},
		{edit(func(m *types.MetricTransformation) {
			m.Dimensions = map[string]string{"a": "$.a", "b": "$.b", "c": "$.c", "d": "$.d"}
		}), "InvalidParameterException", "no more than 3 dimensions"},
		{edit(func(m *types.MetricTransformation) { m.Dimensions = map[string]string{"a": "text"} }), "InvalidParameterException", "dimension"},
		{&cwl.PutMetricFilterInput{LogGroupName: aws.String("g"), FilterName: aws.String("f"), FilterPattern: aws.String(""), MetricTransformations: []types.MetricTransformation{}},
			"InvalidParameterException", "at 'metricTransformations'"},
	} {
		_, err := c.PutMetricFilter(ctx, q.in)
		wantError(t, err, q.code, q.text)
	}
	_, err := c.DescribeMetricFilters(ctx, &cwl.DescribeMetricFiltersInput{MetricName: aws.String("n")})
	wantError(t, err, "InvalidParameterException", "metricNamespace")
	_, err = c.DescribeMetricFilters(ctx, &cwl.DescribeMetricFiltersInput{LogGroupName: aws.String("none")})
	wantError(t, err, "ResourceNotFoundException", "")
	_, err = c.DescribeMetricFilters(ctx, &cwl.DescribeMetricFiltersInput{NextToken: aws.String("!")})
	wantError(t, err, "InvalidParameterException", "The specified nextToken is invalid.")

	// Quotas: 5 filters with regular expressions in a group, 100 filters of metrics.
	for i := range 100 {
		pattern := ""
		if i < 5 {
			pattern = "%x%"
		}
		_, err := c.PutMetricFilter(ctx, metricFilterIn("g", fmt.Sprint("f", i), pattern))
		must(t, err)
	}
	_, err = c.PutMetricFilter(ctx, metricFilterIn("g", "f99", "%y%"))
	wantError(t, err, "LimitExceededException", "Resource limit exceeded.")
	_, err = c.PutMetricFilter(ctx, metricFilterIn("g", "f0", "%y%"))
	must(t, err)
	_, err = c.PutMetricFilter(ctx, metricFilterIn("g", "f100", ""))
	wantError(t, err, "LimitExceededException", "Resource limit exceeded.")
}

func TestTestMetricFilter(t *testing.T) {
	c := newServer(t).admin(t)
	out, err := c.TestMetricFilter(t.Context(), &cwl.TestMetricFilterInput{
		FilterPattern: aws.String("[ip, user, bytes > 100]"), LogEventMessages: []string{"1.2.3.4 a 50", "1.2.3.5 b 150"},
	})
	must(t, err)
	if m := out.Matches; len(m) != 1 || m[0].EventNumber != 2 || *m[0].EventMessage != "1.2.3.5 b 150" ||
		m[0].ExtractedValues["$ip"] != "1.2.3.5" || m[0].ExtractedValues["$bytes"] != "150" {
		t.Errorf("matches %+v", out.Matches)
	}
	out, err = c.TestMetricFilter(t.Context(), &cwl.TestMetricFilterInput{FilterPattern: aws.String(""), LogEventMessages: []string{"x"}})
	must(t, err)
	if len(out.Matches) != 1 || len(out.Matches[0].ExtractedValues) != 0 {
		t.Errorf("matches %+v", out.Matches)
	}
	_, err = c.TestMetricFilter(t.Context(), &cwl.TestMetricFilterInput{FilterPattern: aws.String("{"), LogEventMessages: []string{"x"}})
	wantError(t, err, "InvalidParameterException", "")
	_, err = c.TestMetricFilter(t.Context(), &cwl.TestMetricFilterInput{FilterPattern: aws.String(""), LogEventMessages: make([]string, 51)})
	wantError(t, err, "InvalidParameterException", "less than or equal to 50")
}

func TestSubscriptionFilterDefinitions(t *testing.T) {
	v := newServer(t)
	c := v.admin(t)
	ctx := t.Context()
	makeGroup(t, c, "g")
	const kinesis, role = "arn:aws:kinesis:us-east-1:111122223333:stream/s", "arn:aws:iam::111122223333:role/r"
	put := func(c *cwl.Client, name, destination, role string) error {
		in := &cwl.PutSubscriptionFilterInput{LogGroupName: aws.String("g"), FilterName: &name, FilterPattern: aws.String("ERROR"), DestinationArn: &destination}
		if role != "" {
			in.RoleArn = &role
		}
		_, err := c.PutSubscriptionFilter(ctx, in)
		return err
	}
	wantError(t, put(c, "a", kinesis, ""), "InvalidParameterException", "destinationArn for vendor kinesis cannot be used without roleArn")
	wantError(t, put(c, "a", "arn:aws:lambda:us-east-1:111122223333:function:f", role), "InvalidParameterException", "destinationArn for vendor lambda cannot be used with roleArn")
	wantError(t, put(c, "a", "arn:aws:sqs:us-east-1:111122223333:q", ""), "InvalidParameterException", "vendor sqs")
	wantError(t, put(c, "a", "x", ""), "InvalidParameterException", "ARN")
	must(t, put(c, "b", kinesis, role))
	must(t, put(c, "a", "arn:aws:lambda:us-east-1:111122223333:function:f", ""))
	wantError(t, put(c, "c", kinesis, role), "LimitExceededException", "Resource limit exceeded.")
	must(t, put(c, "b", kinesis, role))
	out, err := c.DescribeSubscriptionFilters(ctx, &cwl.DescribeSubscriptionFiltersInput{LogGroupName: aws.String("g")})
	must(t, err)
	if f := out.SubscriptionFilters; len(f) != 2 || *f[0].FilterName != "a" || f[0].RoleArn != nil || f[1].Distribution != "ByLogStream" ||
		*f[1].DestinationArn != kinesis || *f[1].RoleArn != role || f[1].ApplyOnTransformedLogs || *f[1].CreationTime == 0 || *f[1].LogGroupName != "g" {
		t.Errorf("filters %+v", f)
	}
	_, err = c.DeleteSubscriptionFilter(ctx, &cwl.DeleteSubscriptionFilterInput{LogGroupName: aws.String("g"), FilterName: aws.String("a")})
	must(t, err)
	_, err = c.DeleteSubscriptionFilter(ctx, &cwl.DeleteSubscriptionFilterInput{LogGroupName: aws.String("g"), FilterName: aws.String("a")})
	wantError(t, err, "ResourceNotFoundException", "The specified subscription filter does not exist.")

	cannotPass := v.client(t, account, "nopass", `{"Effect":"Allow","Action":"logs:*","Resource":"*"}`)
	wantError(t, put(cannotPass, "b", kinesis, role), "AccessDeniedException", "iam:PassRole")
}

func TestQueryDefinitions(t *testing.T) {
	c := newServer(t).admin(t)
	ctx := t.Context()
	put := func(in cwl.PutQueryDefinitionInput) string {
		t.Helper()
		out, err := c.PutQueryDefinition(ctx, &in)
		must(t, err)
		return *out.QueryDefinitionId
	}
	query, token := aws.String("fields @timestamp, @message | limit 20"), aws.String("0b6ee8ce-0d0e-4a3b-9d0a-5a1b6ee8ce0d")
	first := put(cwl.PutQueryDefinitionInput{Name: aws.String("mail/b"), QueryString: query, LogGroupNames: []string{"g"}, ClientToken: token,
		Parameters: []types.QueryParameter{{Name: aws.String("p"), DefaultValue: aws.String("1")}}})
	if again := put(cwl.PutQueryDefinitionInput{Name: aws.String("mail/b"), QueryString: query, ClientToken: token}); again != first {
		t.Errorf("the same client token made another: %s %s", first, again)
	}
	second := put(cwl.PutQueryDefinitionInput{Name: aws.String("mail/a"), QueryString: query})
	put(cwl.PutQueryDefinitionInput{Name: aws.String("other"), QueryString: query, QueryLanguage: "SQL"})

	out, err := c.DescribeQueryDefinitions(ctx, &cwl.DescribeQueryDefinitionsInput{QueryDefinitionNamePrefix: aws.String("mail/"), MaxResults: aws.Int32(1)})
	must(t, err)
	if len(out.QueryDefinitions) != 1 || *out.QueryDefinitions[0].QueryDefinitionId != second || out.NextToken == nil {
		t.Fatalf("first page %+v", out)
	}
	out, err = c.DescribeQueryDefinitions(ctx, &cwl.DescribeQueryDefinitionsInput{QueryDefinitionNamePrefix: aws.String("mail/"), NextToken: out.NextToken})
	must(t, err)
	if d := out.QueryDefinitions; len(d) != 1 || *d[0].Name != "mail/b" || *d[0].QueryString != *query || d[0].LogGroupNames[0] != "g" ||
		d[0].QueryLanguage != "CWLI" || *d[0].LastModified == 0 || *d[0].Parameters[0].DefaultValue != "1" || out.NextToken != nil {
		t.Errorf("second page %+v", out)
	}
	// An update keeps nothing of what was there.
	put(cwl.PutQueryDefinitionInput{QueryDefinitionId: &first, Name: aws.String("mail/c"), QueryString: aws.String("limit 1")})
	out, err = c.DescribeQueryDefinitions(ctx, &cwl.DescribeQueryDefinitionsInput{QueryDefinitionNamePrefix: aws.String("mail/c")})
	must(t, err)
	if d := out.QueryDefinitions; len(d) != 1 || *d[0].QueryDefinitionId != first || len(d[0].LogGroupNames) != 0 || len(d[0].Parameters) != 0 {
		t.Errorf("updated %+v", d)
	}
	deleted, err := c.DeleteQueryDefinition(ctx, &cwl.DeleteQueryDefinitionInput{QueryDefinitionId: &first})
	must(t, err)
	if !deleted.Success {
		t.Error("no success")
	}
	_, err = c.DeleteQueryDefinition(ctx, &cwl.DeleteQueryDefinitionInput{QueryDefinitionId: &first})
	wantError(t, err, "ResourceNotFoundException", "query definition")
	_, err = c.PutQueryDefinition(ctx, &cwl.PutQueryDefinitionInput{QueryDefinitionId: &first, Name: aws.String("x"), QueryString: query})
	wantError(t, err, "ResourceNotFoundException", "query definition")
	_, err = c.PutQueryDefinition(ctx, &cwl.PutQueryDefinitionInput{Name: aws.String("x"), QueryString: query, LogGroupNames: []string{"a b"}})
	wantError(t, err, "InvalidParameterException", "logGroupNames")
}
