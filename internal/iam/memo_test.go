package iam

import (
	"context"
	"database/sql"
	"errors"
	"testing"
)

type countKey struct{}

// TestMemoForgetsOnWrite: what is read is remembered until any write, and a read
// that a write overtakes is not remembered.
func TestMemoForgetsOnWrite(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	reads := 0
	count := func(during func()) int {
		t.Helper()
		n, err := recall(ctx, f.Service, countKey{}, func(*sql.Tx) (int, error) {
			reads++
			if during != nil {
				during()
			}
			return reads, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	nothing := func(*sql.Tx) error { return nil }
	if a, b := count(nil), count(nil); a != 1 || b != 1 {
		t.Errorf("read %d, then %d: not remembered", a, b)
	}
	if err := f.DB.Write(ctx, nothing); err != nil {
		t.Fatal(err)
	}
	if n := count(nil); n != 2 {
		t.Errorf("after a write: %d", n)
	}
	failed := errors.New("no")
	if err := f.DB.Write(ctx, func(*sql.Tx) error { return failed }); err != failed {
		t.Fatal(err)
	}
	if n := count(func() {
		if err := f.DB.Write(ctx, nothing); err != nil {
			t.Error(err)
		}
	}); n != 3 {
		t.Errorf("after a failed write: %d", n)
	}
	if n := count(nil); n != 4 {
		t.Errorf("a read that a write overtook was remembered: %d", n)
	}
	if _, err := recall(ctx, f.Service, identityKey{"x"}, func(*sql.Tx) (int, error) { return 0, failed }); err != failed {
		t.Error(err)
	}
	if _, found, _ := f.memo.look(identityKey{"x"}); found {
		t.Error("an error was remembered")
	}
}

func TestMemoIsBounded(t *testing.T) {
	m := &memo{}
	for i := range maxRemembered + 1 {
		m.keep(i, i, 0)
	}
	if _, found, _ := m.look(0); found || len(m.entries) != 1 {
		t.Errorf("%d entries", len(m.entries))
	}
}

// TestKeyUses: the newest use counts, in memory and in the database, and a
// failed flush loses nothing.
func TestKeyUses(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	if _, err := f.CreateUser(ctx, accountA, "/", "u", nil); err != nil {
		t.Fatal(err)
	}
	key, err := f.CreateAccessKey(ctx, accountA, "u")
	if err != nil {
		t.Fatal(err)
	}
	first := KeyUse{f.clock.now(), "logs", "us-east-1"}
	f.clock.advance(lastUsedResolution)
	later := KeyUse{f.clock.now(), "sts", "eu-west-1"}
	want := func(when string, u KeyUse) {
		t.Helper()
		if k, err := f.AccessKey(ctx, accountA, key.AccessKeyID); err != nil || k.Use != u {
			t.Errorf("%s: %+v, %v; want %+v", when, k.Use, err, u)
		}
	}
	f.NoteKeyUse(key.AccessKeyID, later)
	f.NoteKeyUse(key.AccessKeyID, first)
	f.NoteKeyUse("ASIAXXXXXXXXXXXXXXXX", later)
	want("in memory", later)
	if n := len(f.uses.pending); n != 1 {
		t.Errorf("%d keys are remembered: a session has no last use", n)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := f.Flush(ended); err == nil {
		t.Fatal("flushed with a context that has ended")
	}
	want("after a failed flush", later)
	if err := f.Flush(ctx); err != nil || len(f.uses.pending) != 0 {
		t.Fatal(err)
	}
	want("written", later)
	f.NoteKeyUse(key.AccessKeyID, first)
	want("an older use", later)
	if err := f.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	want("an older use, written", later)
}

func TestPasswordExpiry(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	if _, err := f.CreateUser(ctx, accountA, "/", "ann", nil); err != nil {
		t.Fatal(err)
	}
	if err := f.SetPassword(ctx, accountA, "ann", "First-Pass-1"); err != nil {
		t.Fatal(err)
	}
	policy := PasswordPolicy{MaxAge: 90}
	if err := f.SetPasswordPolicy(ctx, accountA, policy); err != nil {
		t.Fatal(err)
	}
	signIn := func(password string) (Principal, error) { return f.SignIn(ctx, accountA, "ann", password) }
	f.clock.advance(90*24*lastUsedResolution - 1)
	if _, err := signIn("First-Pass-1"); err != nil {
		t.Errorf("on the last day: %v", err)
	}
	f.clock.advance(1)
	p, err := signIn("First-Pass-1")
	wantError(t, err, 403, CodePasswordReset, "A new password must be set.")
	_, err = signIn("Wrong-Pass-1")
	wantError(t, err, 403, CodeSignIn, "")
	policy.HardExpiry = true
	if err := f.SetPasswordPolicy(ctx, accountA, policy); err != nil {
		t.Fatal(err)
	}
	_, err = signIn("First-Pass-1")
	wantError(t, err, 403, CodePasswordExpired, "")
	// The API may still change it, as AWS documents for HardExpiry.
	if err := f.ChangePassword(ctx, p, "First-Pass-1", "Second-Pass-2"); err != nil {
		t.Fatal(err)
	}
	if _, err := signIn("Second-Pass-2"); err != nil {
		t.Error(err)
	}
	wantError(t, f.ChangePassword(ctx, Root(accountA), "x", "y"), 400, "InvalidUserType", "Only IAM Users can change their own password")
}

func TestManagedPoliciesHaveTheirFacts(t *testing.T) {
	for _, m := range managedPolicies {
		if m.Created.IsZero() || m.Updated.Before(m.Created) || len(m.ID) != 21 || m.Description == "" || m.Version == "" {
			t.Errorf("%+v", m)
		}
	}
}

// TestSessionOfADeletedRoleEndsAtOnce: a session is narrowed by a customer's
// policy as it is now, and ends with its role.
func TestSessionOfADeletedRoleEndsAtOnce(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	role := f.mustRole(t, NewRole{Name: "r"})
	own, err := f.CreatePolicy(ctx, accountA, NewPolicy{Name: "narrow", Document: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:Get*","Resource":"*"}]}`})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.PutRolePolicy(ctx, accountA, "r", "all", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`); err != nil {
		t.Fatal(err)
	}
	s, err := f.AssumeRole(ctx, ServicePrincipal(EventsService, "", accountA), AssumeRoleRequest{RoleARN: role.ARN(), SessionName: "session", PolicyARNs: []string{own.ARN}})
	if err != nil {
		t.Fatal(err)
	}
	_, p, err := f.Authenticate(ctx, s.AccessKeyID, s.Token)
	if err != nil {
		t.Fatal(err)
	}
	for action, want := range map[string]bool{"logs:GetLogEvents": true, "logs:DeleteLogGroup": false} {
		if d, err := f.Authorize(ctx, p, action, "*", nil); err != nil || d.Allowed() != want {
			t.Errorf("%s: %+v, %v", action, d, err)
		}
	}
	// Another version of the policy that narrows the session counts at once.
	if _, err := f.CreatePolicyVersion(ctx, accountA, own.ARN, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:Delete*","Resource":"*"}]}`, true); err != nil {
		t.Fatal(err)
	}
	if _, p, err = f.Authenticate(ctx, s.AccessKeyID, s.Token); err != nil {
		t.Fatal(err)
	}
	if d, err := f.Authorize(ctx, p, "logs:DeleteLogGroup", "*", nil); err != nil || !d.Allowed() {
		t.Errorf("%+v, %v", d, err)
	}
	if err := errors.Join(f.DeleteRolePolicy(ctx, accountA, "r", "all"), f.DeleteRole(ctx, accountA, "r")); err != nil {
		t.Fatal(err)
	}
	_, _, err = f.Authenticate(ctx, s.AccessKeyID, s.Token)
	wantError(t, err, 403, "InvalidClientTokenId", "")
	if d, err := f.Authorize(ctx, p, "logs:DeleteLogGroup", "*", nil); err != nil || d.Allowed() {
		t.Errorf("a principal of the deleted role: %+v, %v", d, err)
	}
}
