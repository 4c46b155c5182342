package console

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"waybill/internal/api"
	iamapi "waybill/internal/api/iam"
	"waybill/internal/event"
	"waybill/internal/iam"
	"waybill/internal/iam/policy"
	"waybill/internal/trace"
)

// example is a page in one state, with what must stand on it.
type example struct {
	name, page string
	view       func(c *Console) any
	check      func(document)
}

const testOrganization = "m-0123456789abcdef0123456789abcdef"

var testTime = time.Date(2026, 11, 24, 9, 30, 15, 123e6, time.UTC)

func testChrome(c *Console, active string) chrome {
	r := httptest.NewRequest("GET", root, nil)
	ch := c.chromeFor(r, session{value: "v", Principal: iam.Principal{
		Type: iam.TypeUser, Account: "111122223333", Name: "admin", ARN: "arn:aws:iam::111122223333:user/admin"}})
	ch.RequestID = "6e0b6a3c-7f4e-4c55-9d4c-1a2b3c4d5e6f"
	if active != "none" {
		ch.Nav = &navigation{ID: testOrganization, Name: "example", Active: active}
	}
	return ch
}

func titled(ch chrome, title string) chrome { ch.Title = title; return ch }

func viewConsole(t *testing.T) *Console {
	t.Helper()
	c, err := New(Config{Now: func() time.Time { return testTime }, Account: "111122223333"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var (
	onDefault = setting{Enabled: true, Default: true, LogGroup: "/aws/workmail/emailevents/example",
		RoleARN: "arn:aws:iam::111122223333:role/aws-service-role/events.workmail.amazonaws.com/AWSServiceRoleForAmazonWorkMailEvents"}
	onCustom = setting{Enabled: true, LogGroup: "workmail-monitoring", RoleARN: "arn:aws:iam::111122223333:role/workmail-monitoring-role"}
	upToDate = DeliveryState{LastSuccess: testTime.Add(-4 * time.Second)}
	failing  = DeliveryState{LastSuccess: testTime.Add(-2 * time.Hour), Waiting: 1280, Oldest: testTime.Add(-2 * time.Hour), FailedAt: testTime.Add(-time.Minute),
		LastError: "AccessDenied: User: events.workmail.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/workmail-monitoring-role"}
	deniedText = failure{Status: 403, Heading: "You do not have permission", Code: "AccessDeniedException",
		Message: "User: arn:aws:iam::111122223333:user/reader is not authorized to perform: workmail:PutEmailMonitoringConfiguration on resource: arn:aws:workmail:us-east-1:111122223333:organization/" + testOrganization}
)

func settings(c *Console, active, title string, s setting, d DeliveryState, notice string) settingsView {
	v := settingsView{chrome: titled(testChrome(c, active), title), settingsPart: settingsPart{Setting: s, Delivery: d}}
	v.Notice = notice
	return v
}

func editExample(c *Console, f settingsForm) editView {
	v := editView{chrome: titled(testChrome(c, "logging-settings"), "Email flow log settings"), From: "logging-settings", Heading: "Email flow log settings", Form: f,
		DefaultGroup: "/aws/workmail/emailevents/example", DefaultRole: serviceRoleName}
	v.Groups = selectChoice([]choice{{Value: "arn:aws:logs:us-east-1:111122223333:log-group:other", Name: "other"}, {Value: "arn:aws:logs:us-east-1:111122223333:log-group:workmail-monitoring", Name: "workmail-monitoring"}}, f.Group)
	v.Roles = selectChoice([]choice{{Value: serviceLinked, Name: serviceRoleName + " (service-linked role)"}, {Value: "arn:aws:iam::111122223333:role/workmail-monitoring-role", Name: "workmail-monitoring-role"}}, f.Role)
	return v
}

func dayOfMail() []event.Event {
	at := func(s int, traceID string, b event.Body) event.Event {
		return event.Event{Timestamp: testTime.Add(time.Duration(s) * time.Second).UnixMilli(), OrganizationID: testOrganization, TraceID: traceID, Body: b}
	}
	return []event.Event{
		at(-5, "0f3a9c0e4b7d4c0f8a1e2d3c4b5a6978", event.OutgoingEmailDeferred{Deferral: event.Deferral{Recipient: "orders@greylists.example", Attempt: 1, Reason: "450 4.2.0 <orders@greylists.example>: Recipient address rejected: Greylisted", Status: "4.2.0", NextAttempt: testTime.Add(5 * time.Minute).UnixMilli()}}),
		at(-6, "0f3a9c0e4b7d4c0f8a1e2d3c4b5a6978", event.OutgoingEmailSent{Recipient: "buyer@partner.example", From: "carol@example.com", MessageID: "<salle@example.com>"}),
		at(-7, "0f3a9c0e4b7d4c0f8a1e2d3c4b5a6978", event.OutgoingEmailSubmitted{Recipients: []string{"orders@greylists.example", "buyer@partner.example"}, From: "carol@example.com", Subject: "Réservation de salle", MessageID: "<salle@example.com>"}),
		at(-60, "1b", event.IncomingEmailBounced{BouncedRecipient: event.BouncedRecipient{EmailAddress: "full@example.com", Reason: "552 5.2.2 <full@example.com> Quota exceeded (mailbox for user is full)", Status: "5.2.2"}}),
		at(-95, "1c", event.OutgoingEmailBounced{BouncedRecipient: event.BouncedRecipient{EmailAddress: "former.colleague@refuses.example", Reason: "550 5.1.1 no such user here", Status: "5.1.1"}, Destination: "former.colleague@refuses.example", Reason: "550 5.1.1 no such user here"}),
		at(-130, "1d", event.IncomingEmailRejected{From: "s.meyer@partner.example", Recipient: "alica@example.com", Reason: "Recipient address rejected: User unknown", Status: "5.1.1", ClientAddress: "198.51.100.7"}),
		at(-180, "1e", event.RuleApplied{RuleName: "main: line 3", RuleType: event.MailboxRule, RuleActions: []event.RuleAction{{Action: "fileinto", Recipients: []string{"bob@example.com"}}}, TargetFolder: "Junk"}),
		at(-180, "1e", event.MailboxEmailDelivered{Recipient: "bob@example.com", Folder: "Junk"}),
		at(-181, "1e", event.OrganizationEmailReceived{Recipients: []string{"bob@example.com"}, From: "winner@prize-draw.example", Subject: "You have won!", MessageID: "<win-1@prize-draw.example>", SpamVerdict: event.Fail, SPFVerdict: event.Gray, DKIMVerdict: event.Fail, MessageTimestamp: 1}),
		at(-3600, "1f", event.OrganizationEmailReceived{Recipients: []string{"alice@example.com", "carol@example.com", "dave@example.com", "erin@example.com", "frank@example.com"}, From: "s.meyer@partner.example", Subject: "Meeting notes <script>alert(1)</script>", MessageID: "<notes-2@partner.example>", SpamVerdict: event.Pass, SPFVerdict: event.Pass, DKIMVerdict: event.Pass, DMARCVerdict: event.Pass, MessageTimestamp: 1}),
	}
}

func messagesExample(c *Console, rows bool) messagesView {
	v := messagesView{chrome: titled(testChrome(c, "messages"), "Messages"), Refresh: root + "organizations/x/messages", Group: "/aws/workmail/emailevents/example"}
	v.EventNames = eventNames(v.chrome, "")
	if rows {
		for _, e := range dayOfMail() {
			data, _ := event.Marshal(e)
			v.Rows = append(v.Rows, v.chrome.row(logEvent{At: e.Timestamp, ID: "1", Message: string(data)}))
		}
		v.Rows = append(v.Rows, v.chrome.row(logEvent{At: testTime.UnixMilli(), ID: "2", Message: "hello, not JSON"}))
		v.Completeness = "11 events on this page. There are older ones."
		v.Older = root + "organizations/x/messages?before=1.2"
	}
	return v
}

func messageExample(c *Console, events []event.Event) messageView {
	v := messageView{chrome: testChrome(c, "messages")}
	v.show(trace.Build(events))
	return v
}

var examples = []example{
	{"sign-in empty", "sign-in", func(c *Console) any {
		return signInView{chrome: signedOut(c), Account: "111122223333", Next: root}
	}, func(d document) {
		if d.attr("#account", "value") != "111122223333" {
			d.t.Error("the account is not filled in")
		}
		d.hasNo("[role=alert]")
		d.hasNo("nav")
	}},
	{"sign-in reset", "sign-in", func(c *Console) any {
		return signInView{chrome: signedOut(c), Account: "444455556666", User: "bob", Reset: true, Alert: "Your password must be replaced. Choose a new one."}
	}, func(d document) {
		d.has("[role=alert]", "must be replaced")
		if d.attr("#new", "autocomplete") != "new-password" || d.attr("#again", "type") != "password" {
			d.t.Error("the form does not ask for a new password twice")
		}
	}},
	{"sign-in error", "sign-in", func(c *Console) any {
		return signInView{chrome: signedOut(c), Account: "444455556666", User: "bob", Alert: "Account, user name or password is not right."}
	}, func(d document) {
		d.has("[role=alert]", "not right")
		if d.attr("#account", "value") != "444455556666" || d.attr("#user", "value") != "bob" {
			d.t.Error("the form lost its input")
		}
		if _, ok := attribute(d.all("#password")[0], "value"); ok {
			d.t.Error("the password is sent back")
		}
	}},
	{"organizations empty", "organizations", func(c *Console) any {
		return organizationsView{chrome: titled(testChrome(c, "none"), "Organizations")}
	}, func(d document) {
		d.has(".lead", "No organization in this Region.")
		d.has(".empty pre", "aws workmail create-organization --region us-east-1")
		d.has("details.region summary", "us-east-1")
		d.has("button[name=region][value='eu-west-1']", "Europe (Ireland)")
		d.has("nav a[aria-current=page]", "Organizations")
	}},
	{"organizations full", "organizations", func(c *Console) any {
		return organizationsView{chrome: titled(testChrome(c, "none"), "Organizations"), Organizations: []organization{
			{testOrganization, "example", "Active", "example.com"}, {"m-ffffffffffffffffffffffffffffffff", "", "Deleted", ""}}}
	}, func(d document) {
		d.has(".lead", "2 organizations in this Region.")
		d.has("a[href='/console/organizations/"+testOrganization+"']", "example")
		d.has("th a", "m-ffffffffffffffffffffffffffffffff")
	}},
	{"organization full", "organization", func(c *Console) any {
		return organizationView{chrome: titled(testChrome(c, ""), "Organization details"), settingsPart: settingsPart{Setting: onDefault, Delivery: upToDate},
			Organization: organization{testOrganization, "example", "Active", "example.com"}, Domains: []string{"example.com", "example.net"}}
	}, func(d document) {
		for _, label := range []string{"Messages", "Logging settings", "Monitoring"} {
			d.has("nav a", label)
		}
		d.has("dd li", "example.net")
		d.has("dd", "/aws/workmail/emailevents/example")
	}},
	{"organization empty", "organization", func(c *Console) any {
		return organizationView{chrome: titled(testChrome(c, ""), "Organization details"), Organization: organization{testOrganization, "example", "Active", ""}}
	}, func(d document) {
		d.has("main", "Turn on mail events")
		d.has("dd", "None")
	}},
	{"organization error", "organization", func(c *Console) any {
		return organizationView{chrome: titled(testChrome(c, ""), "Organization details"), SettingsAlert: &deniedText, Organization: organization{testOrganization, "example", "Active", ""}}
	}, func(d document) { d.has("[role=alert]", "is not authorized to perform") }},
	{"logging-settings full", "logging-settings", func(c *Console) any {
		return settings(c, "logging-settings", "Logging settings", onDefault, upToDate, "Saved. Mail events are on.")
	}, func(d document) {
		d.has(".tabs a", "Email flow log settings")
		d.has("section h2", "Email flow log settings")
		d.has("section a.button", "Edit")
		d.has("[role=status]", "Saved.")
		d.has("dd", "AWSServiceRoleForAmazonWorkMailEvents")
	}},
	{"logging-settings empty", "logging-settings", func(c *Console) any {
		return settings(c, "logging-settings", "Logging settings", setting{}, DeliveryState{}, "")
	}, func(d document) { d.has("dd", "Off"); d.hasNo(".notice") }},
	{"monitoring full", "monitoring", func(c *Console) any {
		return settings(c, "monitoring", "Monitoring", onCustom, upToDate, "")
	}, func(d document) {
		d.has("section h2", "Log settings")
		d.has("section a.button", "Edit")
		d.has("dd", "No event is waiting.")
		d.has("dd time", "2026-11-24 09:30:11 UTC")
		d.has("dd", "workmail-monitoring-role")
	}},
	{"monitoring error", "monitoring", func(c *Console) any {
		return settings(c, "monitoring", "Monitoring", onCustom, failing, "")
	}, func(d document) {
		d.has("[role=alert] .reason", "is not authorized to perform: sts:AssumeRole")
		d.has("dd", "1,280 events are waiting")
	}},
	{"monitoring empty", "monitoring", func(c *Console) any {
		return settings(c, "monitoring", "Monitoring", setting{}, DeliveryState{}, "")
	}, func(d document) { d.has("main", "Mail events are off: nothing is published.") }},
	{"edit empty", "edit", func(c *Console) any { return editExample(c, settingsForm{Default: true}) }, func(d document) {
		d.has("label[for=enabled]", "Enable mail events")
		d.has("label[for=default]", "Use default settings")
		d.has("label[for=authorize]", "I authorize Waybill to publish logs in my account using this configuration")
		d.has("label[for=group]", "Destination Log Group")
		d.has("label[for=role]", "IAM Role")
		d.has("form.settings button", "Save")
		if d.attr("#enabled", "role") != "switch" {
			d.t.Error("the slider is no switch")
		}
		d.hasNo("#enabled[checked], #authorize[checked]")
		d.attr("#default[checked]", "name")
	}},
	{"edit full", "edit", func(c *Console) any {
		return editExample(c, settingsForm{Enabled: true, Group: "arn:aws:logs:us-east-1:111122223333:log-group:workmail-monitoring", Role: "arn:aws:iam::111122223333:role/deleted-role"})
	}, func(d document) {
		d.has("#group option[selected]", "workmail-monitoring")
		d.has("#role option[selected]", "deleted-role")
		d.hasNo("#default[checked]")
	}},
	{"edit error", "edit", func(c *Console) any {
		v := editExample(c, settingsForm{Enabled: true, Role: serviceLinked})
		v.Problems = v.Form.problems(v.chrome)
		v.Alert = &failure{Heading: "Not saved", Message: "Please complete the form."}
		v.RolesAlert = &deniedText
		return v
	}, func(d document) {
		d.has("[role=alert]", "Not saved")
		d.has("#authorize-problem", "Nothing was saved")
		d.has("#group-hint .problem", "Choose a log group")
		d.has("#role-hint", "is not authorized")
		d.attr("#enabled[checked]", "id")
	}},
	{"messages empty", "messages", func(c *Console) any { return messagesExample(c, false) }, func(d document) {
		d.has(".empty", "No mail event yet.")
		d.has(".empty a", "Monitoring")
		d.hasNo("table")
	}},
	{"messages off", "messages", func(c *Console) any {
		v := messagesExample(c, false)
		v.Disabled = true
		return v
	}, func(d document) { d.has(".empty a", "Turn on mail events") }},
	{"messages full", "messages", func(c *Console) any { return messagesExample(c, true) }, func(d document) {
		d.has("td.event .name", "OUTGOING_EMAIL_DEFERRED")
		d.has("td.why", "Greylisted")
		d.has("td.why", "Spam check FAIL, SPF GRAY, DKIM FAIL")
		d.has("td.to", "2 more")
		d.has("td.subject", "<script>alert(1)</script>")
		d.has("td.event", "Not a mail event")
		d.has("[role=status]", "There are older ones.")
		d.has("a[rel=next]", "Older")
		if to := d.attr("tr:first-child td.time a", "href"); to != root+"organizations/"+testOrganization+"/messages/0f3a9c0e4b7d4c0f8a1e2d3c4b5a6978" {
			d.t.Errorf("the first row leads to %q", to)
		}
	}},
	{"messages error", "messages", func(c *Console) any {
		v := messagesExample(c, false)
		v.Query = query{Text: `{ $.x "`, Event: event.NameSent}
		v.EventNames = eventNames(v.chrome, event.NameSent)
		v.Alert = &failure{Status: 400, Heading: "The request was refused", Code: "InvalidParameterException", Message: "Invalid filter pattern"}
		return v
	}, func(d document) {
		if d.attr("#q", "value") != `{ $.x "` {
			d.t.Error("the search lost its input")
		}
		d.has("#event option[selected]", "Accepted by the destination")
		d.has("[role=alert]", "Invalid filter pattern")
		d.hasNo(".empty")
	}},
	{"messages no match", "messages", func(c *Console) any {
		v := messagesExample(c, false)
		v.Query = query{Text: "nobody@example.com"}
		v.Pattern = `"nobody@example.com"`
		return v
	}, func(d document) {
		d.has(".empty", "No event matches.")
		d.has(".filter code", `"nobody@example.com"`)
	}},
	{"audit full", "audit", func(c *Console) any { return auditExample(c) }, func(d document) {
		d.has("nav [aria-current]", "Audit")
		d.has("td", "alice IAMUser, 192.0.2.7")
		d.has("td", "mail/m-0a AssumedRole")
		d.has("td.code", "logs:FilterLogEvents")
		d.has(".tag.good", "Done")
		d.has(".tag.bad", "AccessDenied")
		d.has(".tag.bad", "Failed")
		d.has("td", `identity-based policy "group/dev/fence", statement 2 (Sid NoRoles)`)
		d.has("td", "Not an audit record")
		d.has("#outcome option[selected]", "Denied")
		d.has("a[rel=next]", "Older")
	}},
	{"audit empty", "audit", func(c *Console) any {
		return auditView{chrome: titled(testChrome(c, "none"), "Audit"), Refresh: root + "audit"}
	}, func(d document) { d.has(".empty", "No record yet in this Region.") }},
	{"audit denied", "audit", func(c *Console) any {
		return auditView{chrome: titled(testChrome(c, "none"), "Audit"), Refresh: root + "audit", Alert: &deniedText}
	}, func(d document) {
		d.has("[role=alert]", "is not authorized")
		d.hasNo("table")
	}},
	{"message full", "message", func(c *Console) any { return messageExample(c, dayOfMail()[:3]) }, func(d document) {
		d.has("h1", "Réservation de salle")
		d.has(".verdict.warn", "Deferred for orders@greylists.example since 2026-11-24 09:30 UTC because: 450 4.2.0")
		d.has(".recipients td .tag.good", "Sent")
		d.has(".timeline li:first-child", "OUTGOING_EMAIL_SUBMITTED")
		d.has(".timeline .after", "+ 1.0 s")
		d.has(".timeline details pre", `"eventName": "OUTGOING_EMAIL_SENT"`)
		d.has("dd", "Outgoing")
	}},
	{"message empty", "message", func(c *Console) any { return messageExample(c, dayOfMail()[5:6]) }, func(d document) {
		d.has("h1", "Message without a known subject")
		d.has(".verdict.bad", "Refused on arrival for alica@example.com")
	}},
	{"message error", "message", func(c *Console) any {
		v := messageExample(c, dayOfMail()[8:9])
		v.Incomplete = true
		v.Others = []choice{{Value: root + "organizations/x/messages/2a", Name: "2a"}}
		return v
	}, func(d document) {
		d.has("[role=alert]", "more events than one page can read")
		d.has(".tag.bad", "DKIM FAIL")
		d.has("dd a", "2a")
	}},
	{"error denied", "error", func(c *Console) any {
		return errorView{titled(testChrome(c, "none"), "Denied"), deniedText}
	}, func(d document) {
		d.has("h1", "You do not have permission")
		d.has("[role=alert]", "is not authorized to perform: workmail:PutEmailMonitoringConfiguration")
		d.has(".code", "AccessDeniedException")
	}},
	{"error denied by a statement", "error", func(c *Console) any {
		ch := titled(testChrome(c, "none"), "Denied")
		return errorView{ch, ch.explain(refused())}
	}, func(d document) {
		d.has("[role=alert]", "with an explicit deny in an identity-based policy")
		d.has(".refusal dd", "explicitDeny: an explicit deny in an identity-based policy forbids iam:ListRoles on arn:aws:iam::111122223333:role/")
		d.has(".refusal dd", `identity-based policy "group/dev/fence", statement 2 (Sid NoRoles)`)
	}},
}

// denier refuses everything by one statement.
type denier struct{}

func (denier) Authenticate(context.Context, string, string) (string, iam.Principal, error) {
	return "", iam.Principal{}, nil
}

func (denier) Authorize(_ context.Context, _ iam.Principal, action, resource string, _ policy.Context) (policy.Decision, error) {
	return policy.Decision{Effect: policy.ExplicitDeny, Source: policy.SourceIdentity, Policy: "fence", Owner: "group/dev", Sid: "NoRoles", Statement: 1,
		Reason: "an explicit deny in an identity-based policy forbids " + action + " on " + resource}, nil
}

func (denier) Record(context.Context, api.Record) {}

// refused is the error that the real door makes of a refusal.
func refused() error {
	registry, err := api.NewRegistry(iamapi.Operations(nil))
	if err != nil {
		return err
	}
	door, err := api.NewDoor(api.Config{Registry: registry, Authenticator: denier{}, Authorizer: denier{}, Auditor: denier{}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	_, err = api.Invoke[iamapi.ListRolesOutput](context.Background(), door, &api.Call{Caller: iam.Root("111122223333")}, "iam", "ListRoles", &iamapi.ListRolesInput{})
	return err
}

func signedOut(c *Console) chrome {
	ch := c.chromeFor(httptest.NewRequest("GET", root, nil), session{})
	ch.Title, ch.Token = "Sign in", "t"
	return ch
}

func TestViews(t *testing.T) {
	c := viewConsole(t)
	for _, e := range examples {
		t.Run(strings.ReplaceAll(e.name, " ", "-"), func(t *testing.T) {
			w := httptest.NewRecorder()
			if err := c.render(w, 200, e.page, e.view(c)); err != nil {
				t.Fatal(err)
			}
			d := parse(t, w.Body.String())
			d.checkSound()
			e.check(d)
		})
	}
}
