package e2e

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// TestQueryOverTwoAccounts queries log groups of two accounts with the keys of each.
func TestQueryOverTwoAccounts(t *testing.T) {
	s := serve(t, "[[other_account]]\nid = \""+partner+"\"\nname = \"partner\"\n")
	s.fill(t, s.sdk(t, http.DefaultTransport), 5000)
	theirs := func(args ...string) string { return s.aws(t, append(args, "--profile", "partner")...) }
	theirs("logs", "create-log-group", "--log-group-name", "mail-b")
	theirs("logs", "create-log-stream", "--log-group-name", "mail-b", "--log-stream-name", "s")
	theirs("logs", "put-log-events", "--log-group-name", "mail-b", "--log-stream-name", "s", "--log-events", cliEvents(time.Now(), `{"event":{"from":"erik@third.test"}}`))

	there := "arn:aws:logs:" + region + ":" + partner + ":log-group:mail-b"
	const text = "stats count(*) as c by @log | sort @log"
	ways := [][]string{
		{"--log-group-identifiers", "mail", there, "--query-string", text},
		{"--query-string", "SOURCE 'mail' | SOURCE '" + there + "' | " + text},
		{"--query-string", "SOURCE logGroups(accountIdentifiers: ['" + account + "', '" + partner + "'], namePrefix: ['mail']) | " + text},
	}
	start := func(way []string) []string {
		return append([]string{"logs", "start-query", "--start-time", "1", "--end-time", fmt.Sprint(time.Now().Unix() + 60)}, way...)
	}
	allow := func(resource string) {
		theirs("logs", "put-resource-policy", "--policy-name", "queries", "--policy-document", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
			"Principal":{"AWS":"arn:aws:iam::`+account+`:root"},"Action":"logs:StartQuery","Resource":"arn:aws:logs:`+region+`:`+partner+`:log-group:`+resource+`"}]}`)
	}
	const missing = "because no resource-based policy allows the logs:StartQuery action"
	for _, way := range ways {
		if out := s.awsFails(t, "AccessDeniedException", start(way)...); !strings.Contains(out, ":"+partner+":log-group:mail") || !strings.Contains(out, missing) {
			t.Errorf("without a resource policy: %s", out)
		}
	}
	allow("mail*")
	const home = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"arn:aws:logs:*:` + account + `:*"}]}`
	file := t.TempDir() + "/policy.json"
	ok(t, os.WriteFile(file, []byte(home), 0o600))
	s.aws(t, "iam", "create-user", "--user-name", "ann")
	s.aws(t, "iam", "put-user-policy", "--user-name", "ann", "--policy-name", "home", "--policy-document", "file://"+file)
	key := awsJSON[struct {
		AccessKey struct{ AccessKeyId, SecretAccessKey string }
	}](t, s, "iam", "create-access-key", "--user-name", "ann").AccessKey
	for _, way := range ways {
		out := s.awsAs(t, key.AccessKeyId, key.SecretAccessKey, start(way)...)
		if !strings.Contains(out, "(AccessDeniedException)") || !strings.Contains(out, "because no identity-based policy allows the logs:StartQuery action") {
			t.Errorf("without an identity-based policy: %s", out)
		}
		id := awsJSON[struct{ QueryID string }](t, s, start(way)...).QueryID
		if r := s.results(t, s.ended(t, id)); len(r.Results) != 2 || r.Results[0][0].Value != account+":mail" || r.Results[0][1].Value != "5000" ||
			r.Results[1][0].Value != partner+":mail-b" || r.Results[1][1].Value != "1" {
			t.Errorf("%v: %+v", way, r)
		}
		if out := s.awsFails(t, "ResourceNotFoundException", "logs", "get-query-results", "--query-id", id, "--profile", "partner"); !strings.Contains(out, id) {
			t.Errorf("the partner's results: %s", out)
		}
		s.bothTrailsHave(t, id)
	}
}

// bothTrailsHave looks for the StartQuery of a query in the trails of both accounts.
func (s *server) bothTrailsHave(t *testing.T, id string) {
	t.Helper()
	for _, profile := range []string{"default", "partner"} {
		eventually(t, "the StartQuery in the trail of "+profile, func() (bool, string) {
			out := s.aws(t, "logs", "filter-log-events", "--log-group-name", "/waybill/audit", "--profile", profile,
				"--filter-pattern", `{ $.eventName = "StartQuery" && $.responseElements.queryId = "`+id+`" }`, "--query", "events[].message")
			return strings.Contains(out, `\"eventName\":\"StartQuery\"`) && !strings.Contains(out, "stats count"), out
		})
	}
}
