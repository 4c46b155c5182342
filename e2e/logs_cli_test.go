package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// cli is the aws CLI as the administrator of the server.
func (s *server) cli(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	// Debian's awscli first: an older client on the path would hide it.
	cmd := exec.Command(peer(t, "/usr/bin/aws", "aws"), append([]string{"--endpoint-url", s.URL, "--region", region, "--output", "json"}, args...)...)
	cmd.Env = []string{
		"PATH=/usr/bin:/bin", "HOME=" + t.TempDir(), "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true", "PYTHONUNBUFFERED=1",
		"AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(s.Data, "credentials"), "AWS_MAX_ATTEMPTS=1",
	}
	return cmd
}

// cliEvents is the shape of put-log-events' argument: a message a millisecond.
func cliEvents(from time.Time, messages ...string) string {
	var list []string
	for i, m := range messages {
		list = append(list, fmt.Sprintf(`{"timestamp":%d,"message":%q}`, from.UnixMilli()+int64(i), m))
	}
	return "[" + strings.Join(list, ",") + "]"
}

// TestLogsWithTheCLI goes through what people do with a log group in a terminal.
func TestLogsWithTheCLI(t *testing.T) {
	peer(t, "/usr/bin/aws", "aws")
	s := serve(t, "")
	logs := func(args ...string) string { t.Helper(); return s.aws(t, append([]string{"logs"}, args...)...) }
	logs("create-log-group", "--log-group-name", "/mail/cli", "--tags", "team=mail")
	s.awsFails(t, "ResourceAlreadyExistsException", "logs", "create-log-group", "--log-group-name", "/mail/cli")
	logs("put-retention-policy", "--log-group-name", "/mail/cli", "--retention-in-days", "30")
	s.awsFails(t, "InvalidParameterException", "logs", "put-retention-policy", "--log-group-name", "/mail/cli", "--retention-in-days", "31")
	for _, stream := range []string{"mx1", "mx2", "mx3"} {
		logs("create-log-stream", "--log-group-name", "/mail/cli", "--log-stream-name", stream)
	}
	begin := time.Now().Add(-time.Minute)
	var messages []string
	for i := range 10 {
		messages = append(messages, fmt.Sprintf(`{"n":%d,"event":"sent"}`, i))
	}
	logs("put-log-events", "--log-group-name", "/mail/cli", "--log-stream-name", "mx1", "--log-events", cliEvents(begin, messages...))
	logs("put-log-events", "--log-group-name", "/mail/cli", "--log-stream-name", "mx2", "--log-events", cliEvents(begin.Add(time.Second), "bounced 550"))

	t.Run("describe", func(t *testing.T) {
		groups := awsJSON[struct {
			LogGroups []struct {
				LogGroupName    string
				RetentionInDays int
			} `json:"logGroups"`
		}](t, s, "logs", "describe-log-groups", "--log-group-name-prefix", "/mail/")
		if g := groups.LogGroups; len(g) != 1 || g[0].RetentionInDays != 30 {
			t.Errorf("groups %+v", groups)
		}
		type streams struct {
			LogStreams []struct {
				LogStreamName      string
				LastEventTimestamp int64
			} `json:"logStreams"`
			NextToken string
		}
		latest := awsJSON[streams](t, s, "logs", "describe-log-streams", "--log-group-name", "/mail/cli", "--order-by", "LastEventTime", "--descending", "--max-items", "1")
		if l := latest.LogStreams; len(l) != 1 || l[0].LogStreamName != "mx2" || l[0].LastEventTimestamp == 0 || latest.NextToken == "" {
			t.Errorf("newest stream %+v", latest)
		}
		// The CLI's own paginator: pages of one until all are seen.
		if all := awsJSON[streams](t, s, "logs", "describe-log-streams", "--log-group-name", "/mail/cli", "--page-size", "1"); len(all.LogStreams) != 3 {
			t.Errorf("streams %+v", all)
		}
		tags := s.aws(t, "logs", "list-tags-log-group", "--log-group-name", "/mail/cli")
		if !strings.Contains(tags, `"team": "mail"`) {
			t.Errorf("tags %s", tags)
		}
	})
	t.Run("read", func(t *testing.T) {
		type page struct {
			Events                              []struct{ Message, EventId string }
			NextForwardToken, NextBackwardToken string
		}
		get := func(more ...string) page {
			t.Helper()
			return awsJSON[page](t, s, append([]string{"logs", "get-log-events", "--log-group-name", "/mail/cli", "--log-stream-name", "mx1", "--limit", "6"}, more...)...)
		}
		first := get("--start-from-head")
		second := get("--next-token", first.NextForwardToken)
		third := get("--next-token", second.NextForwardToken)
		if len(first.Events) != 6 || len(second.Events) != 4 || len(third.Events) != 0 || third.NextForwardToken != second.NextForwardToken {
			t.Errorf("pages of %d, %d, %d; tokens %s %s", len(first.Events), len(second.Events), len(third.Events), second.NextForwardToken, third.NextForwardToken)
		}
		found := awsJSON[page](t, s, "logs", "filter-log-events", "--log-group-name", "/mail/cli", "--filter-pattern", "{ $.n > 3 }", "--page-size", "2")
		if len(found.Events) != 6 || found.Events[0].Message != messages[4] || found.Events[0].EventId == "" {
			t.Errorf("filtered %+v", found)
		}
	})
	t.Run("filters and policies", func(t *testing.T) {
		s.aws(t, "logs", "put-metric-filter", "--log-group-name", "/mail/cli", "--filter-name", "bounces", "--filter-pattern", "bounced",
			"--metric-transformations", "metricName=Bounces,metricNamespace=Mail,metricValue=1")
		if out := s.aws(t, "logs", "describe-metric-filters", "--log-group-name", "/mail/cli"); !strings.Contains(out, `"metricName": "Bounces"`) {
			t.Errorf("metric filters %s", out)
		}
		if out := s.aws(t, "logs", "test-metric-filter", "--filter-pattern", "[word, code=5*]", "--log-event-messages", "bounced 550", "sent 250"); !strings.Contains(out, `"$code": "550"`) || strings.Contains(out, "250") {
			t.Errorf("test %s", out)
		}
		s.awsFails(t, "InvalidParameterException", "logs", "create-export-task", "--log-group-name", "/mail/cli", "--from", "0", "--to", "1", "--destination", "bucket")
	})
	t.Run("tail", func(t *testing.T) { tailFollows(t, s) })
	logs("delete-log-group", "--log-group-name", "/mail/cli")
	s.awsFails(t, "ResourceNotFoundException", "logs", "describe-log-streams", "--log-group-name", "/mail/cli")
}

// tailFollows runs `aws logs tail --follow` while events arrive: each is printed once.
func tailFollows(t *testing.T, s *server) {
	output := filepath.Join(t.TempDir(), "tail.txt")
	startProcess(t, s.cli(t, "logs", "tail", "/mail/cli", "--follow", "--since", "10m", "--format", "short", "--filter-pattern", "follow"), output)
	put := func(n int) {
		t.Helper()
		s.aws(t, "logs", "put-log-events", "--log-group-name", "/mail/cli", "--log-stream-name", "mx3", "--log-events",
			cliEvents(time.Now(), fmt.Sprintf("follow %d", n), "unrelated"))
	}
	var want []string
	for n := range 3 {
		put(n)
		want = append(want, fmt.Sprintf("follow %d", n))
		eventually(t, "the tail to print what was put", func() (bool, string) {
			printed := readFile(output)
			return strings.Contains(printed, want[n]), printed
		})
	}
	var got []string
	for line := range strings.Lines(readFile(output)) {
		_, message, _ := strings.Cut(strings.TrimSpace(line), " ")
		got = append(got, message)
	}
	if !slices.Equal(got, want) {
		t.Errorf("printed %q, want %q", got, want)
	}
}
