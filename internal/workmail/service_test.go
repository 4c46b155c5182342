package workmail_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"waybill/internal/awserr"
	"waybill/internal/iam"
	"waybill/internal/iam/policy"
	"waybill/internal/store"
	"waybill/internal/workmail"
)

const (
	account = "111122223333"
	region  = "us-east-1"
	role    = "arn:aws:iam::111122223333:role/workmail-monitoring-role"
	group   = "arn:aws:logs:us-east-1:111122223333:log-group:workmail-monitoring:*"
)

// roles is one role with a trust and a permission policy, decided by the real evaluation.
type roles struct {
	trust, permissions string
}

func (r *roles) EvaluateTrust(_ context.Context, arn string, p iam.Principal) (policy.Decision, error) {
	if arn != role && !strings.Contains(arn, "AWSServiceRole") {
		return policy.Decision{}, awserr.WithStatus(404, "NoSuchEntity", "no role %s", arn)
	}
	doc, err := policy.Parse(policy.Trust, []byte(r.trust))
	if err != nil {
		return policy.Decision{}, err
	}
	req := policy.Request{Action: "sts:AssumeRole", Resource: arn, Subject: policy.Subject{Service: p.Name},
		Context: policy.Context{"aws:sourcearn": {p.SourceARN}, "aws:sourceaccount": {p.SourceAccount}}}
	set := policy.Set{Resource: []policy.Named{{Name: "trust", Document: doc}}, ResourceRequired: true, ResourceAccount: account}
	return policy.Evaluate(&req, &set), nil
}

func (r *roles) EvaluateRole(_ context.Context, arn, action, resource string, context policy.Context) (policy.Decision, error) {
	doc, err := policy.Parse(policy.Identity, []byte(r.permissions))
	if err != nil {
		return policy.Decision{}, err
	}
	req := policy.Request{Action: action, Resource: resource, Subject: policy.Subject{Account: account, ARNs: []string{arn}}, Context: context}
	return policy.Evaluate(&req, &policy.Set{Identity: []policy.Named{{Name: "p", Document: doc}}}), nil
}

func (r *roles) EnsureServiceLinkedRole(context.Context, string, string) (string, error) {
	return "arn:aws:iam::111122223333:role/aws-service-role/events.workmail.amazonaws.com/AWSServiceRoleForAmazonWorkMailEvents", nil
}

type groups map[string]bool

func (g groups) GroupExists(_ context.Context, account, region, name string) (bool, error) {
	return g[account+"/"+region+"/"+name], nil
}

const (
	trustAll  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.workmail.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	allowBoth = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":"arn:aws:logs:us-east-1:111122223333:log-group:workmail-monitoring*"}]}`
)

type fixture struct {
	*workmail.Service
	roles   *roles
	changed []string
}

func newService(t *testing.T) *fixture {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "meta.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	f := &fixture{roles: &roles{trust: trustAll, permissions: allowBoth}}
	f.Service = workmail.New(workmail.Config{
		DB: db, Roles: f.roles, Groups: groups{account + "/" + region + "/workmail-monitoring": true, "444455556666/" + region + "/there": true},
		Now: time.Now, Logger: slog.New(slog.DiscardHandler), OnMonitoringChange: func(id string) { f.changed = append(f.changed, id) },
	})
	return f
}

func (f *fixture) create(t *testing.T, alias string, domains ...string) workmail.Organization {
	t.Helper()
	org, err := f.Create(t.Context(), workmail.NewOrganization{Account: account, Region: region, Alias: alias, Domains: domains})
	if err != nil {
		t.Fatal(err)
	}
	return org
}

func wantCode(t *testing.T, err error, code, text string) {
	t.Helper()
	var e *awserr.Error
	if !errors.As(err, &e) || e.Code != code || !strings.Contains(e.Message, text) {
		t.Errorf("error %v, want %s with %q", err, code, text)
	}
}

func TestOrganizations(t *testing.T) {
	s := newService(t)
	org := s.create(t, "example", "example.com", "Example.ORG")
	if org.DefaultDomain != "example.com" {
		t.Errorf("default domain %q", org.DefaultDomain)
	}
	got, err := s.Describe(t.Context(), account, region, org.ID)
	if err != nil || got != org {
		t.Errorf("Describe = %+v, %v, want %+v", got, err, org)
	}
	_, err = s.Describe(t.Context(), account, "eu-west-1", org.ID)
	wantCode(t, err, "OrganizationNotFoundException", org.ID)
	_, err = s.Describe(t.Context(), account, region, "example")
	wantCode(t, err, "InvalidParameterException", "organizationId")
	_, err = s.Create(t.Context(), workmail.NewOrganization{Account: account, Region: region, Alias: "example"})
	wantCode(t, err, "NameAvailabilityException", "example")
	_, err = s.Create(t.Context(), workmail.NewOrganization{Account: account, Region: region, Alias: "Ex ample"})
	wantCode(t, err, "InvalidParameterException", "alias")
	_, err = s.Create(t.Context(), workmail.NewOrganization{Account: account, Region: region, Alias: "other", Domains: []string{"example.com"}})
	wantCode(t, err, "MailDomainInUseException", "example.com")
	if _, err := s.ByAlias(t.Context(), account, region, "other"); err == nil {
		t.Error("a failed Create left an organization behind")
	}
}

func TestCreateIsIdempotentByToken(t *testing.T) {
	s := newService(t)
	in := workmail.NewOrganization{Account: account, Region: region, Alias: "example", ClientToken: "once"}
	first, err := s.Create(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Create(t.Context(), in)
	if err != nil || again.ID != first.ID {
		t.Errorf("again %+v, %v; first %+v", again, err, first)
	}
}

func TestListPages(t *testing.T) {
	s := newService(t)
	want := map[string]bool{}
	for _, alias := range []string{"a", "b", "c", "d", "e"} {
		want[s.create(t, alias).ID] = true
	}
	after := ""
	for {
		page, more, err := s.List(t.Context(), account, region, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page {
			if !want[o.ID] {
				t.Errorf("%s came twice or was not made", o.ID)
			}
			delete(want, o.ID)
			after = o.ID
		}
		if !more {
			break
		}
	}
	if len(want) != 0 {
		t.Errorf("%d organizations were not listed", len(want))
	}
}

func TestDomains(t *testing.T) {
	s := newService(t)
	org := s.create(t, "example", "example.com")
	for range 2 { // again changes nothing
		if err := s.RegisterDomain(t.Context(), account, region, org.ID, "Example.NET"); err != nil {
			t.Fatal(err)
		}
	}
	list, more, err := s.Domains(t.Context(), account, region, org.ID, "", 10)
	if err != nil || more || len(list) != 2 || list[0] != (workmail.Domain{Name: "example.com", Default: true}) || list[1] != (workmail.Domain{Name: "example.net"}) {
		t.Errorf("Domains = %v, %v, %v", list, more, err)
	}
	wantCode(t, s.RegisterDomain(t.Context(), account, region, org.ID, "no domain"), "InvalidParameterException", "domainName")
	wantCode(t, s.DeregisterDomain(t.Context(), account, region, org.ID, "example.com"), "MailDomainInUseException", "default")
	for _, d := range []string{"EXAMPLE.net", "example.com"} {
		if err := s.DeregisterDomain(t.Context(), account, region, org.ID, d); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMonitoringIsRefusedWithTheReason(t *testing.T) {
	const noTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	const otherOrganization = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.workmail.amazonaws.com"},"Action":"sts:AssumeRole",
		"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:workmail:*:444455556666:organization/*"}}}]}`
	const createOnly = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:CreateLogStream","Resource":"*"}]}`
	for _, c := range []struct {
		name, group, role, trust, permissions, code, text string
	}{
		{name: "group without star", group: strings.TrimSuffix(group, ":*"), code: "InvalidParameterException", text: "LogGroupArn"},
		{name: "no ARN", group: "workmail-monitoring", code: "InvalidParameterException", text: "LogGroupArn"},
		{name: "another Region", group: strings.Replace(group, "us-east-1", "eu-west-1", 1), code: "InvalidParameterException", text: "must be in the organization's Region"},
		{name: "no such group", group: strings.Replace(group, "monitoring", "nothing", 1), code: "ResourceNotFoundException", text: "workmail-nothing does not exist"},
		{name: "role is no ARN", role: "workmail-monitoring-role", code: "InvalidParameterException", text: "RoleArn"},
		{name: "no such role", role: role + "2", code: "InvalidParameterException", text: "does not exist"},
		{name: "not trusted", trust: noTrust, code: "InvalidParameterException", text: "cannot be assumed by events.workmail.amazonaws.com"},
		{name: "another organization trusted", trust: otherOrganization, code: "InvalidParameterException", text: "cannot be assumed"},
		{name: "not allowed to put", permissions: createOnly, code: "InvalidParameterException", text: "does not allow logs:PutLogEvents"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newService(t)
			org := s.create(t, "example")
			s.roles.trust, s.roles.permissions = or(c.trust, trustAll), or(c.permissions, allowBoth)
			wantCode(t, s.PutMonitoring(t.Context(), account, region, org.ID, or(c.group, group), or(c.role, role)), c.code, c.text)
			if _, on, err := s.Monitoring(t.Context(), org.ID); on || err != nil {
				t.Errorf("a refused configuration is on: %v, %v", on, err)
			}
		})
	}
}

// Another account's group is refused, whether it is there or not.
func TestAnotherAccountsGroup(t *testing.T) {
	f := newService(t)
	id := f.create(t, "example").ID
	for _, name := range []string{"there", "missing"} {
		for _, role := range []string{role, ""} {
			err := f.PutMonitoring(t.Context(), account, region, id, "arn:aws:logs:us-east-1:444455556666:log-group:"+name+":*", role)
			wantCode(t, err, "InvalidParameterException", "The log group is in account 444455556666 and the role in account 111122223333")
		}
	}
}

func TestMonitoringOnAndOff(t *testing.T) {
	s := newService(t)
	org := s.create(t, "example")
	_, err := s.DescribeMonitoring(t.Context(), account, region, org.ID)
	wantCode(t, err, "ResourceNotFoundException", org.ID)
	s.roles.trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.workmail.amazonaws.com"},"Action":"sts:AssumeRole",
		"Condition":{"ArnEquals":{"aws:SourceArn":"` + org.ARN() + `"},"StringEquals":{"aws:SourceAccount":"` + account + `"}}}]}`
	if err := s.PutMonitoring(t.Context(), account, region, org.ID, group, role); err != nil {
		t.Fatal(err)
	}
	m, err := s.DescribeMonitoring(t.Context(), account, region, org.ID)
	if err != nil || m.LogGroupARN != group || m.RoleARN != role {
		t.Errorf("configuration %+v, %v", m, err)
	}
	if using, err := s.UsingRole(t.Context(), role); err != nil || len(using) != 1 || using[0].ID != org.ID {
		t.Errorf("UsingRole = %v, %v", using, err)
	}
	for range 2 { // off twice is off
		if err := s.DeleteMonitoring(t.Context(), account, region, org.ID); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.changed) != 3 {
		t.Errorf("%d changes were told, want one for each call", len(s.changed))
	}
}

func TestDeletingAnOrganizationTurnsItOff(t *testing.T) {
	s := newService(t)
	org := s.create(t, "example", "example.com")
	if err := s.PutMonitoring(t.Context(), account, region, org.ID, group, role); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), account, region, org.ID); err != nil {
		t.Fatal(err)
	}
	if _, on, err := s.Monitoring(t.Context(), org.ID); on || err != nil {
		t.Errorf("still on: %v, %v", on, err)
	}
	s.create(t, "example", "example.com") // the names are free again
}

func TestAnEmptyRoleIsTheServiceLinkedRole(t *testing.T) {
	s := newService(t)
	org := s.create(t, "example")
	s.roles.permissions = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}`
	if err := s.PutMonitoring(t.Context(), account, region, org.ID, group, ""); err != nil {
		t.Fatal(err)
	}
	m, _, err := s.Monitoring(t.Context(), org.ID)
	if err != nil || !strings.HasSuffix(m.RoleARN, "/AWSServiceRoleForAmazonWorkMailEvents") {
		t.Errorf("role %q, %v", m.RoleARN, err)
	}
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
