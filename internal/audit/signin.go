package audit

import (
	"context"

	"waybill/internal/api"
	"waybill/internal/logs"
)

// SignIn is one attempt to sign in to the console.
type SignIn struct {
	// Call says from where and when; its Caller is set if the attempt succeeded.
	Call api.Call
	// Account and User are what was typed.
	Account, User string
	// Failure says why it failed; empty for success.
	Failure string
}

// SignedIn records a sign-in as CloudTrail does (CloudTrail User Guide, "AWS
// Management Console sign-in events"). A user name that nobody has is hidden: it
// may be a password in the wrong field.
func (t *Trail) SignedIn(ctx context.Context, s SignIn) {
	c := &s.Call
	if s.Failure != "" && !t.limit.allow() {
		t.suppressed.Add(1)
		return
	}
	named, err := t.cfg.Accounts.ResolveAccount(ctx, s.Account)
	account := named
	if err != nil || !t.exists(ctx, named) {
		account = t.cfg.Account
	}
	region := t.region(c.Region)
	o := &object{}
	o.open("", '{')
	o.text("eventVersion", eventVersion)
	if s.Failure == "" {
		identity(o, &c.Caller)
	} else {
		t.attempted(ctx, o, &s, named, account)
	}
	o.time("eventTime", c.Time)
	o.text("eventSource", "signin.amazonaws.com")
	o.text("eventName", "ConsoleLogin")
	o.text("awsRegion", region)
	o.text("sourceIPAddress", source(c))
	o.text("userAgent", short(c.UserAgent))
	o.text("errorMessage", s.Failure)
	o.null("requestParameters")
	o.open("responseElements", '{')
	if s.Failure == "" {
		o.text("ConsoleLogin", "Success")
	} else {
		o.text("ConsoleLogin", "Failure")
	}
	o.close('}')
	o.open("additionalEventData", '{')
	o.text("MFAUsed", "No")
	o.close('}')
	o.text("requestID", c.RequestID)
	o.text("eventID", api.NewRequestID())
	o.boolean("readOnly", false)
	o.text("eventType", "AwsConsoleSignIn")
	o.boolean("managementEvent", true)
	o.text("recipientAccountId", account)
	o.text("eventCategory", "Management")
	o.close('}')
	t.add(logs.Scope{Account: account, Region: region}, c.Time, string(o.b))
}

// attempted writes whom somebody claimed to be.
func (t *Trail) attempted(ctx context.Context, o *object, s *SignIn, named, account string) {
	o.open("userIdentity", '{')
	o.text("type", "IAMUser")
	if u, err := t.cfg.Accounts.User(ctx, named, s.User); err == nil {
		o.text("principalId", u.ID)
		o.text("userName", u.Name)
	} else {
		o.text("userName", "HIDDEN_DUE_TO_SECURITY_REASONS")
	}
	o.text("accountId", account)
	o.close('}')
}
