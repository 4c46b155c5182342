package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

type queryCommand struct {
	Text string `arg:"" help:"The query, in Logs Insights QL."`

	LogGroup []string      `help:"A log group; may be repeated. Default: the organization's. None with a query that begins with SOURCE."`
	Since    time.Duration `default:"168h" help:"How far to look back."`
	From     time.Time     `help:"Look from this time on instead (2026-11-24T00:00:00Z)." format:"2006-01-02T15:04:05Z07:00"`
	To       time.Time     `help:"Look up to this time; default now." format:"2006-01-02T15:04:05Z07:00"`
	Limit    int32         `default:"1000" help:"How many rows at most."`
	JSON     bool          `name:"json" help:"Print a JSON array of rows instead of a table."`
	Explain  bool          `help:"Tell, on standard error, how the query was run and what it cost."`

	Organization string `default:"example" help:"The organization's alias; its default log group is queried."`
	Endpoint     string `default:"http://127.0.0.1:8420" help:"Where Waybill listens."`
	Region       string `help:"The log groups' Region." default:"us-east-1"`
	Data         string `help:"The data folder whose credentials file is used." default:"./waybill-data"`
}

// Run asks one query and prints its answer.
func (c *queryCommand) Run(ctx context.Context) error {
	f, err := newFinder(ctx, c.Endpoint, c.Region, c.Data, "")
	if err != nil {
		return err
	}
	started, err := f.client.StartQuery(ctx, c.input())
	if err != nil {
		return fmt.Errorf("start the query: %w", err)
	}
	answer, err := c.wait(ctx, f, *started.QueryId)
	if err != nil {
		return err
	}
	if c.Explain {
		s := answer.Statistics
		fmt.Fprintf(os.Stderr, "%s%.0f records matched of %.0f scanned, %.0f bytes read, %d rows\n",
			answer.Plan, s["recordsMatched"], s["recordsScanned"], s["bytesScanned"], len(answer.Results))
	}
	if answer.Status != "Complete" {
		return fmt.Errorf("the query ended as %s: %s", answer.Status, answer.StatusReason)
	}
	if c.JSON {
		return answer.json(os.Stdout)
	}
	return answer.table(os.Stdout)
}

func (c *queryCommand) input() *cloudwatchlogs.StartQueryInput {
	to := c.To
	if to.IsZero() {
		to = time.Now()
	}
	from := c.From
	if from.IsZero() {
		from = to.Add(-c.Since)
	}
	in := &cloudwatchlogs.StartQueryInput{
		QueryString: &c.Text, StartTime: aws.Int64(from.Unix()), EndTime: aws.Int64(to.Unix()), Limit: &c.Limit, LogGroupNames: c.LogGroup,
	}
	source := strings.HasPrefix(strings.ToLower(strings.TrimSpace(c.Text)), "source")
	if len(c.LogGroup) == 0 && !source {
		in.LogGroupNames = []string{"/aws/workmail/emailevents/" + c.Organization}
	}
	return in
}

// wait polls until the query has ended. If ctx ends first, the query is stopped.
func (c *queryCommand) wait(ctx context.Context, f *finder, id string) (*queryAnswer, error) {
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		answer := &queryAnswer{}
		in := map[string]any{"queryId": id, "explain": c.Explain}
		if err := f.post(ctx, "GetQueryResults", in, answer); err != nil {
			return nil, err
		}
		if answer.Status != "Scheduled" && answer.Status != "Running" {
			return answer, nil
		}
		select {
		case <-ctx.Done():
			_, err := f.client.StopQuery(context.WithoutCancel(ctx), &cloudwatchlogs.StopQueryInput{QueryId: &id})
			return nil, fmt.Errorf("interrupted; the query was stopped (%v)", err)
		case <-time.After(pause):
		}
	}
}

// queryAnswer is GetQueryResults' output with the members that are Waybill's own.
type queryAnswer struct {
	Status, StatusReason, Plan string
	Statistics                 map[string]float64
	Results                    [][]struct{ Field, Value string }
}

// columns are the names of all fields but @ptr, in the order in which they come.
func (a *queryAnswer) columns() []string {
	var names []string
	for _, row := range a.Results {
		for _, f := range row {
			if f.Field != "@ptr" && !slices.Contains(names, f.Field) {
				names = append(names, f.Field)
			}
		}
	}
	return names
}

func (a *queryAnswer) table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	columns := a.columns()
	fmt.Fprintln(t, strings.Join(columns, "\t"))
	for _, row := range a.Results {
		cells := make([]string, len(columns))
		for _, f := range row {
			if i := slices.Index(columns, f.Field); i >= 0 {
				// A line stays a line, and nothing in it moves the cursor.
				cells[i] = strings.Map(printable, f.Value)
			}
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	return t.Flush()
}

func printable(r rune) rune {
	if r < ' ' || r >= 0x7f && r < 0xa0 {
		return ' '
	}
	return r
}

func (a *queryAnswer) json(w io.Writer) error {
	rows := make([]map[string]string, len(a.Results))
	for i, row := range a.Results {
		rows[i] = map[string]string{}
		for _, f := range row {
			rows[i][f.Field] = f.Value
		}
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(rows)
}
