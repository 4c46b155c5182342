package iam

import (
	"maps"
	"strings"
	"testing"
	"time"

	"waybill/internal/iam/policy"
)

func (f *fixture) mustAssume(t *testing.T, q AssumeRoleRequest) Session {
	t.Helper()
	if q.SessionName == "" {
		q.SessionName = "session"
	}
	s, err := f.AssumeRole(t.Context(), Root(accountA), q)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func lasting(d time.Duration) *time.Duration { return &d }

func TestAssumedRoleSession(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	r := f.mustRole(t, NewRole{Name: "r", Path: "/mail/", Tags: []Tag{{"team", "role"}, {"cost", "1"}}})
	if err := f.PutRolePolicy(ctx, accountA, "r", "p", permissions); err != nil {
		t.Fatal(err)
	}
	s := f.mustAssume(t, AssumeRoleRequest{RoleARN: r.ARN(), SessionName: "m-0a", Tags: []Tag{{"team", "session"}}, Region: "us-east-1",
		Policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:CreateLogStream","Resource":"*"}]}`})
	if !strings.HasPrefix(s.AccessKeyID, "ASIA") || len(s.AccessKeyID) != 20 || len(s.Secret) != 40 {
		t.Errorf("credentials %q, secret of %d characters", s.AccessKeyID, len(s.Secret))
	}
	if want := f.clock.now().Add(time.Hour); !s.Expires.Equal(want) {
		t.Errorf("expires %v, want %v", s.Expires, want)
	}
	if s.PackedPercent < 1 || s.PackedPercent > 100 {
		t.Errorf("packed %d %%", s.PackedPercent)
	}
	f.open(t) // a restart keeps sessions
	secret, p, err := f.Authenticate(ctx, s.AccessKeyID, s.Token)
	if err != nil || secret != s.Secret {
		t.Fatalf("Authenticate: secret matches %v, %v", secret == s.Secret, err)
	}
	if p.ARN != "arn:aws:sts::111122223333:assumed-role/r/m-0a" || p.UserID != r.ID+":m-0a" || p.RoleARN != r.ARN() || p.Account != accountA {
		t.Errorf("principal %+v", p)
	}
	if p.Tags["team"] != "session" || p.Tags["cost"] != "1" {
		t.Errorf("tags %v", p.Tags)
	}
	const group = "arn:aws:logs:us-east-1:111122223333:log-group:g"
	for action, want := range map[string]policy.Effect{"logs:CreateLogStream": policy.Allow, "logs:PutLogEvents": policy.ImplicitDeny} {
		if d, err := f.Authorize(ctx, p, action, group, nil); err != nil || d.Effect != want {
			t.Errorf("%s: %v, %v, want %v", action, d, err, want)
		}
	}
	if got, err := f.Role(ctx, accountA, "r"); err != nil || !got.LastUsed.Equal(f.clock.now()) || got.LastRegion != "us-east-1" {
		t.Errorf("last used %v in %q, %v", got.LastUsed, got.LastRegion, err)
	}
}

func TestSessionEnds(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	r := f.mustRole(t, NewRole{Name: "r"})
	s := f.mustAssume(t, AssumeRoleRequest{RoleARN: r.ARN(), Duration: lasting(15 * time.Minute)})
	f.clock.advance(15*time.Minute - time.Millisecond)
	if _, _, err := f.Authenticate(ctx, s.AccessKeyID, s.Token); err != nil {
		t.Errorf("just before the end: %v", err)
	}
	f.clock.advance(time.Millisecond)
	_, _, err := f.Authenticate(ctx, s.AccessKeyID, s.Token)
	wantError(t, err, 403, "ExpiredToken", "The security token included in the request is expired")

	s = f.mustAssume(t, AssumeRoleRequest{RoleARN: r.ARN()})
	other := f.mustAssume(t, AssumeRoleRequest{RoleARN: r.ARN()})
	user, err := f.CreateUser(ctx, accountA, "/", "u", nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := f.CreateAccessKey(ctx, accountA, user.Name)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.DeleteRole(ctx, accountA, "r"); err != nil {
		t.Fatal(err)
	}
	f.mustRole(t, NewRole{Name: "r"}) // the same name is not the same role
	for name, c := range map[string]struct{ key, token string }{
		"role deleted":          {s.AccessKeyID, s.Token},
		"token of another key":  {other.AccessKeyID, s.Token},
		"no token":              {s.AccessKeyID, ""},
		"token of nobody":       {s.AccessKeyID, "v1.00000000.AAAA"},
		"user key with a token": {key.AccessKeyID, s.Token},
		"unknown key":           {"AKIAAAAAAAAAAAAAAAAA", ""},
		"sealed secret as token": {key.AccessKeyID, func() string {
			sealed, err := f.Keyring.Seal(keyPurpose, key.AccessKeyID, []byte(key.Secret))
			if err != nil {
				t.Fatal(err)
			}
			return sealed
		}()},
	} {
		t.Run(name, func(t *testing.T) {
			secret, _, err := f.Authenticate(ctx, c.key, c.token)
			wantError(t, err, 403, "InvalidClientTokenId", "The security token included in the request is invalid.")
			if secret != "" {
				t.Error("a secret was returned with the error")
			}
		})
	}
}

func TestAssumeRoleRefusals(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	r := f.mustRole(t, NewRole{Name: "r", MaxSession: 2 * time.Hour})
	chained := r.session("s", "ASIA", f.clock.now())
	chained.SourceIdentity, chained.TransitiveTags = "alice", []Tag{{"team", "mail"}}
	for _, c := range []struct {
		name   string
		caller Principal
		change func(*AssumeRoleRequest)
		status int
		code   string
		text   string
	}{
		{"session name", Root(accountA), func(q *AssumeRoleRequest) { q.SessionName = "a:b" }, 400, "ValidationError",
			`1 validation error detected: Value 'a:b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`},
		{"short session name", Root(accountA), func(q *AssumeRoleRequest) { q.SessionName = "a" }, 400, "ValidationError",
			"1 validation error detected: Value 'a' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2"},
		{"ARN", Root(accountA), func(q *AssumeRoleRequest) { q.RoleARN = "arn:aws:iam::111122223333:user/someone" }, 400, "ValidationError", "arn:aws:iam::111122223333:user/someone is invalid"},
		{"short duration", Root(accountA), func(q *AssumeRoleRequest) { q.Duration = lasting(899 * time.Second) }, 400, "ValidationError",
			"1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"},
		{"long duration", Root(accountA), func(q *AssumeRoleRequest) { q.Duration = lasting(43201 * time.Second) }, 400, "ValidationError",
			"1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200"},
		{"longer than the role's", Root(accountA), func(q *AssumeRoleRequest) { q.Duration = lasting(3 * time.Hour) }, 400, "ValidationError",
			"The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		{"chained", chained, func(q *AssumeRoleRequest) { q.Duration = lasting(2 * time.Hour) }, 400, "ValidationError",
			"The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."},
		{"zero duration", Root(accountA), func(q *AssumeRoleRequest) { q.Duration = lasting(0) }, 400, "ValidationError",
			"1 validation error detected: Value '0' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"},
		{"source identity", Root(accountA), func(q *AssumeRoleRequest) { q.SourceIdentity = "a b" }, 400, "ValidationError",
			`1 validation error detected: Value 'a b' at 'sourceIdentity' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`},
		{"another source identity", chained, func(q *AssumeRoleRequest) { q.SourceIdentity = "mallory" }, 403, "AccessDenied", ""},
		{"transitive key without a tag", Root(accountA), func(q *AssumeRoleRequest) { q.TransitiveTagKeys = []string{"team"} }, 400, "InvalidParameterValue",
			"The specified transitive tag key must be included in the requested tags."},
		{"inherited tag", chained, func(q *AssumeRoleRequest) { q.Tags = []Tag{{"Team", "other"}} }, 400, "InvalidParameterValue",
			"One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session."},
		{"tags of one key", Root(accountA), func(q *AssumeRoleRequest) { q.Tags = []Tag{{"team", "a"}, {"Team", "b"}} }, 400, "InvalidInput",
			"Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		{"long policy", Root(accountA), func(q *AssumeRoleRequest) { q.Policy = strings.Repeat("a", 2049) }, 400, "ValidationError", ""},
		{"policy of other characters", Root(accountA), func(q *AssumeRoleRequest) { q.Policy = "\u20ac" }, 400, "ValidationError",
			"1 validation error detected: Value '\u20ac' at 'policy' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u00FF]+"},
		{"packed", Root(accountA), func(q *AssumeRoleRequest) { q.Tags = noisyTags(40) }, 400, "PackedPolicyTooLarge", ""},
		{"policy ARN", Root(accountA), func(q *AssumeRoleRequest) { q.PolicyARNs = []string{"x"} }, 400, "ValidationError", "Invalid ARN:  Could not be parsed!"},
		{"unknown policy ARN", Root(accountA), func(q *AssumeRoleRequest) { q.PolicyARNs = []string{"arn:aws:iam::aws:policy/None"} }, 404, "NoSuchEntity",
			"Policy arn:aws:iam::aws:policy/None does not exist or is not attachable."},
		{"policy", Root(accountA), func(q *AssumeRoleRequest) { q.Policy = "{" }, 400, "MalformedPolicyDocument", ""},
		{"external id", Root(accountA), func(q *AssumeRoleRequest) { q.ExternalID = "a b" }, 400, "ValidationError", ""},
		{"missing role", Root(accountA), func(q *AssumeRoleRequest) { q.RoleARN = "arn:aws:iam::111122223333:role/none" }, 403, "AccessDenied",
			"User: arn:aws:iam::111122223333:root is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := AssumeRoleRequest{RoleARN: r.ARN(), SessionName: "session"}
			c.change(&q)
			_, err := f.AssumeRole(ctx, c.caller, q)
			wantError(t, err, c.status, c.code, c.text)
		})
	}
}

// noisyTags do not compress.
func noisyTags(n int) []Tag {
	var tags []Tag
	for range n {
		tags = append(tags, Tag{randomText(40), randomText(200)})
	}
	return tags
}

func TestRoleChain(t *testing.T) {
	f := newFixture(t)
	first := f.mustRole(t, NewRole{Name: "first", Tags: []Tag{{"Team", "role"}, {"cost", "1"}}})
	second := f.mustRole(t, NewRole{Name: "second", Tags: []Tag{{"team", "other"}}})
	s := f.mustAssume(t, AssumeRoleRequest{RoleARN: first.ARN(), SourceIdentity: "alice",
		Tags: []Tag{{"team", "mail"}, {"once", "x"}}, TransitiveTagKeys: []string{"TEAM"}})
	_, p, err := f.Authenticate(t.Context(), s.AccessKeyID, s.Token)
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"team": "mail", "once": "x", "cost": "1"}; !maps.Equal(p.Tags, want) {
		t.Errorf("tags %v, want %v", p.Tags, want)
	}
	q := AssumeRoleRequest{RoleARN: second.ARN(), SessionName: "next"}
	prepared := q
	if err := prepared.Prepare(&p); err != nil {
		t.Fatal(err)
	}
	keys := prepared.ConditionKeys()
	for key, want := range map[string]string{"aws:requesttag/team": "mail", "aws:tagkeys": "team", "sts:transitivetagkeys": "team",
		"sts:sourceidentity": "alice", "sts:rolesessionname": "next"} {
		if got := strings.Join(keys[key], ","); got != want {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}
	next, err := f.AssumeRole(t.Context(), p, q)
	if err != nil {
		t.Fatal(err)
	}
	_, p, err = f.Authenticate(t.Context(), next.AccessKeyID, next.Token)
	if err != nil {
		t.Fatal(err)
	}
	if p.SourceIdentity != "alice" || !maps.Equal(p.Tags, map[string]string{"team": "mail"}) || len(p.TransitiveTags) != 1 {
		t.Errorf("the second session: %+v", p)
	}
}

// TestRevokeOlderSessions does what the button "Revoke active sessions" of the
// AWS console does.
func TestRevokeOlderSessions(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	r := f.mustRole(t, NewRole{Name: "r"})
	if err := f.PutRolePolicy(ctx, accountA, "r", "p", permissions); err != nil {
		t.Fatal(err)
	}
	old := f.mustAssume(t, AssumeRoleRequest{RoleARN: r.ARN()})
	f.clock.advance(time.Minute)
	if err := f.PutRolePolicy(ctx, accountA, "r", "AWSRevokeOlderSessions", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["*"],
		"Resource":["*"],"Condition":{"DateLessThan":{"aws:TokenIssueTime":"`+f.clock.now().Format("2006-01-02T15:04:05.000Z")+`"}}}]}`); err != nil {
		t.Fatal(err)
	}
	f.clock.advance(time.Second)
	fresh := f.mustAssume(t, AssumeRoleRequest{RoleARN: r.ARN()})
	const group = "arn:aws:logs:us-east-1:111122223333:log-group:g"
	for _, c := range []struct {
		session Session
		want    policy.Effect
	}{{old, policy.ExplicitDeny}, {fresh, policy.Allow}} {
		_, p, err := f.Authenticate(ctx, c.session.AccessKeyID, c.session.Token)
		if err != nil {
			t.Fatal(err)
		}
		d, err := f.Authorize(ctx, p, "logs:PutLogEvents", group, nil)
		if err != nil || d.Effect != c.want {
			t.Errorf("issued %v: %+v, %v, want %v", p.TokenIssued, d, err, c.want)
		}
		if c.want == policy.ExplicitDeny && d.Policy != "AWSRevokeOlderSessions" {
			t.Errorf("decided by %q", d.Policy)
		}
	}
}

func TestEvaluateForAService(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	const org = "arn:aws:workmail:us-east-1:111122223333:organization/m-0a"
	const group = "arn:aws:logs:us-east-1:111122223333:log-group:g"
	good := f.mustRole(t, NewRole{Name: "good"})
	if err := f.PutRolePolicy(ctx, accountA, "good", "p", permissions); err != nil {
		t.Fatal(err)
	}
	distrusts := f.mustRole(t, NewRole{Name: "distrusts", Trust: strings.Replace(trustEvents, "events.workmail", "ec2", 1)})
	missing := "arn:aws:iam::111122223333:role/missing"
	for _, c := range []struct {
		role         string
		trusts, puts bool
	}{{good.ARN(), true, true}, {distrusts.ARN(), false, false}, {missing, false, false}} {
		d, err := f.EvaluateTrust(ctx, c.role, ServicePrincipal(EventsService, org, accountA))
		if err != nil || d.Allowed() != c.trusts || d.Reason == "" {
			t.Errorf("%s: trust %+v, %v", c.role, d, err)
		}
		d, err = f.EvaluateRole(ctx, c.role, "logs:PutLogEvents", group+":log-stream:s", nil)
		if err != nil || d.Allowed() != c.puts || d.Reason == "" {
			t.Errorf("%s: permission %+v, %v", c.role, d, err)
		}
	}
}
