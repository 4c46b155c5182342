package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"waybill/internal/api"
	"waybill/internal/awserr"
	"waybill/internal/iam"
	"waybill/internal/iam/policy"
	"waybill/internal/logs"
)

// store is an in-memory log service that insists on what the real one does.
type store struct {
	t       *testing.T
	groups  map[logs.Scope]bool
	streams map[logs.Scope]bool
	events  map[logs.Scope][]logs.InputEvent
	puts    int
	fault   error // of PutLogEvents
}

func (s *store) CreateLogGroup(_ context.Context, sc logs.Scope, n logs.NewGroup) error {
	if s.groups[sc] {
		return awserr.New("ResourceAlreadyExistsException", "exists")
	}
	s.groups[sc] = n.Name == Group
	return nil
}

func (s *store) PutRetentionPolicy(_ context.Context, sc logs.Scope, group string, days int) error {
	if !s.groups[sc] || group != Group || days != 90 {
		s.t.Errorf("retention of %s in %v: %d days", group, sc, days)
	}
	return nil
}

func (s *store) CreateLogStream(_ context.Context, sc logs.Scope, _, stream string) error {
	if !s.groups[sc] || stream != sc.Account+"_Waybill_"+sc.Region {
		s.t.Errorf("stream %s in %v", stream, sc)
	}
	s.streams[sc] = true
	return nil
}

func (s *store) PutLogEvents(_ context.Context, sc logs.Scope, group, _ string, events []logs.InputEvent, token *string) (logs.PutResult, error) {
	s.puts++
	switch {
	case s.fault != nil:
		return logs.PutResult{}, s.fault
	case !s.groups[sc] || !s.streams[sc]:
		return logs.PutResult{}, awserr.New("ResourceNotFoundException", "none")
	case group != Group || token != nil || len(events) > 10_000:
		s.t.Errorf("put %d events into %s", len(events), group)
	}
	size := 0
	for i, e := range events {
		size += len(e.Message) + 26
		if i > 0 && e.Timestamp < events[i-1].Timestamp {
			s.t.Error("events out of order")
		}
	}
	if size > 1<<20 {
		s.t.Errorf("a batch of %d bytes", size)
	}
	s.events[sc] = append(s.events[sc], events...)
	return logs.PutResult{}, nil
}

// names returns the names of the operations recorded for an account and Region.
func (s *store) names(account, region string) string {
	var list []string
	for _, e := range s.events[logs.Scope{Account: account, Region: region}] {
		var r struct{ EventName, RecipientAccountId string }
		if err := json.Unmarshal([]byte(e.Message), &r); err != nil || r.RecipientAccountId != account {
			s.t.Errorf("%v: %s", err, e.Message)
		}
		list = append(list, r.EventName)
	}
	return strings.Join(list, " ")
}

// accounts are those that exist, with their only user alice.
type accounts []string

func (a accounts) AccountExists(_ context.Context, account string) (bool, error) {
	return slices.Contains(a, account), nil
}

func (a accounts) User(_ context.Context, account, name string) (iam.User, error) {
	if slices.Contains(a, account) && name == "alice" {
		return iam.User{ID: "AIDAALICE", Account: account, Name: name}, nil
	}
	return iam.User{}, awserr.WithStatus(http.StatusNotFound, "NoSuchEntity", "none")
}

func (a accounts) ResolveAccount(_ context.Context, name string) (string, error) {
	if name == "partner" {
		return partner, nil
	}
	return name, nil
}

func newTrail(t *testing.T) (*Trail, *store) {
	s := &store{t: t, groups: map[logs.Scope]bool{}, streams: map[logs.Scope]bool{}, events: map[logs.Scope][]logs.InputEvent{}}
	return New(Config{Store: s, Accounts: accounts{account, partner}, Logger: slog.New(slog.DiscardHandler), Now: time.Now, Account: account, Region: "us-east-1"}), s
}

func allow(p iam.Principal, region, operation string, resources ...string) api.Record {
	r := api.Record{Call: callOf(p), Service: "logs", Operation: operation, Decision: policy.Decision{Effect: policy.Allow, Statement: -1, Reason: "yes"}}
	r.Call.Region = region
	for _, a := range resources {
		r.Needs = append(r.Needs, api.Need{Action: "logs:" + operation, Resource: a})
	}
	return r
}

func TestWhereRecordsGo(t *testing.T) {
	trail, s := newTrail(t)
	service := iam.ServicePrincipal("events.workmail.amazonaws.com", "", partner)
	foreign := "arn:aws:logs:us-east-1:" + partner + ":log-group:g"
	refused := allow(alice(), "us-east-1", "Refused", foreign)
	refused.Decision.Effect = policy.ImplicitDeny
	for _, r := range []api.Record{
		allow(alice(), "us-east-1", "Own", groupARN),
		allow(alice(), "eu-west-1", "Elsewhere"),
		allow(alice(), "us-east-1", "Foreign", foreign),
		refused,
		allow(alice(), "us-east-1", "OfNobody", "arn:aws:logs:us-east-1:999999999999:log-group:g"),
		allow(alice(), "../../nowhere", "OddRegion"),
		allow(service, "us-east-1", "ByService"),
		allow(iam.Principal{}, "us-east-1", "ByStranger"),
		allow(iam.Principal{Account: "999999999999"}, "us-east-1", "ByStrangerOfNobody"),
		allow(iam.Principal{Account: partner}, "us-east-1", "ByStrangerWithAKey"),
	} {
		trail.Record(t.Context(), r)
	}
	if err := trail.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[[2]string]string{
		{account, "us-east-1"}: "Own Foreign Refused OfNobody OddRegion ByStranger ByStrangerOfNobody",
		{account, "eu-west-1"}: "Elsewhere",
		{partner, "us-east-1"}: "Foreign ByService ByStrangerWithAKey",
	} {
		if got := s.names(at[0], at[1]); got != want {
			t.Errorf("%v: %s\nwant %s", at, got, want)
		}
	}
	if len(s.events) != 3 {
		t.Errorf("records in %v", slices.Collect(maps.Keys(s.events)))
	}
	if c := trail.Counts(); c.Written != 11 || c.Lost != 0 || c.Suppressed != 0 || c.Waiting != 0 {
		t.Errorf("%+v", c)
	}
}

func TestSignIns(t *testing.T) {
	trail, s := newTrail(t)
	good := SignIn{Call: callOf(alice()), Account: account, User: "alice"}
	wrong := SignIn{Call: callOf(iam.Principal{}), Account: account, User: "alice", Failure: "Failed authentication"}
	slip := wrong
	slip.User = "my password"
	nowhere := wrong
	nowhere.Account = "999999999999"
	visitor := good
	visitor.Account = "partner"
	for _, a := range []SignIn{good, wrong, slip, nowhere, visitor} {
		trail.SignedIn(t.Context(), a)
	}
	if err := trail.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range s.events[logs.Scope{Account: account, Region: "us-east-1"}] {
		var r struct {
			EventName, EventType, EventSource, ErrorMessage string
			UserIdentity                                    struct{ UserName string }
			ResponseElements                                struct{ ConsoleLogin string }
		}
		if err := json.Unmarshal([]byte(e.Message), &r); err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.Join([]string{r.EventSource, r.EventType, r.EventName, r.UserIdentity.UserName, r.ResponseElements.ConsoleLogin, r.ErrorMessage}, " "))
	}
	want := []string{
		"signin.amazonaws.com AwsConsoleSignIn ConsoleLogin alice Success ",
		"signin.amazonaws.com AwsConsoleSignIn ConsoleLogin alice Failure Failed authentication",
		"signin.amazonaws.com AwsConsoleSignIn ConsoleLogin HIDDEN_DUE_TO_SECURITY_REASONS Failure Failed authentication",
		"signin.amazonaws.com AwsConsoleSignIn ConsoleLogin HIDDEN_DUE_TO_SECURITY_REASONS Failure Failed authentication",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if n := len(s.events[logs.Scope{Account: partner, Region: "us-east-1"}]); n != 1 {
		t.Errorf("%d sign-ins by the account's alias", n)
	}
}

func TestRunWritesSoonAndTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		trail, s := newTrail(t)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- trail.Run(ctx) }()
		trail.Record(ctx, allow(alice(), "us-east-1", "A"))
		trail.Record(ctx, allow(alice(), "us-east-1", "B"))
		time.Sleep(gather)
		synctest.Wait()
		if got := s.names(account, "us-east-1"); got != "A B" || s.puts != 2 { // the first put finds no group
			t.Errorf("%s in %d puts", got, s.puts)
		}
		s.fault = errors.New("disk full")
		trail.Record(ctx, allow(alice(), "us-east-1", "C"))
		time.Sleep(10 * gather)
		synctest.Wait()
		s.fault = nil
		trail.Record(ctx, allow(alice(), "us-east-1", "D"))
		time.Sleep(maxPause + 2*gather)
		synctest.Wait()
		if got := s.names(account, "us-east-1"); got != "A B C D" {
			t.Errorf("%s", got)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestMemoryIsBounded(t *testing.T) {
	trail, s := newTrail(t)
	s.fault = errors.New("disk full")
	n := maxQueue / 500
	for i := range n {
		r := allow(alice(), "us-east-1", fmt.Sprintf("Op%d", i))
		trail.Record(t.Context(), r)
	}
	before := trail.Counts()
	if before.Lost == 0 || before.Waiting > maxQueue {
		t.Errorf("%+v after %d records", before, n)
	}
	if err := trail.Flush(t.Context()); err == nil {
		t.Error("a failing store is no error")
	}
	if after := trail.Counts(); after != before {
		t.Errorf("%+v, before the failed write %+v", after, before)
	}
	s.fault = nil
	if err := trail.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c := trail.Counts(); c.Waiting != 0 || c.Written+c.Lost != int64(n) {
		t.Errorf("%+v of %d records", c, n)
	}
}

func TestStrangersAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		trail, _ := newTrail(t)
		record := func(n int) {
			for range n {
				trail.Record(t.Context(), allow(iam.Principal{}, "us-east-1", "X"))
			}
		}
		record(1000)
		if c := trail.Counts(); c.Suppressed != 900 {
			t.Errorf("%+v", c)
		}
		time.Sleep(time.Second)
		record(1000)
		if c := trail.Counts(); c.Suppressed != 900+990 {
			t.Errorf("%+v", c)
		}
		trail.Record(t.Context(), allow(alice(), "us-east-1", "Y"))
		if c := trail.Counts(); c.Suppressed != 1890 {
			t.Errorf("a known caller is limited too: %+v", c)
		}
	})
}

func TestProtection(t *testing.T) {
	p, err := NewProtection()
	if err != nil {
		t.Fatal(err)
	}
	everything, err := policy.Parse(policy.Identity, []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	const trail = "arn:aws:logs:us-east-1:111122223333:log-group:/waybill/audit"
	for _, c := range []struct {
		action, resource string
		want             policy.Effect
	}{
		{"logs:PutLogEvents", trail + ":log-stream:s", policy.ExplicitDeny},
		{"logs:CreateLogStream", trail + ":log-stream:", policy.ExplicitDeny},
		{"logs:DeleteLogStream", trail + ":log-stream:s", policy.ExplicitDeny},
		{"logs:DeleteLogGroup", trail + ":log-stream:", policy.ExplicitDeny},
		{"logs:CreateLogGroup", trail, policy.ExplicitDeny},
		{"logs:deleteloggroup", trail + ":*", policy.ExplicitDeny},
		{"logs:FilterLogEvents", trail + ":log-stream:", policy.Allow},
		{"logs:PutRetentionPolicy", trail + ":log-stream:", policy.Allow},
		{"logs:DeleteLogGroup", trail + "2:log-stream:", policy.Allow},
		{"logs:PutLogEvents", "arn:aws:logs:us-east-1:111122223333:log-group:g:log-stream:/waybill/audit", policy.Allow},
	} {
		set := &policy.Set{Identity: []policy.Named{{Name: "all", Document: everything}}, Resource: p.For(c.resource), ResourceAccount: account}
		d := policy.Evaluate(&policy.Request{Action: c.action, Resource: c.resource, Subject: policy.Subject{Account: account, ARNs: []string{alice().ARN}}}, set)
		if d.Effect != c.want {
			t.Errorf("%s on %s: %+v, want %v", c.action, c.resource, d, c.want)
		}
	}
}
