package iam

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"waybill/internal/awserr"
	"waybill/internal/iam/policy"
	"waybill/internal/iam/seal"
	"waybill/internal/store"
)

var update = flag.Bool("update", false, "write the expected outcomes of testdata anew")

// Accounts of the tests.
const (
	accountA = "111122223333"
	accountB = "444455556666"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time // guarded by mu
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// fixture is a Service over files of its own.
type fixture struct {
	*Service
	clock *clock
	dir   string
	// resources are the resource policies by ARN; usage is what InUse returns.
	resources map[string][]policy.Named
	usage     []RoleUsage
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{dir: t.TempDir(), resources: map[string][]policy.Named{},
		clock: &clock{t: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}}
	f.open(t)
	for _, a := range []string{accountA, accountB} {
		if err := f.CreateAccount(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func (f *fixture) open(t testing.TB) {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	db, err := store.Open(t.Context(), filepath.Join(f.dir, "meta.db"), logger)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	ring, err := seal.OpenFile(filepath.Join(f.dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	f.Service, err = New(Options{DB: db, Keyring: ring, Logger: logger, Now: f.clock.now,
		ResourcePolicies: func(_ context.Context, resource string) ([]policy.Named, error) { return f.resources[resource], nil },
		InUse:            func(context.Context, string) ([]RoleUsage, error) { return f.usage, nil }})
	if err != nil {
		t.Fatal(err)
	}
}

const trustEvents = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.workmail.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

func (f *fixture) mustRole(t *testing.T, n NewRole) Role {
	t.Helper()
	if n.Trust == "" {
		n.Trust = trustEvents
	}
	r, err := f.CreateRole(t.Context(), accountA, n)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// wantError checks code, HTTP status and text of an error in AWS's terms.
func wantError(t *testing.T, err error, status int, code, text string) {
	t.Helper()
	var e *awserr.Error
	if !errors.As(err, &e) {
		t.Errorf("error %v, want %s %q", err, code, text)
		return
	}
	if e.Code != code || e.HTTPStatus() != status || text != "" && e.Message != text {
		t.Errorf("got %d %s %q\nwant %d %s %q", e.HTTPStatus(), e.Code, e.Message, status, code, text)
	}
}

// The entities' operations by kind, as IAM's API has them.

func (f *fixture) CreateUser(ctx context.Context, account, path, name string, tags []Tag) (User, error) {
	return f.Service.CreateUser(ctx, account, NewUser{Name: name, Path: path, Tags: tags})
}

func (f *fixture) SetPassword(ctx context.Context, account, user, password string) error {
	_, err := f.CreateLoginProfile(ctx, account, user, password, false)
	return err
}

func (f *fixture) PutUserPolicy(ctx context.Context, account, user, name, document string) error {
	return f.PutPolicy(ctx, userOwner(account, user), name, document)
}

func (f *fixture) AttachUserPolicy(ctx context.Context, account, user, policyARN string) error {
	return f.Attach(ctx, userOwner(account, user), policyARN)
}

func (f *fixture) PutRolePolicy(ctx context.Context, account, role, name, document string) error {
	return f.PutPolicy(ctx, roleOwner(account, role), name, document)
}

func (f *fixture) RolePolicy(ctx context.Context, account, role, name string) (string, error) {
	return f.Policy(ctx, roleOwner(account, role), name)
}

func (f *fixture) RolePolicies(ctx context.Context, account, role string) ([]string, error) {
	return f.Policies(ctx, roleOwner(account, role))
}

func (f *fixture) DeleteRolePolicy(ctx context.Context, account, role, name string) error {
	return f.DeletePolicy(ctx, roleOwner(account, role), name)
}

func (f *fixture) AttachRolePolicy(ctx context.Context, account, role, policyARN string) error {
	return f.Attach(ctx, roleOwner(account, role), policyARN)
}

func (f *fixture) DetachRolePolicy(ctx context.Context, account, role, policyARN string) error {
	return f.Detach(ctx, roleOwner(account, role), policyARN)
}
