package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// browser is a real Chromium that is signed in as the administrator.
type browser struct {
	t   *testing.T
	ctx context.Context
}

var printedPassword = regexp.MustCompile(`user (\S+), password (\S+) \(shown this once\)`)

func openConsole(t *testing.T, s *server) *browser {
	t.Helper()
	path := peer(t, "chromium")
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1280, 900),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(allocator)
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil { // the browser lives as long as this call's context
		t.Fatalf("start Chromium: %v", err)
	}
	ctx, giveUp := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(giveUp)
	b := &browser{t, ctx}
	found := printedPassword.FindStringSubmatch(s.printed())
	if found == nil {
		t.Fatalf("the first start printed no console password:\n%s", s.printed())
	}
	b.do("open the console", chromedp.Navigate(s.URL+"/"), chromedp.WaitVisible(chromedp.CSS("#password")))
	b.do("sign in", chromedp.SetValue(chromedp.CSS("#account"), account), chromedp.SetValue(chromedp.CSS("#user"), found[1]),
		chromedp.SetValue(chromedp.CSS("#password"), found[2]), chromedp.Click(chromedp.CSS("main button.primary")), chromedp.WaitVisible(chromedp.CSS("main h1")))
	return b
}

func (b *browser) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatalf("%s: %v\n%s", what, err, tail(b.text(), 2000))
	}
}

// text is what the page shows.
func (b *browser) text() string {
	text, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS("body")))
	if err != nil {
		return err.Error()
	}
	return text
}

// follow clicks the link with exactly that text.
func (b *browser) follow(text string) {
	b.t.Helper()
	link := fmt.Sprintf(`//main//a[normalize-space()=%q] | //nav//a[normalize-space()=%q]`, text, text)
	b.do("follow "+text, chromedp.Click(chromedp.Search(link)), chromedp.WaitReady(chromedp.CSS("main h1")))
}

func (b *browser) tick(id string) { b.do("click "+id, chromedp.Click(chromedp.CSS("#"+id))) }

// save clicks Save and waits until the page shows a selector of what must follow.
func (b *browser) save(then string) {
	b.t.Helper()
	b.do("Save", chromedp.Click(chromedp.Search(`//button[normalize-space()="Save"]`)), chromedp.WaitVisible(chromedp.CSS(then)))
}

// The pages after Save: the settings, or the form again with the reason.
const (
	settingsPage = "main section.card"
	unauthorized = "#authorize-problem"
)

// shows waits for a text on the page.
func (b *browser) shows(want string) {
	b.t.Helper()
	eventually(b.t, fmt.Sprintf("the page to show %q", want), func() (bool, string) {
		text := b.text()
		return strings.Contains(text, want), text
	})
}

// picture keeps a screenshot where WAYBILL_SCREENSHOTS names a folder.
func (b *browser) picture(name string) {
	dir := os.Getenv("WAYBILL_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		b.t.Error(err)
	}
}

// TestConsoleWalkthrough is procedures A (default settings), B's optional branch
// of A, and C in Chromium, with real mail in between.
func TestConsoleWalkthrough(t *testing.T) {
	l := startLab(t)
	s := serve(t, labConfig(l, `"off"`))
	b := openConsole(t, s)

	// A, steps 2 to 8.
	b.follow("Organizations")
	b.picture("organizations")
	b.follow("example")
	b.follow("Logging settings")
	b.shows("Email flow log settings")
	b.follow("Edit")
	b.tick("enabled")
	b.picture("edit")
	b.save(unauthorized)
	b.shows("authorize") // refused without the tick, with a reason
	if _, err := s.tryAWS(t, "logs", "describe-log-streams", "--log-group-name", defaultGroup); err == nil {
		t.Error("saved without the authorization")
	}
	b.tick("authorize")
	b.save(settingsPage)
	b.shows(defaultGroup)
	b.picture("logging-settings")
	groups := s.aws(t, "logs", "describe-log-groups", "--log-group-name-prefix", defaultGroup)
	if !strings.Contains(groups, `"retentionInDays": 30`) {
		t.Errorf("retention: %s", groups)
	}
	if role := s.aws(t, "iam", "get-role", "--role-name", serviceRole); !strings.Contains(role, "/aws-service-role/events.workmail.amazonaws.com/") {
		t.Errorf("role: %s", role)
	}

	const id = "<browser@sender.test>"
	l.send(t, message{from: "s@sender.test", to: []string{"alice@example.com", "discard@example.com"}, subject: "seen in the console", id: id, body: "x"})
	received := s.waitEvents(t, defaultGroup, byMessageID("ORGANIZATION_EMAIL_RECEIVED", id), 1)[0]
	s.waitEvents(t, defaultGroup, ofTrace("MAILBOX_EMAIL_DELIVERED", received.TraceID), 1)
	s.waitEvents(t, defaultGroup, ofTrace("MAILBOX_EMAIL_DISCARDED", received.TraceID), 1)
	b.follow("Messages")
	b.shows("seen in the console")
	b.picture("messages")
	b.do("open the message", chromedp.Click(chromedp.CSS(fmt.Sprintf(`main a[href*=%q]`, received.TraceID))), chromedp.WaitReady(chromedp.CSS("main h1")))
	b.shows("MAILBOX_EMAIL_DISCARDED")
	b.picture("message")

	// The optional branch: a log group and a role of one's own.
	dir := t.TempDir()
	s.aws(t, "logs", "create-log-group", "--log-group-name", "workmail-monitoring")
	s.aws(t, "iam", "create-role", "--role-name", "workmail-monitoring-role", "--assume-role-policy-document", "file://"+write(t, dir, "trust.json",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.workmail.amazonaws.com"},"Action":"sts:AssumeRole"}]}`))
	s.aws(t, "iam", "put-role-policy", "--role-name", "workmail-monitoring-role", "--policy-name", "p", "--policy-document", "file://"+write(t, dir, "p.json",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":"arn:aws:logs:us-east-1:111122223333:log-group:workmail-monitoring*"}]}`))
	b.follow("Logging settings")
	b.follow("Edit")
	b.tick("default")
	b.do("choose group and role",
		chromedp.SetValue(chromedp.CSS("#group"), "arn:aws:logs:us-east-1:111122223333:log-group:workmail-monitoring"),
		chromedp.SetValue(chromedp.CSS("#role"), "arn:aws:iam::111122223333:role/workmail-monitoring-role"))
	b.tick("authorize")
	b.save(settingsPage)
	b.shows("workmail-monitoring-role")

	// C.
	b.follow("Monitoring")
	b.shows("Log settings")
	b.picture("monitoring")
	b.follow("Edit")
	b.tick("enabled")
	b.save(settingsPage)
	b.shows("Mail events are off")
	s.awsFails(t, "ResourceNotFoundException", "workmail", "describe-email-monitoring-configuration", "--organization-id", s.organization(t))

	// Who read the mail events, and who turned them off, stands in the audit trail.
	b.follow("Audit")
	b.shows("workmail:DeleteEmailMonitoringConfiguration")
	b.picture("audit")
	b.do("search the trail", chromedp.SetValue(chromedp.CSS("#operation"), "FilterLogEvents"), chromedp.Click(chromedp.CSS("form.search button.primary")),
		chromedp.WaitReady(chromedp.CSS("main h1")))
	b.shows("logs:FilterLogEvents")
	b.shows(`identity-based policy "AdministratorAccess"`)
}
