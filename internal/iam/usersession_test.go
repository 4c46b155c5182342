package iam

import (
	"testing"
	"time"

	"waybill/internal/iam/policy"
)

func (f *fixture) mustUserKey(t *testing.T, name string) (Principal, Credentials) {
	t.Helper()
	if _, err := f.CreateUser(t.Context(), accountA, "/", name, nil); err != nil {
		t.Fatal(err)
	}
	key, err := f.CreateAccessKey(t.Context(), accountA, name)
	if err != nil {
		t.Fatal(err)
	}
	_, p, err := f.Authenticate(t.Context(), key.AccessKeyID, "")
	if err != nil {
		t.Fatal(err)
	}
	return p, key
}

func TestUserSession(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	user, key := f.mustUserKey(t, "u")
	if err := f.PutUserPolicy(ctx, accountA, "u", "p", permissions); err != nil {
		t.Fatal(err)
	}
	s, err := f.GetSessionToken(user, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := f.clock.now().Add(12 * time.Hour); !s.Expires.Equal(want) {
		t.Errorf("expires %v, want %v", s.Expires, want)
	}
	secret, p, err := f.Authenticate(ctx, s.AccessKeyID, s.Token)
	if err != nil || secret != s.Secret {
		t.Fatalf("Authenticate: secret matches %v, %v", secret == s.Secret, err)
	}
	if p.ARN != user.ARN || p.UserID != user.UserID || p.AccessKeyID != s.AccessKeyID || !p.TokenIssued.Equal(f.clock.now()) {
		t.Errorf("principal %+v", p)
	}
	if d, err := f.Authorize(ctx, p, "logs:PutLogEvents", "arn:aws:logs:us-east-1:111122223333:log-group:g", nil); err != nil || !d.Allowed() {
		t.Errorf("%+v, %v", d, err)
	}
	for id, want := range map[string]string{key.AccessKeyID: accountA, s.AccessKeyID: accountA} {
		if got, err := f.AccessKeyAccount(ctx, id); err != nil || got != want {
			t.Errorf("account of %s: %s, %v", id, got, err)
		}
	}

	_, err = f.GetSessionToken(p, nil)
	wantError(t, err, 403, "AccessDenied", "Cannot call GetSessionToken with session credentials")
	for _, d := range []time.Duration{0, 899 * time.Second, 129601 * time.Second} {
		_, err = f.GetSessionToken(user, &d)
		wantError(t, err, 400, "ValidationError", "")
	}

	if err := f.SetAccessKeyActive(ctx, accountA, "u", key.AccessKeyID, false); err != nil {
		t.Fatal(err)
	}
	_, _, err = f.Authenticate(ctx, s.AccessKeyID, s.Token)
	wantError(t, err, 403, "InvalidClientTokenId", "")
	if err := f.SetAccessKeyActive(ctx, accountA, "u", key.AccessKeyID, true); err != nil {
		t.Fatal(err)
	}
	f.clock.advance(12 * time.Hour)
	_, _, err = f.Authenticate(ctx, s.AccessKeyID, s.Token)
	wantError(t, err, 403, "ExpiredToken", "")
}

func TestMayCall(t *testing.T) {
	issued := time.Unix(1, 0)
	user := Principal{Type: TypeUser, TokenIssued: issued}
	role := Principal{Type: TypeAssumedRole, TokenIssued: issued}
	for _, c := range []struct {
		who                      Principal
		service, operation, code string
	}{
		{Principal{Type: TypeUser}, "iam", "GetUser", ""},
		{Principal{Type: TypeUser}, "sts", "GetSessionToken", ""},
		{user, "iam", "GetUser", "InvalidClientTokenId"},
		{user, "logs", "PutLogEvents", ""},
		{user, "sts", "AssumeRole", ""},
		{user, "sts", "GetCallerIdentity", ""},
		{user, "sts", "GetSessionToken", "AccessDenied"},
		{user, "sts", "GetAccessKeyInfo", "AccessDenied"},
		{role, "iam", "GetUser", ""},
		{role, "sts", "GetSessionToken", "AccessDenied"},
		{role, "sts", "GetAccessKeyInfo", ""},
	} {
		err := c.who.MayCall(c.service, c.operation)
		if c.code == "" && err != nil {
			t.Errorf("%s %s:%s: %v", c.who.Type, c.service, c.operation, err)
		} else if c.code != "" {
			wantError(t, err, 403, c.code, "")
		}
	}
}

func TestSessionKeyTellsItsAccount(t *testing.T) {
	for _, account := range []string{"000000000000", accountA, "999999999999"} {
		id := newSessionKeyID(account)
		if got, ok := accountOfSessionKey(id); !ok || got != account || len(id) != 20 {
			t.Errorf("%s: %s %v", id, got, ok)
		}
	}
	for _, id := range []string{"", "ASIA", "AKIAAAAAAAAAAAAAAAAA", "ASIAAAAAAAAAAAAAAAAA", "ASIA0000000000000000"} {
		if got, ok := accountOfSessionKey(id); ok {
			t.Errorf("%q tells account %s", id, got)
		}
	}
}

func TestSessionOfAUserIsRevokedByItsTime(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	user, _ := f.mustUserKey(t, "u")
	s, err := f.GetSessionToken(user, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.PutUserPolicy(ctx, accountA, "u", "p", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
		{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":"2027-01-01T00:00:00Z"}}}]}`); err != nil {
		t.Fatal(err)
	}
	_, session, err := f.Authenticate(ctx, s.AccessKeyID, s.Token)
	if err != nil {
		t.Fatal(err)
	}
	for want, p := range map[policy.Effect]Principal{policy.Allow: user, policy.ExplicitDeny: session} {
		if d, err := f.Authorize(ctx, p, "logs:DescribeLogGroups", "*", nil); err != nil || d.Effect != want {
			t.Errorf("%v: %+v, %v", want, d, err)
		}
	}
	if err := f.DeleteAccessKey(ctx, accountA, "u", user.AccessKeyID); err != nil {
		t.Fatal(err)
	}
	_, _, err = f.Authenticate(ctx, s.AccessKeyID, s.Token)
	wantError(t, err, 403, "InvalidClientTokenId", "")
}
