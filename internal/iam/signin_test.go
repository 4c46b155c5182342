package iam

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"waybill/internal/iam/policy"
)

func TestBootstrap(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	first, err := f.Bootstrap(ctx, "999988887777", "eu-west-1")
	if err != nil {
		t.Fatal(err)
	}
	if !first.Created || first.Password == "" || first.Secret == "" || first.Region != "eu-west-1" || first.User != "administrator" {
		t.Errorf("first start: created %v, user %q, region %q", first.Created, first.User, first.Region)
	}
	f.open(t)
	second, err := f.Bootstrap(ctx, "999988887777", "eu-west-1")
	if err != nil {
		t.Fatal(err)
	}
	if second.Created || second.Password != "" || second.Credentials != first.Credentials {
		t.Error("the second start made something new, or has other credentials")
	}
	secret, p, err := f.Authenticate(ctx, first.AccessKeyID, "")
	if err != nil || secret != first.Secret || p.ARN != "arn:aws:iam::999988887777:user/administrator" {
		t.Errorf("principal %s, %v", p.ARN, err)
	}
	if d, err := f.Authorize(ctx, p, "logs:DeleteLogGroup", "arn:aws:logs:us-east-1:999988887777:log-group:g", nil); err != nil || d.Effect != policy.Allow {
		t.Errorf("the administrator may not: %+v, %v", d, err)
	}
	if _, err := f.SignIn(ctx, "999988887777", "administrator", first.Password); err != nil {
		t.Errorf("sign in with the shown password: %v", err)
	}
	_, err = f.Bootstrap(ctx, "12", "us-east-1")
	wantError(t, err, 400, "ValidationError", "")
}

func TestBootstrapWithAnotherKeyFile(t *testing.T) {
	f := newFixture(t)
	b, err := f.Bootstrap(t.Context(), accountA, "us-east-1")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(f.dir, "key")); err != nil {
		t.Fatal(err)
	}
	f.open(t)
	_, err = f.Bootstrap(t.Context(), accountA, "us-east-1")
	if err == nil || !strings.Contains(err.Error(), "the key file does not open") || strings.Contains(err.Error(), b.Secret) {
		t.Errorf("got %v, want an error that names the key file", err)
	}
}

func TestSignIn(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	u, err := f.CreateUser(ctx, accountA, "/staff/", "Ann", []Tag{{"team", "mail"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.CreateUser(ctx, accountA, "/", "NoPassword", nil); err != nil {
		t.Fatal(err)
	}
	if err := f.SetPassword(ctx, accountA, "Ann", "correct horse 1!"); err != nil {
		t.Fatal(err)
	}
	p, err := f.SignIn(ctx, accountA, "ann", "correct horse 1!") // names are the same in any case
	if err != nil || p.UserID != u.ID || p.Type != TypeUser || p.Tags["team"] != "mail" || p.AccessKeyID != "" {
		t.Errorf("principal %+v, %v", p, err)
	}
	for name, c := range map[string]struct{ account, user, password string }{
		"wrong password":     {accountA, "Ann", "correct horse 2!"},
		"empty password":     {accountA, "Ann", ""},
		"endless password":   {accountA, "Ann", strings.Repeat("p", 1<<20)},
		"without password":   {accountA, "NoPassword", ""},
		"unknown user":       {accountA, "Bob", "correct horse 1!"},
		"unknown account":    {"000000000000", "Ann", "correct horse 1!"},
		"of another account": {accountB, "Ann", "correct horse 1!"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.SignIn(ctx, c.account, c.user, c.password)
			wantError(t, err, 403, CodeSignIn, "Your authentication information is incorrect. Please try again.")
		})
	}
	if again, err := f.UserPrincipal(ctx, u.ID); err != nil || again.ARN != p.ARN {
		t.Errorf("UserPrincipal = %+v, %v", again, err)
	}
	wantError(t, f.DeleteUser(ctx, accountA, "Ann"), 409, "DeleteConflict", "Cannot delete entity, must delete login profile first.")
	if err := errors.Join(f.DeleteLoginProfile(ctx, accountA, "Ann"), f.DeleteUser(ctx, accountA, "Ann")); err != nil {
		t.Fatal(err)
	}
	_, err = f.UserPrincipal(ctx, u.ID)
	wantError(t, err, 403, "InvalidClientTokenId", "")
	wantError(t, f.SetPassword(ctx, accountA, "NoPassword", "short"), 400, "PasswordPolicyViolation", "")
}

func TestTooManySignIns(t *testing.T) {
	f := newFixture(t)
	for range maxWaiting {
		f.hashing.waiting <- struct{}{}
	}
	_, err := f.SignIn(t.Context(), accountA, "ann", "password")
	wantError(t, err, 400, CodeThrottling, "")
	<-f.hashing.waiting
	_, err = f.SignIn(t.Context(), accountA, "ann", "password")
	wantError(t, err, 403, CodeSignIn, "")
}

func TestAccessKeys(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	if _, err := f.CreateUser(ctx, accountA, "/", "u", nil); err != nil {
		t.Fatal(err)
	}
	key, err := f.CreateAccessKey(ctx, accountA, "u")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.CreateAccessKey(ctx, accountA, "u"); err != nil {
		t.Fatal(err)
	}
	_, err = f.CreateAccessKey(ctx, accountA, "u")
	wantError(t, err, 409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	if err := f.SetAccessKeyActive(ctx, accountA, "u", key.AccessKeyID, false); err != nil {
		t.Fatal(err)
	}
	_, _, err = f.Authenticate(ctx, key.AccessKeyID, "")
	wantError(t, err, 403, "InvalidClientTokenId", "")
	if err := f.SetAccessKeyActive(ctx, accountA, "u", key.AccessKeyID, true); err != nil {
		t.Fatal(err)
	}
	if secret, _, err := f.Authenticate(ctx, key.AccessKeyID, ""); err != nil || secret != key.Secret {
		t.Errorf("after activation: %v", err)
	}
}

func TestSecretsAreSealedInTheDatabase(t *testing.T) {
	f := newFixture(t)
	b, err := f.Bootstrap(t.Context(), "999988887777", "us-east-1")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.DB.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(f.dir, "meta.db"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), b.AccessKeyID) {
		t.Fatal("the access key id is not in the file: the search below would prove nothing")
	}
	for name, secret := range map[string]string{"secret": b.Secret, "password": b.Password} {
		if strings.Contains(string(data), secret) {
			t.Errorf("the %s is readable in the database", name)
		}
	}
}

func TestServiceCredentials(t *testing.T) {
	f := newFixture(t)
	first, err := f.ServiceCredentials(t.Context(), EventsService)
	if err != nil {
		t.Fatal(err)
	}
	f.open(t)
	if again, err := f.ServiceCredentials(t.Context(), EventsService); err != nil || again != first {
		t.Errorf("the second start has other credentials: %v", err)
	}
	secret, p, err := f.Authenticate(t.Context(), first.AccessKeyID, "")
	if err != nil || secret != first.Secret || p.Type != TypeService || p.Name != EventsService || p.Account != "" {
		t.Errorf("principal %+v, %v", p, err)
	}
}
