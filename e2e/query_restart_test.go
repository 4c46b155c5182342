package e2e

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// endless is a query that takes minutes: it makes texts of hundreds of kilobytes
// of every event.
var endless = "fields @message as a" + strings.Repeat(" | fields concat(a, a) as a", 12) +
	" | fields strlen(replace(replace(a, 'x', 'y'), 'y', 'z')) as n | stats count(*) as events, sum(n) by @logStream"

// fill makes the group "mail" with so many events of the last minutes.
func (s *server) fill(t *testing.T, c *cwl.Client, events int) {
	t.Helper()
	_, err := c.CreateLogGroup(t.Context(), &cwl.CreateLogGroupInput{LogGroupName: aws.String("mail")})
	ok(t, err)
	_, err = c.CreateLogStream(t.Context(), &cwl.CreateLogStreamInput{LogGroupName: aws.String("mail"), LogStreamName: aws.String("s")})
	ok(t, err)
	start := time.Now().Add(-5 * time.Minute)
	for from := 0; from < events; from += 5000 {
		var messages []string
		for i := from; i < from+5000; i++ {
			messages = append(messages, fmt.Sprintf(`{"event":{"from":"user%d@example.com","text":"%s"}}`, i%7, strings.Repeat("x", 60)))
		}
		_, err := c.PutLogEvents(t.Context(), &cwl.PutLogEventsInput{LogGroupName: aws.String("mail"), LogStreamName: aws.String("s"),
			LogEvents: eventsAt(start.Add(time.Duration(from)*time.Millisecond), messages...)})
		ok(t, err)
	}
}

// startIn starts a query over the last hour of the group "mail".
func (s *server) startIn(t *testing.T, text string) string {
	t.Helper()
	now := time.Now().Unix()
	return awsJSON[struct{ QueryID string }](t, s, "logs", "start-query", "--log-group-name", "mail",
		"--start-time", strconv.FormatInt(now-3600, 10), "--end-time", strconv.FormatInt(now+60, 10), "--query-string", text).QueryID
}

func (s *server) results(t *testing.T, id string) queryResults {
	t.Helper()
	return awsJSON[queryResults](t, s, "logs", "get-query-results", "--query-id", id)
}

// described is the status of a query in describe-queries.
func (s *server) described(t *testing.T, id string) string {
	t.Helper()
	list := awsJSON[struct {
		Queries []struct{ QueryID, Status string }
	}](t, s, "logs", "describe-queries")
	for _, q := range list.Queries {
		if q.QueryID == id {
			return q.Status
		}
	}
	return "none"
}

// working waits until a query runs and has found something.
func (s *server) working(t *testing.T, id string) {
	t.Helper()
	eventually(t, "a query at work", func() (bool, string) {
		r := s.results(t, id)
		return r.Status == "Running" && len(r.Results) == 1 && r.Statistics.RecordsMatched > 0, fmt.Sprintf("%+v", r)
	})
}

// seen is all that a client sees of queries: results and list, as the CLI prints them.
func (s *server) seen(t *testing.T, ids []string) string {
	t.Helper()
	var all strings.Builder
	for _, id := range ids {
		all.WriteString(s.aws(t, "logs", "get-query-results", "--query-id", id))
	}
	all.WriteString(s.aws(t, "logs", "describe-queries", "--status", "Complete"))
	return all.String()
}

// TestQueriesOverRestarts ends servers that have answered queries and run others.
func TestQueriesOverRestarts(t *testing.T) {
	data := t.TempDir()
	s := serveOn(t, data, "")
	s.fill(t, s.sdk(t, http.DefaultTransport), 20_000)
	var ids []string
	for _, text := range []string{"stats count(*) as c by event.from | sort c desc, event.from", "fields @message, event.from | limit 100", "filter event.from = 'nobody'"} {
		id := s.startIn(t, text)
		ids = append(ids, s.ended(t, id))
	}
	slow := s.startIn(t, endless)
	s.working(t, slow)
	want := s.seen(t, ids)
	s.process.kill()

	s = serveOn(t, data, "")
	if got := s.seen(t, ids); got != want {
		t.Errorf("after kill -9:\n%s\nwant\n%s", got, want)
	}
	s.working(t, slow) // again, under the same id
	s.process.stop(t)  // which is not its fault
	s = serveOn(t, data, "")
	if got := s.seen(t, ids); got != want {
		t.Errorf("after a stop:\n%s\nwant\n%s", got, want)
	}
	s.working(t, slow)
	s.process.kill() // for the second time

	s = serveOn(t, data, "")
	eventually(t, "the end of a query that met the end of two servers", func() (bool, string) {
		status := s.described(t, slow)
		return status == "Failed", status
	})
	if out := s.debug(t, "logs", "get-query-results", "--query-id", slow); !strings.Contains(out, "The server ended twice while the query was running.") {
		t.Errorf("no reason: %s", tail(out, 2000))
	}
	if got := s.seen(t, ids); got != want {
		t.Errorf("in the end:\n%s\nwant\n%s", got, want)
	}
	if info, err := os.Stat(data + "/queries"); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
}

// cpu is the time that the server has had of all cores.
func (s *server) cpu(t *testing.T) time.Duration {
	t.Helper()
	_, stat, found := strings.Cut(readFile(fmt.Sprintf("/proc/%d/stat", s.process.cmd.Process.Pid)), ") ")
	fields := strings.Fields(stat)
	if !found || len(fields) < 13 {
		t.Fatalf("no times in %q", stat)
	}
	ticks := 0
	for _, f := range fields[11:13] { // utime and stime, in hundredths of a second
		n, err := strconv.Atoi(f)
		ok(t, err)
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// atWork waits until the server uses, or does not use, most of a core between two looks.
func (s *server) atWork(t *testing.T, want bool) {
	t.Helper()
	before, at := s.cpu(t), time.Now()
	eventually(t, fmt.Sprintf("a server at work: %v", want), func() (bool, string) {
		now, then := s.cpu(t), time.Now()
		share := float64(now-before) / float64(then.Sub(at))
		before, at = now, then
		return share > 0.3 == want && (want || share < 0.1), fmt.Sprintf("it uses %.2f of a core", share)
	})
}

func TestStopQueryEndsTheWork(t *testing.T) {
	s := serve(t, "")
	c := s.sdk(t, http.DefaultTransport)
	s.fill(t, c, 20_000)
	id := s.startIn(t, endless)
	s.working(t, id)
	s.atWork(t, true)
	if r := awsJSON[struct{ Success bool }](t, s, "logs", "stop-query", "--query-id", id); !r.Success {
		t.Error("no success")
	}
	// What it was when it was stopped it is from now on: nothing of it runs any more.
	first := s.results(t, id)
	if first.Status != "Cancelled" || len(first.Results) != 1 || first.Statistics.RecordsMatched == 0 || first.Statistics.RecordsMatched >= 20_000 {
		t.Errorf("after the stop: %+v", first)
	}
	if status := s.described(t, id); status != "Cancelled" {
		t.Errorf("described as %s", status)
	}
	s.atWork(t, false)
	if last := s.results(t, id); fmt.Sprint(last) != fmt.Sprint(first) {
		t.Errorf("later it is %+v, was %+v", last, first)
	}
	if text := s.awsFails(t, "InvalidParameterException", "logs", "stop-query", "--query-id", id); !strings.Contains(text, "its status is Cancelled") {
		t.Errorf("stopped again: %s", text)
	}
	list, err := c.DescribeQueries(t.Context(), &cwl.DescribeQueriesInput{Status: types.QueryStatusCancelled})
	ok(t, err)
	if len(list.Queries) != 1 || *list.Queries[0].QueryId != id || *list.Queries[0].QueryDuration == 0 {
		t.Errorf("queries %+v", list.Queries)
	}
}
