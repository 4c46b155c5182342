package e2e

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// aws runs the unmodified aws CLI as the administrator and returns what it printed.
func (s *server) aws(t *testing.T, args ...string) string {
	t.Helper()
	out, err := s.tryAWS(t, args...)
	if err != nil {
		t.Fatalf("aws %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// tryAWS is aws where a failure is an answer; the text then has the error.
func (s *server) tryAWS(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := s.cli(t, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if err != nil {
		return errs.String(), err
	}
	return out.String(), nil
}

// awsFails runs a command that must be refused with the given error code.
func (s *server) awsFails(t *testing.T, code string, args ...string) string {
	t.Helper()
	out, err := s.tryAWS(t, args...)
	if err == nil {
		t.Fatalf("aws %s: succeeded, want %s", strings.Join(args, " "), code)
	}
	if !strings.Contains(out, "("+code+")") {
		t.Fatalf("aws %s: want %s, got\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// awsJSON decodes what the CLI printed.
func awsJSON[T any](t *testing.T, s *server, args ...string) T {
	t.Helper()
	var v T
	out := s.aws(t, args...)
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("aws %s printed no JSON: %v\n%s", strings.Join(args, " "), err, out)
	}
	return v
}

// organization returns the id of the only organization.
func (s *server) organization(t *testing.T) string {
	t.Helper()
	list := awsJSON[struct {
		OrganizationSummaries []struct{ OrganizationId, Alias, State string }
	}](t, s, "workmail", "list-organizations")
	if len(list.OrganizationSummaries) != 1 || list.OrganizationSummaries[0].Alias != "example" {
		t.Fatalf("organizations: %+v", list)
	}
	return list.OrganizationSummaries[0].OrganizationId
}

// mailEvent is what the tests look at of an event.
type mailEvent struct {
	EventTimestamp int64  `json:"eventTimestamp"`
	OrganizationID string `json:"organizationId"`
	TraceID        string `json:"traceId"`
	Event          struct {
		EventName        string   `json:"eventName"`
		MessageID        string   `json:"messageId"`
		From             string   `json:"from"`
		Subject          string   `json:"subject"`
		Recipients       []string `json:"recipients"`
		Recipient        string   `json:"recipient"`
		Folder           string   `json:"folder"`
		BouncedRecipient struct {
			EmailAddress string `json:"emailAddress"`
			Reason       string `json:"reason"`
			Status       string `json:"status"`
		} `json:"bouncedRecipient"`
	} `json:"event"`
}

// events reads a group with filter-log-events, following nextToken to the end.
func (s *server) events(t *testing.T, group, pattern string) []mailEvent {
	t.Helper()
	args := []string{"logs", "filter-log-events", "--log-group-name", group}
	if pattern != "" {
		args = append(args, "--filter-pattern", pattern)
	}
	page := awsJSON[struct {
		Events []struct {
			EventID string `json:"eventId"`
			Message string
		}
	}](t, s, args...)
	var list []mailEvent
	seen := make(map[string]bool)
	for _, e := range page.Events {
		if seen[e.EventID] {
			t.Errorf("event id %s came twice", e.EventID)
		}
		seen[e.EventID] = true
		var m mailEvent
		if err := json.Unmarshal([]byte(e.Message), &m); err != nil {
			t.Fatalf("event is no JSON: %v\n%s", err, e.Message)
		}
		list = append(list, m)
	}
	return list
}

// waitEvents polls a group until the pattern finds n events, then checks that it is not more.
func (s *server) waitEvents(t *testing.T, group, pattern string, n int) []mailEvent {
	t.Helper()
	var list []mailEvent
	eventually(t, pattern, func() (bool, string) {
		list = s.events(t, group, pattern)
		b, _ := json.Marshal(s.events(t, group, ""))
		return len(list) >= n, "the group holds " + string(b)
	})
	if len(list) != n {
		t.Fatalf("%s: %d events, want %d: %+v", pattern, len(list), n, list)
	}
	return list
}
