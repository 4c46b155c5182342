package e2e

import (
	"encoding/json"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// queryResults is what the aws CLI prints of a query.
type queryResults struct {
	Status     string
	Statistics struct{ RecordsMatched, RecordsScanned float64 }
	Results    [][]struct{ Field, Value string }
}

// startQuery starts a query over the last hour with the aws CLI.
func (s *server) startQuery(t *testing.T, text string) string {
	t.Helper()
	now := time.Now().Unix()
	return awsJSON[struct{ QueryID string }](t, s, "logs", "start-query", "--log-group-name", defaultGroup,
		"--start-time", strconv.FormatInt(now-3600, 10), "--end-time", strconv.FormatInt(now+60, 10), "--query-string", text).QueryID
}

// query asks a query with the aws CLI and returns its rows, @ptr left out.
func (s *server) query(t *testing.T, text string) []map[string]string {
	t.Helper()
	id := s.startQuery(t, text)
	var r queryResults
	eventually(t, text, func() (bool, string) {
		r = awsJSON[queryResults](t, s, "logs", "get-query-results", "--query-id", id)
		return r.Status != "Scheduled" && r.Status != "Running", r.Status
	})
	if r.Status != "Complete" {
		t.Fatalf("%s: %s", text, r.Status)
	}
	rows := make([]map[string]string, len(r.Results))
	for i, row := range r.Results {
		rows[i] = map[string]string{}
		for _, f := range row {
			if f.Field != "@ptr" {
				rows[i][f.Field] = f.Value
			}
		}
	}
	return rows
}

// guideQuestions asks the guide's questions about the mail of TestRealMail.
func (s *server) guideQuestions(t *testing.T) {
	one := func(text string) map[string]string {
		t.Helper()
		rows := s.query(t, text)
		if len(rows) != 1 {
			t.Fatalf("%s: rows %v, want one", text, rows)
		}
		return rows[0]
	}
	out := one(`fields event.subject, traceId | sort @timestamp asc | limit 100
| filter event.from like /(?i)ALICE@example.com/ and event.eventName = "OUTGOING_EMAIL_SUBMITTED" and event.recipients.0 like /(?i)o@accepts.test/`)
	if out["event.subject"] != "out" {
		t.Errorf("from A to B: %v", out)
	}
	// The log's times are whole seconds, so both events may be of one.
	trace := s.query(t, `fields @timestamp, event.eventName | filter traceId = "`+out["traceId"]+`" | sort @timestamp asc, event.eventName desc`)
	if len(trace) < 2 || trace[0]["event.eventName"] != "OUTGOING_EMAIL_SUBMITTED" {
		t.Errorf("the trace: %v", trace)
	}
	if byID := one(`filter event.eventName = "ORGANIZATION_EMAIL_RECEIVED" | filter event.messageId like "<two@sender.test>" | display event.recipients, event.recipients.1`); byID["event.recipients.1"] != "bob@example.com" || byID["event.recipients"] != `["alice@example.com","bob@example.com"]` {
		t.Errorf("by Message-ID: %v", byID)
	}
	bounced := one(`fields event.bouncedRecipient.emailAddress, event.bouncedRecipient.reason, event.bouncedRecipient.status
| filter event.eventName = "INCOMING_EMAIL_BOUNCED" and event.bouncedRecipient.emailAddress like /nobody/`)
	if bounced["event.bouncedRecipient.status"] != "5.1.1" {
		t.Errorf("incoming bounces: %v", bounced)
	}
	counts := s.query(t, `stats count(*) as c by event.recipients.0 | filter event.eventName = "ORGANIZATION_EMAIL_RECEIVED" | sort c desc`)
	if len(counts) < 2 || counts[0]["event.recipients.0"] == "" {
		t.Errorf("received per recipient: %v", counts)
	}

	id := s.startQuery(t, "fields @message")
	s.awsFails(t, "InvalidParameterException", "logs", "stop-query", "--query-id", s.ended(t, id))
	if text := s.awsFails(t, "MalformedQueryException", "logs", "start-query", "--log-group-name", defaultGroup,
		"--start-time", "1", "--end-time", "2", "--query-string", "fields @message | filtr x"); !strings.Contains(text, "line 1 and position 18") {
		t.Errorf("malformed: %s", text)
	}
	list := awsJSON[struct {
		Queries []struct{ QueryString string }
	}](t, s, "logs", "describe-queries", "--max-results", "1")
	if len(list.Queries) != 1 || !strings.HasPrefix(list.Queries[0].QueryString, `SOURCE "`+defaultGroup+`" START=`) {
		t.Errorf("queries: %+v", list)
	}
	fields := awsJSON[struct {
		LogGroupFields []struct {
			Name    string
			Percent int
		}
	}](t, s, "logs", "get-log-group-fields", "--log-group-name", defaultGroup)
	if len(fields.LogGroupFields) < 10 || fields.LogGroupFields[0].Percent != 100 {
		t.Errorf("fields: %+v", fields)
	}
	s.queryCommand(t)
}

// ended waits for a query's end.
func (s *server) ended(t *testing.T, id string) string {
	t.Helper()
	eventually(t, "the end of a query", func() (bool, string) {
		r := awsJSON[queryResults](t, s, "logs", "get-query-results", "--query-id", id)
		return r.Status == "Complete", r.Status
	})
	return id
}

// queryCommand asks with waybill query.
func (s *server) queryCommand(t *testing.T) {
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "query", "--endpoint", s.URL, "--data", s.Data, "--json", "--explain",
		`stats count(*) as c by event.eventName | filter event.eventName = "OUTGOING_EMAIL_SUBMITTED"`)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("waybill query: %v\n%s", err, errs.String())
	}
	var rows []map[string]string
	if err := json.Unmarshal(out, &rows); err != nil || len(rows) != 1 || rows[0]["event.eventName"] != "OUTGOING_EMAIL_SUBMITTED" {
		t.Errorf("waybill query printed %s, error %v", out, err)
	}
	if !strings.Contains(errs.String(), "way: groups") {
		t.Errorf("waybill query told no plan: %s", errs.String())
	}
}
