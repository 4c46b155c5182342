package api_test

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"waybill/internal/api"
	"waybill/internal/awserr"
	"waybill/internal/iam"
	"waybill/internal/iam/policy"
)

func noop(service, name string) api.Operation {
	return api.Define(service, name,
		func(*api.Call, *empty) ([]api.Need, error) { return nil, nil },
		func(context.Context, *api.Call, *empty) (*empty, error) { return &empty{}, nil })
}

func TestRegistry(t *testing.T) {
	r, err := api.NewRegistry([]api.Operation{noop("logs", "B"), noop("logs", "A")}, []api.Operation{noop("iam", "B")})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, op := range r.Operations() {
		names = append(names, op.Service+":"+op.Name)
	}
	if got := strings.Join(names, " "); got != "iam:B logs:A logs:B" {
		t.Errorf("operations %s", got)
	}
	if _, ok := r.Lookup("iam", "A"); ok {
		t.Error("found iam:A, which is of logs")
	}
	for _, bad := range []struct {
		group []api.Operation
		text  string
	}{
		{[]api.Operation{noop("logs", "A"), noop("logs", "A")}, "register operation logs:A: it is registered already"},
		{[]api.Operation{noop("", "A")}, "not made by Define"},
		{[]api.Operation{noop("logs", "")}, "not made by Define"},
		{[]api.Operation{{Service: "logs", Name: "A"}}, "not made by Define"},
	} {
		if _, err := api.NewRegistry(bad.group); err == nil || !strings.Contains(err.Error(), bad.text) {
			t.Errorf("error %v, want ...%s...", err, bad.text)
		}
	}
}

func TestNewDoorNeedsAllParts(t *testing.T) {
	d := newDemo(t)
	good := d.door.Config
	for _, spoil := range []func(*api.Config){
		func(c *api.Config) { c.Registry = nil },
		func(c *api.Config) { c.Authenticator = nil },
		func(c *api.Config) { c.Authorizer = nil },
		func(c *api.Config) { c.Auditor = nil },
		func(c *api.Config) { c.Logger = nil },
	} {
		c := good
		spoil(&c)
		if _, err := api.NewDoor(c); err == nil {
			t.Errorf("a door without a part: %+v", c)
		}
	}
}

func TestInvoke(t *testing.T) {
	d := newDemo(t)
	ctx := context.Background()
	admin := &api.Call{Caller: d.users[adminKey], Region: "us-east-1"}
	name := "g"
	if _, err := api.Invoke[empty](ctx, d.door, admin, "logs", "CreateLogGroup", &createLogGroupIn{LogGroupName: &name}); err != nil {
		t.Fatal(err)
	}
	r := d.lastRecord(t)
	if r.Operation != "CreateLogGroup" || !uuid.MatchString(r.Call.RequestID) || r.Call.Time.IsZero() || len(r.Needs) != 1 {
		t.Errorf("audited %+v", r)
	}
	if admin.RequestID != "" {
		t.Error("the caller's own Call was changed")
	}
	out, err := api.Invoke[describeLogGroupsOut](ctx, d.door, admin, "logs", "DescribeLogGroups", &describeLogGroupsIn{})
	if err != nil || len(out.LogGroups) != 1 {
		t.Errorf("%+v, error %v", out, err)
	}
	_, err = api.Invoke[empty](ctx, d.door, admin, "logs", "CreateLogGroup", &createLogGroupIn{LogGroupName: &name})
	if !awserr.HasCode(err, "ResourceAlreadyExistsException") {
		t.Errorf("error %v", err)
	}
}

func TestInvokeRefuses(t *testing.T) {
	d := newDemo(t)
	ctx := context.Background()
	name := "g"
	reader := &api.Call{Caller: d.users[readerKey], Region: "us-east-1"}
	_, err := api.Invoke[empty](ctx, d.door, reader, "logs", "CreateLogGroup", &createLogGroupIn{LogGroupName: &name})
	if !api.IsAccessDenied(err) || len(d.groups) != 0 {
		t.Errorf("error %v, groups %v", err, d.groups)
	}
	if r := d.lastRecord(t); r.ErrorCode != api.CodeAccessDenied {
		t.Errorf("audited %+v", r)
	}
	_, err = api.Invoke[empty](ctx, d.door, &api.Call{}, "logs", "CreateLogGroup", &createLogGroupIn{LogGroupName: &name})
	if !api.IsAccessDenied(err) {
		t.Errorf("nobody: error %v", err)
	}
	admin := &api.Call{Caller: d.users[adminKey]}
	for _, in := range []any{createLogGroupIn{}, &empty{}, (*createLogGroupIn)(nil), nil} {
		if _, err := api.Invoke[empty](ctx, d.door, admin, "logs", "CreateLogGroup", in); err == nil || api.IsAccessDenied(err) {
			t.Errorf("input %T: error %v", in, err)
		}
	}
	if _, err := api.Invoke[empty](ctx, d.door, admin, "logs", "Nothing", &empty{}); err == nil {
		t.Error("an operation that is not there was invoked")
	}
	if _, err := api.Invoke[identityOut](ctx, d.door, admin, "logs", "DescribeLogGroups", &describeLogGroupsIn{}); err == nil {
		t.Error("a result of another type was handed out")
	}
	_, err = api.Invoke[empty](ctx, d.door, admin, "logs", "DeleteLogGroup", &createLogGroupIn{})
	if !awserr.HasCode(err, api.CodeInternal) || !strings.Contains(d.logText(), "panicked: lost") {
		t.Errorf("error %v, log %s", err, d.logText())
	}
}

// keysOf is an Authorizer that keeps what it was asked.
type keysOf struct{ keys policy.Context }

func (k *keysOf) Authorize(_ context.Context, _ iam.Principal, _, _ string, keys policy.Context) (policy.Decision, error) {
	k.keys = keys
	return policy.Decision{Effect: policy.Allow}, nil
}

func TestConditionKeys(t *testing.T) {
	op := api.Define("iam", "PassRole",
		func(*api.Call, *empty) ([]api.Need, error) {
			return []api.Need{{Action: "iam:PassRole", Resource: "*", Context: map[string][]string{
				"iam:PassedToService": {"events.workmail.amazonaws.com"}, "aws:SourceIp": {"192.0.2.99"}, "aws:SourceArn": {"forged"}, "aws:UserAgent": {"forged"}}}}, nil
		},
		func(context.Context, *api.Call, *empty) (*empty, error) { return nil, nil })
	registry, err := api.NewRegistry([]api.Operation{op})
	if err != nil {
		t.Fatal(err)
	}
	asked := &keysOf{}
	d := newDemo(t)
	door, err := api.NewDoor(api.Config{Registry: registry, Authenticator: d, Authorizer: asked, Auditor: d, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 24, 5, 5, 6, 0, time.FixedZone("", 3600))
	call := &api.Call{Caller: d.users[adminKey], Region: "eu-west-1", Time: at, Secure: true, Source: netip.MustParseAddr("::ffff:192.0.2.1"), UserAgent: "aws-cli"}
	if _, err := api.Invoke[empty](context.Background(), door, call, "iam", "PassRole", &empty{}); err != nil {
		t.Fatal(err)
	}
	want := policy.Context{
		"iam:passedtoservice": {"events.workmail.amazonaws.com"}, "aws:sourceip": {"192.0.2.1"}, "aws:securetransport": {"true"},
		"aws:currenttime": {"2026-11-24T04:05:06Z"}, "aws:epochtime": {"1795493106"}, "aws:requestedregion": {"us-east-1"}, "aws:useragent": {"aws-cli"},
		"aws:viaawsservice": {"false"},
	}
	if !reflect.DeepEqual(asked.keys, want) {
		t.Errorf("keys %v\nwant %v", asked.keys, want)
	}

	// What is not known is absent; a service principal says for whom it acts.
	service := d.users[serviceKey]
	service.SourceARN, service.SourceAccount = "arn:aws:workmail:us-east-1:111122223333:organization/m-0", account
	call = &api.Call{Caller: service, Time: at}
	if _, err := api.Invoke[empty](context.Background(), door, call, "iam", "PassRole", &empty{}); err != nil {
		t.Fatal(err)
	}
	want = policy.Context{
		"iam:passedtoservice": {"events.workmail.amazonaws.com"}, "aws:securetransport": {"false"}, "aws:currenttime": {"2026-11-24T04:05:06Z"},
		"aws:epochtime": {"1795493106"}, "aws:sourcearn": {service.SourceARN}, "aws:sourceaccount": {account},
		"aws:viaawsservice": {"false"}, "aws:requestedregion": {"us-east-1"},
	}
	if !reflect.DeepEqual(asked.keys, want) {
		t.Errorf("keys %v\nwant %v", asked.keys, want)
	}
}

// The texts are AWS's for each kind of policy, as the real evaluation words its reasons.
func TestDenialTexts(t *testing.T) {
	allow := `{"Effect":"Allow","Action":"*","Resource":"*"}`
	deny := `{"Effect":"Deny","Action":"*","Resource":"*"}`
	set := func(s policy.Set) policy.Set { return s }
	named := func(statement string) []policy.Named { return []policy.Named{document(t, "p", statement)} }
	resource := func(statement string) []policy.Named {
		doc, err := policy.Parse(policy.Resource, []byte(`{"Version":"2012-10-17","Statement":[`+statement+`]}`))
		if err != nil {
			t.Fatal(err)
		}
		return []policy.Named{{Name: "r", Document: doc}}
	}
	const head = "User: arn:aws:iam::111122223333:user/admin is not authorized to perform: logs:CreateLogGroup on resource: arn:aws:logs:us-east-1:111122223333:log-group:g"
	for _, c := range []struct {
		name string
		set  policy.Set
		text string
	}{
		{"nothing", set(policy.Set{}), " because no identity-based policy allows the logs:CreateLogGroup action"},
		{"deny", set(policy.Set{Identity: named(allow + "," + deny)}), " with an explicit deny in an identity-based policy"},
		{"boundary", set(policy.Set{Identity: named(allow), HasBoundary: true}), " because no permissions boundary allows the logs:CreateLogGroup action"},
		{"boundary deny", set(policy.Set{Identity: named(allow), HasBoundary: true, Boundary: named(deny)}), " with an explicit deny in a permissions boundary"},
		{"session", set(policy.Set{Identity: named(allow), HasSession: true}), " because no session policy allows the logs:CreateLogGroup action"},
		{"session deny", set(policy.Set{Identity: named(allow), HasSession: true, Session: named(deny)}), " with an explicit deny in a session policy"},
		{"resource deny", set(policy.Set{Identity: named(allow), Resource: resource(`{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}`)}),
			" with an explicit deny in a resource-based policy"},
		{"other account", set(policy.Set{Identity: named(allow), ResourceAccount: "444455556666"}), " because no resource-based policy allows the logs:CreateLogGroup action"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDemo(t)
			c := c
			config := d.door.Config
			config.Authorizer = fixed{&c.set}
			door, err := api.NewDoor(config)
			if err != nil {
				t.Fatal(err)
			}
			name := "g"
			_, err = api.Invoke[empty](context.Background(), door, &api.Call{Caller: d.users[adminKey], Region: "us-east-1"}, "logs", "CreateLogGroup", &createLogGroupIn{LogGroupName: &name})
			var e *awserr.Error
			if !errors.As(err, &e) || e.Code != "AccessDenied" || e.Status != 403 || e.Message != head+c.text {
				t.Errorf("error %v\nwant %s", err, head+c.text)
			}
		})
	}
}

// fixed is an Authorizer over one set of policies.
type fixed struct{ set *policy.Set }

func (f fixed) Authorize(_ context.Context, p iam.Principal, action, resource string, keys policy.Context) (policy.Decision, error) {
	return policy.Evaluate(&policy.Request{Action: action, Resource: resource, Context: keys,
		Subject: policy.Subject{Account: p.Account, ARNs: []string{p.ARN}}}, f.set), nil
}
