package audit

import (
	"encoding/json"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"waybill/internal/api"
	logsapi "waybill/internal/api/logs"
	stsapi "waybill/internal/api/sts"
	"waybill/internal/iam"
	"waybill/internal/iam/policy"
)

var update = flag.Bool("update", false, "write the expected records of testdata anew")

var epoch = time.Date(2026, 11, 24, 12, 30, 15, 250e6, time.UTC)

const (
	account = "111122223333"
	partner = "444455556666"
)

func alice() iam.Principal {
	return iam.Principal{Type: iam.TypeUser, Account: account, ARN: "arn:aws:iam::111122223333:user/alice", UserID: "AIDAALICE", Name: "alice", AccessKeyID: "AKIAALICE"}
}

func publisher() iam.Principal {
	return iam.Principal{Type: iam.TypeAssumedRole, Account: account, ARN: "arn:aws:sts::111122223333:assumed-role/mail/m-0a", UserID: "AROAMAIL:m-0a", Name: "mail",
		RoleARN: "arn:aws:iam::111122223333:role/mail", SessionName: "m-0a", AccessKeyID: "ASIAMAIL", TokenIssued: epoch.Add(-time.Minute), SourceIdentity: "alice",
		FederatedProvider: "arn:aws:iam::111122223333:oidc-provider/idp.example.com"}
}

func callOf(p iam.Principal) api.Call {
	return api.Call{Caller: p, Region: "us-east-1", RequestID: "11111111-2222-4333-8444-555555555555", Source: netip.MustParseAddr("192.0.2.7"),
		UserAgent: "aws-cli/2.9.19", Time: epoch}
}

func ptr[T any](v T) *T { return &v }

const groupARN = "arn:aws:logs:us-east-1:111122223333:log-group:/aws/workmail/emailevents/example"

// records are calls by the name of the file with their record.
func records() map[string]api.Record {
	allowed := policy.Decision{Effect: policy.Allow, Source: policy.SourceIdentity, Policy: "AdministratorAccess", ARN: "arn:aws:iam::aws:policy/AdministratorAccess",
		Sid: "All", Statement: 0, Reason: `identity-based policy "AdministratorAccess" allows it`}
	read := api.Record{Call: callOf(alice()), Service: "logs", Operation: "FilterLogEvents", Decision: allowed,
		Needs: []api.Need{{Action: "logs:FilterLogEvents", Resource: groupARN + ":log-stream:"}},
		Input: &logsapi.FilterLogEventsInput{LogGroupName: ptr("/aws/workmail/emailevents/example"), FilterPattern: `"victim@example.com"`,
			LogStreamNames: []string{"a", "b"}, StartTime: ptr(int64(1)), Limit: ptr(100)},
		Output: &logsapi.FilterLogEventsOutput{}}
	put := api.Record{Call: callOf(publisher()), Service: "logs", Operation: "PutLogEvents", Decision: allowed,
		Needs: []api.Need{{Action: "logs:PutLogEvents", Resource: groupARN + ":log-stream:s"}},
		Input: &logsapi.PutLogEventsInput{LogGroupName: ptr("/aws/workmail/emailevents/example"), LogStreamName: ptr("s"),
			LogEvents: []logsapi.InputLogEvent{{Timestamp: ptr(int64(1)), Message: ptr("secret subject")}}}}
	denied := read
	denied.Decision = policy.Decision{Effect: policy.ExplicitDeny, Source: policy.SourceIdentity, Policy: "p", Statement: 3, Reason: "an explicit deny"}
	denied.ErrorCode, denied.ErrorMessage, denied.Output = "AccessDenied", "User: arn:aws:iam::111122223333:user/alice is not authorized", nil
	invalid := read
	invalid.Decision = policy.Decision{Statement: -1}
	invalid.ErrorCode, invalid.ErrorMessage, invalid.Needs = "InvalidParameterException", "Invalid filter pattern: victim@example.com", nil
	assume := api.Record{Call: callOf(alice()), Service: "sts", Operation: "AssumeRole", Decision: policy.Decision{Effect: policy.Allow, Source: policy.SourceTrust,
		Policy: "trust policy", Statement: 1, Foreign: true, Reason: "secret reasons of the other account"},
		Needs: []api.Need{{Action: "sts:AssumeRole", Resource: "arn:aws:iam::444455556666:role/r"}, {Action: "sts:TagSession", Resource: "arn:aws:iam::444455556666:role/r"}},
		Input: &stsapi.AssumeRoleInput{RoleArn: "arn:aws:iam::444455556666:role/r", RoleSessionName: "work", ExternalId: "x-1", TokenCode: "123456",
			Tags: []iam.Tag{{Key: "team", Value: "private"}}, PolicyArns: []stsapi.PolicyDescriptor{{Arn: "arn:aws:iam::aws:policy/ReadOnlyAccess"}}},
		Output: &stsapi.AssumeRoleOutput{Credentials: stsapi.Credentials{AccessKeyId: "ASIANEW", SecretAccessKey: "secret", SessionToken: "token", Expiration: epoch},
			AssumedRoleUser: stsapi.AssumedRoleUser{AssumedRoleId: "AROAR:work", Arn: "arn:aws:sts::444455556666:assumed-role/r/work"}},
	}
	session := api.Record{Call: callOf(alice()), Service: "iam", Operation: "CreateAccessKey", Decision: allowed,
		Output: &stsapi.AssumeRoleOutput{Credentials: stsapi.Credentials{AccessKeyId: "ASIANEW", SecretAccessKey: "secret", SessionToken: "token", Expiration: epoch}}}
	session.Call.Warnings = []string{"it never applies"}
	unknown := api.Record{Call: callOf(iam.Principal{AccessKeyID: "AKIA\"<\xff" + strings.Repeat("x", 300), Account: account}), Service: "sts", Operation: "GetCallerIdentity",
		Decision: policy.Decision{Statement: -1, Reason: "the caller is not authenticated"}, ErrorCode: "SignatureDoesNotMatch",
		ErrorMessage: "The request signature we calculated does not match.\n\nThe Canonical String for this request should have been 'POST secret"}
	service := api.Record{Call: callOf(iam.ServicePrincipal("events.workmail.amazonaws.com", "arn:aws:workmail:us-east-1:111122223333:organization/m-0a", account)),
		Service: "sts", Operation: "AssumeRole", Decision: allowed}
	service.Call.Source = netip.Addr{}
	web := iam.Principal{Type: iam.TypeWebIdentity, Name: "repo:mail/relay", UserID: "arn:aws:iam::111122223333:oidc-provider/idp.example.com:sts.amazonaws.com:repo:mail/relay",
		FederatedProvider: "arn:aws:iam::111122223333:oidc-provider/idp.example.com", Account: account}
	start := api.Record{Call: callOf(alice()), Service: "logs", Operation: "StartQuery", Decision: allowed,
		Needs: []api.Need{{Action: "logs:StartQuery", Resource: groupARN + ":log-stream:"},
			{Action: "logs:StartQuery", Resource: "arn:aws:logs:us-east-1:444455556666:log-group:mail:log-stream:"}},
		Input: &logsapi.StartQueryInput{LogGroupIdentifiers: []string{groupARN, "arn:aws:logs:us-east-1:444455556666:log-group:mail"},
			QueryString: ptr("filter event.from = 'victim@example.com'"), StartTime: ptr(int64(1)), EndTime: ptr(int64(2)), Limit: ptr(10)},
		Output: &logsapi.StartQueryOutput{QueryID: "22222222-3333-4444-8555-666666666666"}}
	stop := api.Record{Call: callOf(alice()), Service: "logs", Operation: "StopQuery", Decision: allowed, Needs: []api.Need{{Action: "logs:StopQuery", Resource: "*"}},
		Input: &logsapi.StopQueryInput{QueryID: ptr("22222222-3333-4444-8555-666666666666")}, Output: &logsapi.StopQueryOutput{Success: true}}
	return map[string]api.Record{
		"start-query": start, "stop-query": stop, "read": read, "put": put, "denied": denied, "invalid": invalid, "assume": assume, "create": session, "unknown": unknown, "service": service,
		"web-identity": {Call: callOf(web), Service: "sts", Operation: "AssumeRoleWithWebIdentity", Decision: allowed,
			Input: &stsapi.AssumeRoleWithWebIdentityInput{RoleArn: "arn:aws:iam::111122223333:role/r", WebIdentityToken: "secret.secret.secret"}},
	}
}

func TestRecords(t *testing.T) {
	for name, r := range records() {
		t.Run(name, func(t *testing.T) {
			text := encode(&r, account, "us-east-1", "99999999-0000-4000-8000-000000000000", "")
			var v any
			if err := json.Unmarshal([]byte(text), &v); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			for _, never := range []string{"secret", "victim@", "123456", "private", "token\""} {
				if strings.Contains(text, never) {
					t.Errorf("the record holds %q: %s", never, text)
				}
			}
			pretty, err := json.MarshalIndent(v, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got := string(pretty) + "\n"
			file := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil || got != string(want) {
				t.Errorf("%v\ngot  %s\nwant %s", err, got, want)
			}
		})
	}
}

// TestTheOwnerOfARoleSeesTheStatement compares both trails of a call across accounts.
func TestTheOwnerOfARoleSeesTheStatement(t *testing.T) {
	r := records()["assume"]
	if text := encode(&r, partner, "us-east-1", "e", "s"); !strings.Contains(text, `"policy":"trust policy"`) || !strings.Contains(text, `"sharedEventID":"s"`) {
		t.Errorf("the owner's record: %s", text)
	}
	if text := encode(&r, account, "us-east-1", "e", "s"); strings.Contains(text, "trust policy\"") {
		t.Errorf("the caller's record: %s", text)
	}
}

// TestNoMemberThatHoldsSecretsIsHarmless keeps the allow-list honest as it grows.
func TestNoMemberThatHoldsSecretsIsHarmless(t *testing.T) {
	for name := range harmless {
		for _, part := range []string{"secret", "token", "password", "message", "event", "subject", "pattern", "query", "description", "value", "fields", "code"} {
			ok := strings.HasPrefix(name, "query") && name != "query" && name != "querystring" || name == "passwordresetrequired" || name == "querydefinitionid"
			if strings.Contains(name, part) && !ok {
				t.Errorf("%s is on the allow-list", name)
			}
		}
	}
}

func TestStrings(t *testing.T) {
	for _, s := range []string{"", "plain", `"\` + "\n\x00\x1f", "é€😀", "\xff\xc3", "a\u2028b"} {
		var got string
		text := string(appendString(nil, s))
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Errorf("%q: %v", s, err)
		}
		if want := strings.ToValidUTF8(strings.ReplaceAll(s, "\xff\xc3", "\uFFFD\uFFFD"), "\uFFFD"); got != want {
			t.Errorf("%q became %q", s, got)
		}
	}
}

func FuzzString(f *testing.F) {
	f.Add("a\"\xff")
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		if err := json.Unmarshal(appendString(nil, s), &got); err != nil || got != string([]rune(s)) {
			t.Errorf("%q became %q, %v", s, got, err)
		}
	})
}

func TestListsAreCut(t *testing.T) {
	o := &object{}
	o.open("", '{')
	names := make([]string, 50)
	for i := range names {
		names[i] = "n"
	}
	members(o, "requestParameters", &logsapi.FilterLogEventsInput{LogStreamNames: names})
	o.close('}')
	if !strings.Contains(string(o.b), `"and 30 more"`) {
		t.Errorf("%s", o.b)
	}
}

func BenchmarkRecord(b *testing.B) {
	r := records()["put"]
	trail := New(Config{Now: func() time.Time { return epoch }, Account: account, Region: "us-east-1"})
	b.ReportAllocs()
	for b.Loop() {
		trail.Record(b.Context(), r)
		trail.queue, trail.bytes = trail.queue[:0], 0
	}
}
