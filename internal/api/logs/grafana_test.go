package logsapi_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// What Grafana's CloudWatch data source sends and how it reads the answers, as of 2026:
// grafana/grafana, pkg/tsdb/cloudwatch/log_actions.go (buildCWLIStartQuery,
// buildLogGroupsSourceClause, buildLogGroupIdentifiers, executeStartQuery,
// executeStopQuery, executeGetLogEvents), log_query.go (logsResultsToDataframes,
// groupResults) and log_sync_query.go (syncQuery, for alerts).

// grafanaPrefix stands before every query in Logs Insights QL.
const grafanaPrefix = "fields @timestamp,ltrim(@log) as __log__grafana_internal__,ltrim(@logStream) as __logstream__grafana_internal__"

// grafanaTime is the layout by which a value is taken for a time.
const grafanaTime = "2006-01-02 15:04:05.000"

// frame is an answer as Grafana makes one: columns by name, in the order of their
// first row, @ptr left out.
type frame struct {
	names  []string
	values map[string][]string
}

func frameOf(out *cwl.GetQueryResultsOutput) frame {
	f := frame{values: map[string][]string{}}
	for _, row := range out.Results {
		for _, cell := range row {
			if *cell.Field == "@ptr" {
				continue
			}
			if f.values[*cell.Field] == nil {
				f.names = append(f.names, *cell.Field)
			}
			f.values[*cell.Field] = append(f.values[*cell.Field], *cell.Value)
		}
	}
	return f
}

// times fails the test unless every value of a column is a time to Grafana.
func (f frame) times(t *testing.T, column string) {
	t.Helper()
	for _, v := range f.values[column] {
		if _, err := time.Parse(grafanaTime, v); err != nil {
			t.Errorf("%s: %v", column, err)
		}
	}
}

func grafana(t *testing.T, c *cwl.Client, in cwl.StartQueryInput, text string) frame {
	t.Helper()
	in.QueryLanguage = types.QueryLanguageCwli
	out := answer(t, c, query(t, c, in, text))
	if out.Status != types.QueryStatusComplete || out.Statistics == nil {
		t.Fatalf("%s: %s", text, out.Status)
	}
	return frameOf(out)
}

func TestGrafanaLogs(t *testing.T) {
	_, c := mailServer(t)
	in := cwl.StartQueryInput{LogGroupNames: []string{"/mail"}, Limit: aws.Int32(3)}
	f := grafana(t, c, in, grafanaPrefix+"|fields @timestamp, @message |\n sort @timestamp desc")
	if got := strings.Join(f.names, " "); got != "@timestamp __log__grafana_internal__ __logstream__grafana_internal__ @message" {
		t.Errorf("columns %s", got)
	}
	if n := len(f.values["@message"]); n != 3 {
		t.Errorf("%d rows, the limit is 3", n)
	}
	f.times(t, "@timestamp")
	// "Show context" of a row: the group is what follows the account in @log.
	log, stream := f.values["__log__grafana_internal__"][0], f.values["__logstream__grafana_internal__"][0]
	_, group, _ := strings.Cut(log, ":")
	at, err := time.Parse(grafanaTime, f.values["@timestamp"][0])
	must(t, err)
	events, err := c.GetLogEvents(t.Context(), &cwl.GetLogEventsInput{LogGroupName: &group, LogStreamName: &stream,
		Limit: aws.Int32(10), StartFromHead: aws.Bool(true), StartTime: aws.Int64(at.UnixMilli())})
	must(t, err)
	if len(events.Events) == 0 {
		t.Errorf("no context of a row of %s, stream %s", log, stream)
	}
}

func TestGrafanaStats(t *testing.T) {
	_, c := mailServer(t)
	in := cwl.StartQueryInput{LogGroupNames: []string{"/mail"}}
	f := grafana(t, c, in, grafanaPrefix+`|filter ispresent(event.eventName) | stats count(*) as c, avg(strlen(@message)) by bin(1h), event.eventName`)
	if got := strings.Join(f.names, ","); got != "bin(1h),event.eventName,c,avg(strlen(@message))" {
		t.Errorf("columns %s", got)
	}
	f.times(t, "bin(1h)")
	// A frame for each group: every row must have the fields that it is grouped by.
	for _, name := range f.names {
		if len(f.values[name]) != 2 {
			t.Errorf("%s has %d values in 2 rows", name, len(f.values[name]))
		}
	}
	for _, name := range []string{"c", "avg(strlen(@message))"} {
		for _, v := range f.values[name] {
			if _, err := strconv.ParseFloat(v, 64); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestGrafanaLogGroups(t *testing.T) {
	_, c := mailServer(t)
	makeGroup(t, c, "/metrics", "s")
	arn := "arn:aws:logs:us-east-1:" + account + ":log-group:/mail"
	for name, q := range map[string]struct {
		in     cwl.StartQueryInput
		source string
	}{
		// An ARN ends with ":*"; Grafana cuts off the star alone.
		"ARNs, in a monitoring account": {in: cwl.StartQueryInput{LogGroupIdentifiers: []string{arn + ":"}}},
		"name prefixes":                 {source: "SOURCE logGroups(namePrefix: ['/mai', '/met']) | "},
		"name prefixes of an account":   {source: "SOURCE logGroups(namePrefix: ['/mai'], accountIdentifier: ['" + account + "']) | "},
		"all log groups":                {source: "SOURCE logGroups() | "},
		"log groups by name":            {source: "SOURCE logGroups(logGroupIdentifier: ['/mail', '/metrics']) | "},
		"log groups by ARN":             {source: "SOURCE logGroups(logGroupIdentifier: ['" + arn + "']) | "},
	} {
		t.Run(name, func(t *testing.T) {
			f := grafana(t, c, q.in, q.source+grafanaPrefix+"|stats count(*) as c")
			if got := f.values["c"]; len(got) != 1 || got[0] != "4" {
				t.Errorf("count %v", got)
			}
		})
	}
	cheap := grafana(t, c, cwl.StartQueryInput{}, "SOURCE logGroups(logGroupIdentifier: ['/metrics']) | "+grafanaPrefix+"|fields @message")
	if len(cheap.names) > 0 {
		t.Errorf("columns %v of an empty group", cheap.names)
	}
	_, err := c.StartQuery(t.Context(), &cwl.StartQueryInput{StartTime: aws.Int64(1), EndTime: aws.Int64(2),
		QueryString: aws.String("SOURCE dataSource(['amazon_vpc.flow']) | " + grafanaPrefix + "|fields @message")})
	wantError(t, err, "InvalidParameterException", "dataSource() is not supported")
}

// TestGrafanaStops: the answer to StopQuery of a query that has ended is passed over
// when it is InvalidParameterException.
func TestGrafanaStops(t *testing.T) {
	_, c := mailServer(t)
	id := query(t, c, cwl.StartQueryInput{LogGroupNames: []string{"/mail"}}, grafanaPrefix+"|fields @message")
	answer(t, c, id)
	_, err := c.StopQuery(t.Context(), &cwl.StopQueryInput{QueryId: &id})
	wantError(t, err, "InvalidParameterException", "")
}
