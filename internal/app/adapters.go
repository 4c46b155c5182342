package app

import (
	"context"
	"slices"

	"waybill/internal/api"
	"waybill/internal/audit"
	"waybill/internal/awserr"
	"waybill/internal/console"
	"waybill/internal/iam"
	"waybill/internal/iam/policy"
	"waybill/internal/publish"
	"waybill/internal/workmail"
)

// roles is iam as workmail needs it.
type roles struct{ *iam.Service }

// EnsureServiceLinkedRole implements workmail.Roles.
func (r roles) EnsureServiceLinkedRole(ctx context.Context, account, service string) (string, error) {
	_, err := r.CreateServiceLinkedRole(ctx, account, service, "", "")
	if err != nil && !awserr.HasCode(err, iam.CodeInvalidInput) {
		return "", err
	}
	role, ok := iam.LinkedRoleARN(account, service)
	if !ok {
		return "", err
	}
	return role, nil
}

// groups is logs as workmail needs it; logs is opened after workmail.
type groups struct{ s *Server }

// GroupExists implements workmail.Groups.
func (g groups) GroupExists(ctx context.Context, account, region, name string) (bool, error) {
	return g.s.logs.GroupExists(ctx, account, region, name)
}

// linkedRoleUses names the organizations that publish under an account's
// service-linked role, by Region.
func (s *Server) linkedRoleUses(ctx context.Context, account string) ([]iam.RoleUsage, error) {
	role, _ := iam.LinkedRoleARN(account, workmail.ServicePrincipal)
	using, err := s.workmail.UsingRole(ctx, role)
	if err != nil {
		return nil, err
	}
	var list []iam.RoleUsage
	for _, org := range using { // ordered by Region
		if n := len(list); n == 0 || list[n-1].Region != org.Region {
			list = append(list, iam.RoleUsage{Region: org.Region})
		}
		last := &list[len(list)-1]
		last.Resources = append(last.Resources, org.ARN()+" ("+org.Alias+")")
	}
	return list, nil
}

// targets is workmail as publish needs it.
type targets struct{ *workmail.Service }

// Target implements publish.Targets.
func (t targets) Target(ctx context.Context, organization string) (publish.Target, bool, error) {
	m, on, err := t.Monitoring(ctx, organization)
	if err != nil || !on {
		return publish.Target{}, false, err
	}
	org, err := t.ByID(ctx, organization)
	if err != nil {
		return publish.Target{}, false, err
	}
	return publish.Target{
		LogGroupARN: m.LogGroupARN, Region: org.Region, RoleARN: m.RoleARN, OrganizationARN: org.ARN(), Account: org.Account,
	}, true, nil
}

// monitoringChanged passes a change of settings on to the publisher.
func (s *Server) monitoringChanged(organization string) {
	if s.publisher != nil {
		s.publisher.SettingsChanged(organization)
	}
}

// deliveries is publish as the console needs it.
type deliveries struct{ s *Server }

// Delivery implements console.Deliveries.
func (d deliveries) Delivery(ctx context.Context, organization string) (console.DeliveryState, error) {
	st, err := d.s.publisher.Status(ctx, organization)
	if err != nil {
		return console.DeliveryState{}, err
	}
	state := console.DeliveryState{LastSuccess: st.LastSuccess, Waiting: int(st.Waiting), Oldest: st.OldestWaiting}
	if st.Stalled {
		state.LastError, state.FailedAt = st.LastError, st.LastErrorTime
	}
	return state, nil
}

// auditor keeps the audit trail, writes one line a call to Waybill's own log,
// and lets the publisher try again at once when something it may have failed
// for has changed.
type auditor struct{ s *Server }

// Record implements api.Auditor.
func (a auditor) Record(ctx context.Context, r api.Record) {
	a.s.trail.Record(ctx, r)
	a.s.logger.Debug("call", "request_id", r.Call.RequestID, "service", r.Service, "operation", r.Operation,
		"account", r.Call.Caller.Account, "error", r.ErrorCode, "duration", r.Duration)
	if r.Call.Caller.Type != "" { // else the key is only what somebody claimed to have
		a.s.iam.NoteKeyUse(r.Call.Caller.AccessKeyID, iam.KeyUse{At: r.Call.Time, Service: r.Service, Region: r.Call.Region})
	}
	mends := r.Service == "iam" || r.Operation == "CreateLogGroup" || r.Operation == "PutResourcePolicy"
	if mends && r.ErrorCode == "" && a.s.publisher != nil {
		a.s.publisher.RetryAll()
	}
}

// signedIn passes the console's sign-ins on to the audit trail.
func (s *Server) signedIn(ctx context.Context, a console.SignIn) {
	s.trail.SignedIn(ctx, audit.SignIn(a))
}

// resourcePolicies returns what guards a log group: the account's own policies,
// and for the audit trail Waybill's.
func (s *Server) resourcePolicies(ctx context.Context, resource string) ([]policy.Named, error) {
	list, err := s.logs.ResourcePolicies(ctx, resource)
	return slices.Concat(s.protection.For(resource), list), err
}
