package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"waybill/internal/api"
	"waybill/internal/api/validate"
	"waybill/internal/api/wire"
	"waybill/internal/arn"
	"waybill/internal/awserr"
	"waybill/internal/iam"
	"waybill/internal/iam/policy"
	"waybill/internal/sigv4"
)

const account = "111122223333"

// The wire structs of the demo operations: enough of AWS's that its clients can
// tell right from wrong.
type (
	empty struct{}

	createLogGroupIn struct {
		LogGroupName *string           `json:"logGroupName"`
		Tags         map[string]string `json:"tags,omitempty"`
	}
	describeLogGroupsIn struct {
		Limit *int32 `json:"limit,omitempty"`
	}
	describeLogGroupsOut struct {
		LogGroups []demoGroup `json:"logGroups"`
	}
	demoGroup struct {
		LogGroupName string `json:"logGroupName"`
		CreationTime int64  `json:"creationTime"`
	}

	createRoleIn struct {
		RoleName                 string
		AssumeRolePolicyDocument string
		MaxSessionDuration       *int32
		Tags                     []demoTag
	}
	demoTag  struct{ Key, Value string }
	roleOut  struct{ Role demoRole }
	demoRole struct {
		Path, RoleName, RoleId, Arn string
		CreateDate                  time.Time
		AssumeRolePolicyDocument    *string
		MaxSessionDuration          *int32
		Tags                        []demoTag
	}
	getRoleIn    struct{ RoleName string }
	deleteRoleIn struct{ RoleName string }

	identityOut struct{ Account, Arn, UserId string }

	describeOrganizationIn  struct{ OrganizationId string }
	describeOrganizationOut struct {
		OrganizationId string
		Alias          string
		CompletedDate  *wire.EpochSeconds `json:",omitempty"`
	}
)

// demo is a door over demo operations, with a store of two log groups' worth.
type demo struct {
	door    *api.Door
	groups  []string // names made
	records []api.Record
	log     *bytes.Buffer
	now     time.Time
	mu      sync.Mutex // guards all above
	users   map[string]iam.Principal
	grants  map[string][]policy.Named // by user name
}

const (
	adminKey, adminSecret     = "AKIDADMIN", "admin-secret"
	readerKey, readerSecret   = "AKIDREADER", "reader-secret"
	serviceKey, serviceSecret = "AKIDSERVICE", "service-secret"
	sessionKey, sessionSecret = "ASIDSESSION", "session-secret"
	sessionToken              = "session-token"
)

func newDemo(t testing.TB) *demo {
	t.Helper()
	d := &demo{log: &bytes.Buffer{}}
	d.users = map[string]iam.Principal{
		adminKey:   {Type: iam.TypeUser, Account: account, Name: "admin", ARN: arn.IAM(account, "user", "/", "admin"), UserID: "AIDAADMIN"},
		readerKey:  {Type: iam.TypeUser, Account: account, Name: "reader", ARN: arn.IAM(account, "user", "/", "reader"), UserID: "AIDAREADER"},
		serviceKey: {Type: iam.TypeService, Name: "events.workmail.amazonaws.com", ARN: "events.workmail.amazonaws.com"},
		sessionKey: {Type: iam.TypeAssumedRole, Account: account, Name: "role", ARN: arn.AssumedRole(account, "role", "s"), SessionName: "s"},
	}
	d.grants = map[string][]policy.Named{
		"admin": {document(t, "admin", `{"Effect":"Allow","Action":"*","Resource":"*"}`)},
		"role":  {document(t, "role", `{"Effect":"Allow","Action":"*","Resource":"*"}`)},
		"reader": {document(t, "reader", `{"Effect":"Allow","Action":["logs:Describe*","sts:*"],"Resource":"*"},
			{"Effect":"Deny","Action":"iam:*","Resource":"*"}`)},
	}
	registry, err := api.NewRegistry(d.logs(), d.iam(), d.others())
	if err != nil {
		t.Fatal(err)
	}
	d.door, err = api.NewDoor(api.Config{Registry: registry, Authenticator: d, Authorizer: d, Auditor: d,
		Logger: slog.New(slog.NewJSONHandler(lockedWriter{d}, nil)), Now: d.clock})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func document(t testing.TB, name, statements string) policy.Named {
	t.Helper()
	doc, err := policy.Parse(policy.Identity, []byte(`{"Version":"2012-10-17","Statement":[`+statements+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	return policy.Named{Name: name, Document: doc}
}

type lockedWriter struct{ d *demo }

func (w lockedWriter) Write(p []byte) (int, error) {
	w.d.mu.Lock()
	defer w.d.mu.Unlock()
	return w.d.log.Write(p)
}

// clock is the real one unless a test sets another: real clients sign with theirs.
func (d *demo) clock() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.now.IsZero() {
		return time.Now()
	}
	return d.now
}

func (d *demo) serve(t testing.TB) string {
	s := httptest.NewServer(d.door)
	t.Cleanup(s.Close)
	return s.URL
}

// Authenticate implements api.Authenticator.
func (d *demo) Authenticate(_ context.Context, id, token string) (string, iam.Principal, error) {
	secrets := map[string]string{adminKey: adminSecret, readerKey: readerSecret, serviceKey: serviceSecret, sessionKey: sessionSecret}
	p, ok := d.users[id]
	switch {
	case !ok:
		return "", p, sigv4.UnknownKey()
	case id == sessionKey && token == "expired":
		return "", p, awserr.WithStatus(403, "ExpiredToken", "The security token included in the request is expired")
	case (id == sessionKey) != (token == sessionToken):
		return "", p, sigv4.UnknownKey()
	}
	return secrets[id], p, nil
}

// Authorize implements api.Authorizer.
func (d *demo) Authorize(_ context.Context, p iam.Principal, action, resource string, keys policy.Context) (policy.Decision, error) {
	for key := range keys {
		if key != strings.ToLower(key) {
			return policy.Decision{}, fmt.Errorf("condition key %q is not in lower case", key)
		}
	}
	if resource == "broken" {
		return policy.Decision{}, errors.New("the policies of alice@example.com cannot be read")
	}
	return policy.Evaluate(
		&policy.Request{Action: action, Resource: resource, Context: keys, Subject: policy.Subject{Account: p.Account, ARNs: []string{p.ARN}}},
		&policy.Set{Identity: d.grants[p.Name]}), nil
}

// Record implements api.Auditor.
func (d *demo) Record(ctx context.Context, r api.Record) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if ctx.Err() != nil {
		panic("audited with a context that has ended")
	}
	d.records = append(d.records, r)
}

func (d *demo) lastRecord(t testing.TB) api.Record {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.records) == 0 {
		t.Fatal("nothing was audited")
	}
	return d.records[len(d.records)-1]
}

func (d *demo) logText() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log.String()
}

func need(action, resource string) ([]api.Need, error) {
	return []api.Need{{Action: action, Resource: resource}}, nil
}

func (d *demo) logs() []api.Operation {
	create := api.Define("logs", "CreateLogGroup",
		func(c *api.Call, in *createLogGroupIn) ([]api.Need, error) {
			if in.LogGroupName == nil {
				return nil, validate.Missing("InvalidParameterException", "logGroupName")
			}
			return need("logs:CreateLogGroup", arn.LogGroup(c.Region, account, *in.LogGroupName))
		},
		func(_ context.Context, _ *api.Call, in *createLogGroupIn) (*empty, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			if slices.Contains(d.groups, *in.LogGroupName) {
				return nil, awserr.New("ResourceAlreadyExistsException", "The specified log group already exists")
			}
			d.groups = append(d.groups, *in.LogGroupName)
			return &empty{}, nil
		})
	describe := api.Define("logs", "DescribeLogGroups",
		func(*api.Call, *describeLogGroupsIn) ([]api.Need, error) { return need("logs:DescribeLogGroups", "*") },
		func(_ context.Context, _ *api.Call, in *describeLogGroupsIn) (*describeLogGroupsOut, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			out := &describeLogGroupsOut{LogGroups: []demoGroup{}}
			for _, name := range d.groups {
				out.LogGroups = append(out.LogGroups, demoGroup{name, 1700000000123})
			}
			return out, nil
		})
	list := api.Define("logs", "DescribeLogStreams",
		func(*api.Call, *createLogGroupIn) ([]api.Need, error) { return need("logs:DescribeLogStreams", "*") },
		func(context.Context, *api.Call, *createLogGroupIn) (*empty, error) {
			return nil, errors.New("read /data/streams of alice@example.com: disk on fire")
		})
	panics := api.Define("logs", "DeleteLogGroup",
		func(*api.Call, *createLogGroupIn) ([]api.Need, error) { return need("logs:DeleteLogGroup", "*") },
		func(context.Context, *api.Call, *createLogGroupIn) (*empty, error) { panic("lost") })
	broken := api.Define("logs", "PutRetentionPolicy",
		func(*api.Call, *createLogGroupIn) ([]api.Need, error) {
			return need("logs:PutRetentionPolicy", "broken")
		},
		func(context.Context, *api.Call, *createLogGroupIn) (*empty, error) { return &empty{}, nil })
	return []api.Operation{create, describe, list, panics, broken}
}

func (d *demo) iam() []api.Operation {
	date := time.Date(2026, 11, 24, 4, 5, 6, 0, time.UTC)
	create := api.Define("iam", "CreateRole",
		func(_ *api.Call, in *createRoleIn) ([]api.Need, error) {
			return need("iam:CreateRole", arn.IAM(account, "role", "/", in.RoleName))
		},
		func(_ context.Context, _ *api.Call, in *createRoleIn) (*roleOut, error) {
			return &roleOut{demoRole{Path: "/", RoleName: in.RoleName, RoleId: "AROAEXAMPLE", Arn: arn.IAM(account, "role", "/", in.RoleName),
				CreateDate: date, AssumeRolePolicyDocument: &in.AssumeRolePolicyDocument, MaxSessionDuration: in.MaxSessionDuration, Tags: in.Tags}}, nil
		})
	get := api.Define("iam", "GetRole",
		func(_ *api.Call, in *getRoleIn) ([]api.Need, error) {
			return need("iam:GetRole", arn.IAM(account, "role", "/", in.RoleName))
		},
		func(_ context.Context, _ *api.Call, in *getRoleIn) (*roleOut, error) {
			return nil, awserr.WithStatus(404, "NoSuchEntity", "The role with name %s cannot be found.", in.RoleName)
		})
	remove := api.Define("iam", "DeleteRole",
		func(_ *api.Call, in *deleteRoleIn) ([]api.Need, error) {
			return need("iam:DeleteRole", arn.IAM(account, "role", "/", in.RoleName))
		},
		func(context.Context, *api.Call, *deleteRoleIn) (*empty, error) { return &empty{}, nil })
	return []api.Operation{create, get, remove}
}

func (d *demo) others() []api.Operation {
	identity := api.Define("sts", "GetCallerIdentity",
		func(*api.Call, *empty) ([]api.Need, error) { return nil, nil },
		func(_ context.Context, c *api.Call, _ *empty) (*identityOut, error) {
			return &identityOut{c.Caller.Account, c.Caller.ARN, c.Caller.UserID}, nil
		})
	organization := api.Define("workmail", "DescribeOrganization",
		func(c *api.Call, in *describeOrganizationIn) ([]api.Need, error) {
			return need("workmail:DescribeOrganization", arn.Organization(c.Region, account, in.OrganizationId))
		},
		func(_ context.Context, _ *api.Call, in *describeOrganizationIn) (*describeOrganizationOut, error) {
			if !strings.HasSuffix(in.OrganizationId, "0") {
				return nil, awserr.New("OrganizationNotFoundException", "No organization %s", in.OrganizationId)
			}
			return &describeOrganizationOut{in.OrganizationId, "example", wire.Seconds(time.UnixMilli(1700000000123))}, nil
		})
	return []api.Operation{identity, organization}
}
