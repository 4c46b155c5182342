package app

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"waybill/internal/config"
)

// TestSeveralAccounts opens a server with two accounts, each with an organization.
func TestSeveralAccounts(t *testing.T) {
	cfg, err := config.Parse([]byte(`
account_name = "example"
[[other_account]]
id = "444455556666"
name = "partner"
[[organization]]
alias = "one"
[[organization]]
alias = "two"
account = "partner"
`))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Data, cfg.Listen = filepath.Join(t.TempDir(), "data"), "127.0.0.1:0"
	ctx, quiet := t.Context(), slog.New(slog.DiscardHandler)
	for start := range 2 {
		s, err := Open(ctx, cfg, quiet)
		if err != nil {
			t.Fatal(err)
		}
		for account, alias := range map[string]string{cfg.Account: "one", "444455556666": "two"} {
			if _, err := s.workmail.ByAlias(ctx, account, cfg.Region, alias); err != nil {
				t.Errorf("%s of %s: %v", alias, account, err)
			}
		}
		if start == 0 {
			partner := s.accounts[1]
			for _, name := range []string{"partner", partner.Account} {
				if p, err := s.iam.SignIn(ctx, name, partner.User, partner.Password); err != nil || p.Account != partner.Account {
					t.Errorf("sign in to %s: %+v, %v", name, p, err)
				}
			}
			if _, err := s.iam.SignIn(ctx, "example", partner.User, partner.Password); err == nil {
				t.Error("the partner's password opens the other account")
			}
			var greeting strings.Builder
			s.Greet(&greeting)
			if strings.Count(greeting.String(), "(shown this once)") != 2 {
				t.Errorf("%s", greeting.String())
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(cfg.Data, "credentials"))
	if err != nil || !strings.HasPrefix(string(text), "[default]\n") || !strings.Contains(string(text), "\n[partner]\naws_access_key_id = AKIA") {
		t.Errorf("%v\n%s", err, text)
	}
}
