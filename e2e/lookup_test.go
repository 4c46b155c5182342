package e2e

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// TestLookupTables makes the tables of docs/insights.md with the clients that know
// the operations, and asks its questions with waybill query.
func TestLookupTables(t *testing.T) {
	s := serve(t, "")
	c := s.sdk(t, aliased())
	s.mailToLookUp(t, c)
	s.makeLookupTables(t, c)

	rows := s.waybillQuery(t, `filter event.eventName = "OUTGOING_EMAIL_SENT" | parse event.recipient "*@*" as user, domain
| lookup departments domain OUTPUT department | stats count(*) as messages by department | sort messages desc`)
	if len(rows) != 2 || rows[0]["department"] != "Sales" || rows[0]["messages"] != "2" || rows[1]["department"] != "" || rows[1]["messages"] != "1" {
		t.Errorf("messages by department: %v", rows)
	}
	rows = s.waybillQuery(t, `filter event.eventName = "INCOMING_EMAIL_REJECTED" | cidrlookup networks event.clientAddress as network OUTPUT name
| fields event.clientAddress, name | sort event.clientAddress asc`)
	if len(rows) != 3 || rows[0]["name"] != "" || rows[1]["name"] != "branch, Lyon" || rows[2]["name"] != "head office" {
		t.Errorf("refused clients by network: %v", rows)
	}

	_, err := c.UpdateLookupTable(t.Context(), &cwl.UpdateLookupTableInput{LookupTableArn: tableARN("departments"), TableBody: aws.String("domain,department\nsales.test,Sales\nhelp.test,\"Support\n")})
	var invalid *types.InvalidParameterException
	if !errors.As(err, &invalid) || !strings.Contains(invalid.ErrorMessage(), "line 3: a quoted cell that does not end") {
		t.Errorf("bad CSV: %v", err)
	}
	_, err = c.DeleteLookupTable(t.Context(), &cwl.DeleteLookupTableInput{LookupTableArn: tableARN("departments")})
	ok(t, err)
	_, err = c.StartQuery(t.Context(), &cwl.StartQueryInput{LogGroupName: aws.String("/mail"), StartTime: aws.Int64(1), EndTime: aws.Int64(2),
		QueryString: aws.String("fields @message | lookup departments domain OUTPUT department")})
	var malformed *types.MalformedQueryException
	if !errors.As(err, &malformed) || *malformed.QueryCompileError.Location.StartCharOffset != 25 || *malformed.QueryCompileError.Location.EndCharOffset != 36 {
		t.Errorf("a table that is gone: %v", err)
	}
}

func tableARN(name string) *string {
	return aws.String("arn:aws:logs:" + region + ":" + account + ":lookup-table:" + name)
}

// mailToLookUp puts a few mail events.
func (s *server) mailToLookUp(t *testing.T, c *cwl.Client) {
	group := aws.String("/mail")
	_, err := c.CreateLogGroup(t.Context(), &cwl.CreateLogGroupInput{LogGroupName: group})
	ok(t, err)
	_, err = c.CreateLogStream(t.Context(), &cwl.CreateLogStreamInput{LogGroupName: group, LogStreamName: aws.String("s")})
	ok(t, err)
	var messages []string
	for _, recipient := range []string{"a@sales.test", "b@sales.test", "c@elsewhere.test"} {
		messages = append(messages, `{"event":{"eventName":"OUTGOING_EMAIL_SENT","recipient":"`+recipient+`"}}`)
	}
	for _, client := range []string{"192.0.2.9", "192.0.2.130", "2001:db8::7"} {
		messages = append(messages, `{"event":{"eventName":"INCOMING_EMAIL_REJECTED","clientAddress":"`+client+`"}}`)
	}
	_, err = c.PutLogEvents(t.Context(), &cwl.PutLogEventsInput{LogGroupName: group, LogStreamName: aws.String("s"), LogEvents: eventsAt(time.Now().Add(-time.Minute), messages...)})
	ok(t, err)
}

// makeLookupTables makes one table with the aws CLI, or where that is too old with
// the SDK, and one with the SDK.
func (s *server) makeLookupTables(t *testing.T, c *cwl.Client) {
	const departments = "domain,department\nsales.test,Sales\nhelp.test,Support\n"
	if cli := s.newCLI(t); cli != nil {
		file := filepath.Join(t.TempDir(), "departments.csv")
		ok(t, os.WriteFile(file, []byte(departments), 0o600))
		cli("create-lookup-table", "--lookup-table-name", "departments", "--table-body", "file://"+file, "--tags", "team=mail")
		var got struct{ TableBody string }
		ok(t, json.Unmarshal([]byte(cli("get-lookup-table", "--lookup-table-arn", *tableARN("departments"))), &got))
		if got.TableBody != departments {
			t.Errorf("the aws CLI got %q", got.TableBody)
		}
	} else {
		_, err := c.CreateLookupTable(t.Context(), &cwl.CreateLookupTableInput{LookupTableName: aws.String("departments"), TableBody: aws.String(departments)})
		ok(t, err)
	}
	_, err := c.CreateLookupTable(t.Context(), &cwl.CreateLookupTableInput{LookupTableName: aws.String("networks"),
		TableBody: aws.String("network,name\n192.0.2.128/25,\"branch, Lyon\"\n2001:db8::/32,head office\n")})
	ok(t, err)
	list, err := c.DescribeLookupTables(t.Context(), &cwl.DescribeLookupTablesInput{})
	ok(t, err)
	if len(list.LookupTables) != 2 || *list.LookupTables[1].RecordsCount != 2 {
		t.Errorf("tables %+v", list.LookupTables)
	}
}

// newCLI runs a command of aws logs with an aws CLI that knows lookup tables; nil
// where there is none.
func (s *server) newCLI(t *testing.T) func(args ...string) string {
	for _, name := range []string{"aws", "/usr/bin/aws"} {
		path, err := exec.LookPath(name)
		if err != nil || exec.Command(path, "logs", "get-lookup-table", "--generate-cli-skeleton").Run() != nil {
			continue
		}
		return func(args ...string) string {
			t.Helper()
			cmd := exec.Command(path, append([]string{"--endpoint-url", s.URL, "--region", region, "--output", "json", "logs"}, args...)...)
			cmd.Env = append(os.Environ(), "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true", "AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(s.Data, "credentials"))
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("aws logs %s: %v\n%s", strings.Join(args, " "), err, out)
			}
			return string(out)
		}
	}
	return nil
}

// waybillQuery asks with waybill query, in the group "/mail".
func (s *server) waybillQuery(t *testing.T, text string) (rows []map[string]string) {
	t.Helper()
	path, err := binary()
	ok(t, err)
	out, err := exec.Command(path, "query", "--endpoint", s.URL, "--data", s.Data, "--log-group", "/mail", "--json", text).Output()
	if err != nil {
		t.Fatalf("waybill query %s: %v", text, err)
	}
	ok(t, json.Unmarshal(out, &rows))
	return rows
}
