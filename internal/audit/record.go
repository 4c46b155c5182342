package audit

import (
	"strings"

	"waybill/internal/api"
	"waybill/internal/arn"
	"waybill/internal/iam"
	"waybill/internal/iam/policy"
)

// encode returns the record of a call for the account that receives it.
func encode(r *api.Record, recipient, region, eventID, sharedID string) string {
	c := &r.Call
	o := &object{b: make([]byte, 0, 1536)}
	o.open("", '{')
	o.text("eventVersion", eventVersion)
	identity(o, &c.Caller)
	o.time("eventTime", c.Time)
	o.text("eventSource", r.Service+".amazonaws.com")
	o.text("eventName", r.Operation)
	o.text("awsRegion", region)
	o.text("sourceIPAddress", source(c))
	o.text("userAgent", short(c.UserAgent))
	o.text("errorCode", r.ErrorCode)
	o.text("errorMessage", errorMessage(r))
	members(o, "requestParameters", r.Input)
	if r.ErrorCode != "" || isReadOnly(r.Operation) && !answers(r.Operation) {
		o.null("responseElements")
	} else {
		members(o, "responseElements", r.Output)
	}
	decided(o, r, recipient)
	o.text("requestID", c.RequestID)
	o.text("eventID", eventID)
	o.boolean("readOnly", isReadOnly(r.Operation))
	resources(o, r.Needs)
	o.text("eventType", "AwsApiCall")
	o.boolean("managementEvent", r.Operation != "PutLogEvents")
	o.text("recipientAccountId", recipient)
	o.text("sharedEventID", sharedID)
	category := "Management"
	if r.Operation == "PutLogEvents" {
		category = "Data"
	}
	o.text("eventCategory", category)
	o.close('}')
	return string(o.b)
}

// source is the caller's address; calls from within have none.
func source(c *api.Call) string {
	if !c.Source.IsValid() {
		return "AWS Internal"
	}
	return c.Source.WithZone("").String()
}

// decided writes the decision and the statement it rests on, and what Waybill
// warned of. A caller of another account learns nothing of the policies that
// decided, so neither does its trail.
func decided(o *object, r *api.Record, recipient string) {
	d := r.Decision
	decided := d.Reason != "" // else refused before anything was decided
	if !decided && len(r.Call.Warnings) == 0 {
		return
	}
	if d.Foreign && recipient == r.Call.Caller.Account {
		d = d.ForCaller()
	}
	o.open("additionalEventData", '{')
	if decided {
		decision(o, &d)
	}
	if len(r.Call.Warnings) > 0 {
		o.open("warnings", '[')
		for _, w := range r.Call.Warnings[:min(len(r.Call.Warnings), maxList)] {
			o.element(cut(w, 1024))
		}
		o.close(']')
	}
	o.close('}')
}

func decision(o *object, d *policy.Decision) {
	o.text("decision", d.Effect.String())
	o.text("reason", cut(d.Reason, 2048))
	if d.Named() {
		o.open("statement", '{')
		o.text("policy", d.Policy)
		o.text("policyArn", d.ARN)
		o.text("owner", d.Owner)
		o.text("kind", d.Source.String())
		o.text("sid", d.Sid)
		o.number("index", int64(d.Statement))
		o.close('}')
	} else if d.Source != policy.SourceNone {
		o.text("kind", d.Source.String())
	}
}

// resources writes what the permissions were asked on, each once.
func resources(o *object, needs []api.Need) {
	seen := make([]string, 0, 4)
	for _, n := range needs {
		if n.Resource == "*" || len(seen) == maxList || contains(seen, n.Resource) {
			continue
		}
		if len(seen) == 0 {
			o.open("resources", '[')
		}
		seen = append(seen, n.Resource)
		o.open("", '{')
		o.text("ARN", n.Resource)
		if a, err := arn.Parse(n.Resource); err == nil {
			o.text("accountId", a.Account)
			o.text("type", typeOf(a))
		}
		o.close('}')
	}
	if len(seen) > 0 {
		o.close(']')
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// typeOf is the resource's type as CloudFormation names it.
func typeOf(a arn.ARN) string {
	kind, _, _ := strings.Cut(a.Resource, "/")
	switch {
	case a.Service == "logs":
		if strings.Contains(a.Resource, ":log-stream:") {
			return "AWS::Logs::LogStream"
		}
		return "AWS::Logs::LogGroup"
	case a.Service == "iam" && kind == "role":
		return "AWS::IAM::Role"
	case a.Service == "iam" && kind == "user":
		return "AWS::IAM::User"
	case a.Service == "iam" && kind == "group":
		return "AWS::IAM::Group"
	case a.Service == "iam" && kind == "policy":
		return "AWS::IAM::ManagedPolicy"
	case a.Service == "iam" && kind == "oidc-provider":
		return "AWS::IAM::OIDCProvider"
	case a.Service == "workmail":
		return "AWS::WorkMail::Organization"
	}
	return ""
}

// readOnly are the beginnings of the names of operations that change nothing.
// Making a session counts as such, as in CloudTrail.
var readOnly = []string{"Get", "List", "Describe", "Filter", "Simulate", "Test", "AssumeRole", "StartQuery", "StopQuery", "StartLiveTail", "Generate"}

func isReadOnly(operation string) bool {
	for _, p := range readOnly {
		if strings.HasPrefix(operation, p) {
			return true
		}
	}
	return false
}

// answers reports whether the record of an operation that changes nothing has its
// answer all the same: because credentials' access key id joins the records of the
// session to this one, and the id of a query those of who stopped and read it.
// CloudTrail has the answers of the same (CloudWatch Logs user guide, "CloudWatch
// Logs information in CloudTrail").
func answers(operation string) bool {
	switch operation {
	case "GetSessionToken", "StartQuery", "StopQuery":
		return true
	}
	return strings.HasPrefix(operation, "AssumeRole")
}

// speaking are the errors whose texts name entities and permissions only. The
// texts of others may repeat what the caller sent.
var speaking = set(`accessdenied nosuchentity entityalreadyexists deleteconflict limitexceeded unmodifiableentity
	resourcenotfoundexception resourcealreadyexistsexception organizationnotfoundexception
	invalidclienttokenid expiredtoken expiredtokenexception missingauthenticationtoken signaturedoesnotmatch incompletesignature invalididentitytoken
	idpcommunicationerror idprejectedclaim`)

func errorMessage(r *api.Record) string {
	if !speaking[strings.ToLower(r.ErrorCode)] {
		return ""
	}
	first, _, _ := strings.Cut(r.ErrorMessage, "\n") // a wrong signature's text goes on with the request
	return cut(first, 1024)
}

// stranger reports whether nobody is known to have called.
func stranger(p *iam.Principal) bool { return p.Type == "" }
