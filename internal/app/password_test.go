package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"waybill/internal/config"
	"waybill/internal/iam"
)

// browser keeps cookies and the form token, as one does.
type browser struct {
	http.Client
	base  string
	token string
}

var tokenField = regexp.MustCompile(`<input type="hidden" name="([a-z_-]+)" value="([^"]+)">`)

// post sends the sign-in form and returns where it led to and what stood there.
func (b *browser) post(t *testing.T, fields url.Values) (path, body string) {
	t.Helper()
	if b.token == "" {
		b.read(t, nil)
	}
	name, value, _ := strings.Cut(b.token, "=")
	fields.Set(name, value)
	return b.read(t, fields)
}

func (b *browser) read(t *testing.T, fields url.Values) (path, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.base+"/console/sign-in", nil)
	if fields != nil {
		request, err = http.NewRequestWithContext(t.Context(), http.MethodPost, b.base+"/console/sign-in", strings.NewReader(fields.Encode()))
	}
	if err != nil {
		t.Fatal(err)
	}
	if fields != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if m := tokenField.FindStringSubmatch(string(text)); m != nil {
		b.token = m[1] + "=" + m[2]
	}
	return resp.Request.URL.Path, string(text)
}

// TestConsoleAsksForANewPassword goes through a first sign-in as the user guide
// describes it for a password that an administrator has set.
func TestConsoleAsksForANewPassword(t *testing.T) {
	cfg := config.Default()
	cfg.Data, cfg.Listen = filepath.Join(t.TempDir(), "data"), "127.0.0.1:0"
	s, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	ann := iam.Owner{Kind: iam.KindUser, Account: cfg.Account, Name: "ann"}
	if _, err := s.iam.CreateUser(ctx, cfg.Account, iam.NewUser{Name: "ann"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.iam.CreateLoginProfile(ctx, cfg.Account, "ann", "First-Pass-1", true); err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{Client: http.Client{Jar: jar}, base: s.URL()}
	form := func(password, next, again string) url.Values {
		return url.Values{"account": {cfg.Account}, "user": {"ann"}, "password": {password}, "new": {next}, "again": {again}}
	}
	for _, step := range []struct{ password, next, again, path, text string }{
		{"First-Pass-2", "", "", "/console/sign-in", "is not right"},
		{"First-Pass-1", "", "", "/console/sign-in", "must be replaced"},
		{"First-Pass-1", "Second-Pass-2", "Second-Pass-3", "/console/sign-in", "repetition differ"},
		{"First-Pass-1", "Second-Pass-2", "Second-Pass-2", "/console/sign-in", "not authorized to perform: iam:ChangePassword"},
	} {
		path, body := b.post(t, form(step.password, step.next, step.again))
		if path != step.path || !strings.Contains(body, step.text) {
			t.Fatalf("%+v led to %s:\n%s", step, path, body)
		}
	}
	if err := s.iam.Attach(ctx, ann, iam.ManagedPolicyARN("IAMUserChangePassword")); err != nil {
		t.Fatal(err)
	}
	if path, body := b.post(t, form("First-Pass-1", "short", "short")); path != "/console/sign-in" || !strings.Contains(body, "minimum length of 8") {
		t.Fatalf("a short password led to %s:\n%s", path, body)
	}
	if path, body := b.post(t, form("First-Pass-1", "Second-Pass-2", "Second-Pass-2")); path != "/console/organizations" {
		t.Fatalf("the new password led to %s:\n%s", path, body)
	}
	if _, err := s.iam.SignIn(ctx, cfg.Account, "ann", "Second-Pass-2"); err != nil {
		t.Error(err)
	}
	// A user who is gone has no session any more.
	for _, err := range []error{s.iam.DeleteLoginProfile(ctx, cfg.Account, "ann"), s.iam.Detach(ctx, ann, iam.ManagedPolicyARN("IAMUserChangePassword")), s.iam.DeleteUser(ctx, cfg.Account, "ann")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	resp, err := b.Get(s.URL() + "/console/organizations")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.Request.URL.Path != "/console/sign-in" {
		t.Errorf("the session of a deleted user leads to %s", resp.Request.URL)
	}
}
