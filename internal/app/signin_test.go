package app

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"waybill/internal/config"
	"waybill/internal/iam"
)

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]+)">`)

// signIn sends the console's sign-in form as a browser does and returns the
// status of the page that it ends on.
func (o *opened) signIn(t *testing.T, account, user, password string) int {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	page, err := client.Get(o.url + consolePath + "sign-in")
	if err != nil {
		t.Fatal(err)
	}
	defer page.Body.Close()
	text, err := io.ReadAll(page.Body)
	if err != nil {
		t.Fatal(err)
	}
	field := hiddenField.FindSubmatch(text)
	if field == nil {
		t.Fatalf("no token in the form\n%s", text)
	}
	done, err := client.PostForm(o.url+consolePath+"sign-in", url.Values{string(field[1]): {string(field[2])}, "account": {account}, "user": {user}, "password": {password}})
	if err != nil {
		t.Fatal(err)
	}
	done.Body.Close()
	return done.StatusCode
}

// TestSignInsAreAudited signs in by number and by alias, and with wrong passwords.
func TestSignInsAreAudited(t *testing.T) {
	cfg := config.Default()
	cfg.AccountName = "example"
	o := open(t, cfg)
	if _, err := o.iam.CreateUser(t.Context(), cfg.Account, iam.NewUser{Name: "ann"}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.iam.CreateLoginProfile(t.Context(), cfg.Account, "ann", "First-Pass-1", true); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		account, user, password string
		status                  int
	}{
		{cfg.Account, "ann", "First-Pass-1", 200}, // which asks for a new one
		{cfg.Account, o.first.User, o.first.Password, 200},
		{"example", o.first.User, o.first.Password, 200},
		{"example", o.first.User, "wrong", 401},
		{cfg.Account, o.first.Password, "", 401}, // the password in the wrong field
	} {
		if got := o.signIn(t, c.account, c.user, c.password); got != c.status {
			t.Errorf("%s as %s: status %d, want %d", c.account, c.user, got, c.status)
		}
	}
	admin := cloudwatchlogs.NewFromConfig(o.config(o.first.Credentials))
	for pattern, want := range map[string]int{
		`{ $.eventName = "ConsoleLogin" && $.responseElements.ConsoleLogin = "Success" && $.userIdentity.userName = "administrator" }`:                                       2,
		`{ $.eventName = "ConsoleLogin" && $.responseElements.ConsoleLogin = "Failure" && $.userIdentity.userName = "administrator" }`:                                       1,
		`{ $.eventName = "ConsoleLogin" && $.userIdentity.userName = "HIDDEN_DUE_TO_SECURITY_REASONS" }`:                                                                     1,
		`{ $.eventName = "ConsoleLogin" && $.responseElements.ConsoleLogin = "Failure" && $.userIdentity.userName = "ann" && $.errorMessage = "Password must be replaced" }`: 1,
		`"` + o.first.Password + `"`: 0,
	} {
		if got := o.trailFor(t, admin, pattern); len(got) != want {
			t.Errorf("%s: %d records, want %d: %v", pattern, len(got), want, got)
		}
	}
}
