package workmail

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"waybill/internal/arn"
	"waybill/internal/awserr"
	"waybill/internal/iam"
	"waybill/internal/iam/policy"
)

// Monitoring is an organization's email monitoring configuration: event logging
// is on while there is one.
type Monitoring struct {
	// LogGroupARN ends in ":*", as the API shows it.
	LogGroupARN string
	RoleARN     string
	Changed     time.Time
}

// PutMonitoring turns event logging on, or changes where it goes. An empty
// roleARN means the service-linked role, which is created if missing. The
// configuration is refused, with the reason, when it could not work: the group
// must exist in the organization's Region, and the role must trust the service
// principal acting for this organization and allow it to create streams and put
// events there. Whether the caller may pass the role is the API door's concern.
func (s *Service) PutMonitoring(ctx context.Context, account, region, id, logGroupARN, roleARN string) error {
	org, err := s.Describe(ctx, account, region, id)
	if err != nil {
		return err
	}
	group, err := checkGroup(org, logGroupARN)
	if err != nil {
		return err
	}
	// Events are put by the group's name in the account of the role's session. Told
	// before whether the group exists, which another account need not tell.
	if owner, err := roleOwner(org, roleARN); err != nil {
		return err
	} else if owner != group.Account {
		return invalid("The log group is in account %s and the role in account %s; they must be in the same account.", group.Account, owner)
	}
	if err := s.checkExists(ctx, group); err != nil {
		return err
	}
	if roleARN == "" {
		if roleARN, err = s.cfg.Roles.EnsureServiceLinkedRole(ctx, org.Account, ServicePrincipal); err != nil {
			return err
		}
	}
	if err := s.checkRole(ctx, org, group, roleARN); err != nil {
		return err
	}
	err = s.cfg.DB.Write(ctx, func(tx *sql.Tx) error {
		// The organization may have gone meanwhile; the foreign key would say so badly.
		if _, err := find(ctx, tx, account, region, id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO email_monitoring (organization_id, log_group_arn, role_arn, changed_ms) VALUES (?, ?, ?, ?)
			ON CONFLICT (organization_id) DO UPDATE SET log_group_arn = excluded.log_group_arn, role_arn = excluded.role_arn, changed_ms = excluded.changed_ms`,
			id, logGroupARN, roleARN, s.cfg.Now().UnixMilli())
		return err
	})
	if err == nil {
		s.cfg.OnMonitoringChange(id)
	}
	return err
}

// DescribeMonitoring returns the configuration, or ResourceNotFoundException
// while event logging is off.
func (s *Service) DescribeMonitoring(ctx context.Context, account, region, id string) (Monitoring, error) {
	if _, err := s.Describe(ctx, account, region, id); err != nil {
		return Monitoring{}, err
	}
	m, on, err := s.Monitoring(ctx, id)
	if err == nil && !on {
		err = awserr.New("ResourceNotFoundException", "There is no email monitoring configuration for the organization %s.", id)
	}
	return m, err
}

// Monitoring returns an organization's configuration and whether event logging
// is on; it is for Waybill's own parts.
func (s *Service) Monitoring(ctx context.Context, id string) (m Monitoring, on bool, err error) {
	var changed int64
	err = s.cfg.DB.Read(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT log_group_arn, role_arn, changed_ms FROM email_monitoring WHERE organization_id = ?", id).
			Scan(&m.LogGroupARN, &m.RoleARN, &changed)
	})
	if isNoRows(err) {
		return Monitoring{}, false, nil
	}
	m.Changed = time.UnixMilli(changed).UTC()
	return m, err == nil, err
}

// DeleteMonitoring turns event logging off; off already, it changes nothing.
func (s *Service) DeleteMonitoring(ctx context.Context, account, region, id string) error {
	err := s.cfg.DB.Write(ctx, func(tx *sql.Tx) error {
		if _, err := find(ctx, tx, account, region, id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM email_monitoring WHERE organization_id = ?", id)
		return err
	})
	if err == nil {
		s.cfg.OnMonitoringChange(id)
	}
	return err
}

// UsingRole returns the organizations whose events are published under a role.
func (s *Service) UsingRole(ctx context.Context, roleARN string) ([]Organization, error) {
	var list []Organization
	err := s.cfg.DB.Read(ctx, func(tx *sql.Tx) (err error) {
		list, err = selectOrganizations(ctx, tx, "id IN (SELECT organization_id FROM email_monitoring WHERE role_arn = ?) ORDER BY region, alias", roleARN)
		return err
	})
	return list, err
}

// LogGroup splits a configuration's log group ARN into account, Region and name.
func (m Monitoring) LogGroup() (account, region, name string, err error) {
	a, err := arn.Parse(m.LogGroupARN)
	if err != nil {
		return "", "", "", err
	}
	name = strings.TrimSuffix(strings.TrimPrefix(a.Resource, "log-group:"), ":*")
	return a.Account, a.Region, name, nil
}

// checkGroup returns the log group's parsed ARN, the name in Resource.
func checkGroup(org Organization, logGroupARN string) (arn.ARN, error) {
	a, err := arn.Parse(logGroupARN)
	name, isGroup := strings.CutPrefix(a.Resource, "log-group:")
	name, hasStar := strings.CutSuffix(name, ":*")
	if err != nil || a.Service != "logs" || !isGroup || !hasStar || name == "" || strings.ContainsAny(name, ":*") {
		return arn.ARN{}, invalid("LogGroupArn '%s' is not valid: want arn:aws:logs:REGION:ACCOUNT:log-group:NAME:*", logGroupARN)
	}
	if a.Region != org.Region {
		return arn.ARN{}, invalid("LogGroupArn '%s' is in Region %s, but the organization is in Region %s; the log group must be in the organization's Region.", logGroupARN, a.Region, org.Region)
	}
	a.Resource = name
	return a, nil
}

// checkExists refuses a group that is not there; its name is in Resource.
func (s *Service) checkExists(ctx context.Context, group arn.ARN) error {
	exists, err := s.cfg.Groups.GroupExists(ctx, group.Account, group.Region, group.Resource)
	if err == nil && !exists {
		return awserr.New("ResourceNotFoundException", "The log group %s does not exist in account %s, Region %s.", group.Resource, group.Account, group.Region)
	}
	return err
}

// roleOwner returns the account of a role; without a role the organization's,
// which the service-linked role belongs to.
func roleOwner(org Organization, roleARN string) (string, error) {
	if roleARN == "" {
		return org.Account, nil
	}
	a, err := arn.Parse(roleARN)
	if err != nil || a.Service != "iam" || !strings.HasPrefix(a.Resource, "role/") {
		return "", invalid("RoleArn '%s' is not valid: want arn:aws:iam::ACCOUNT:role/NAME", roleARN)
	}
	return a.Account, nil
}

// checkRole tries what the publisher is going to do.
func (s *Service) checkRole(ctx context.Context, org Organization, group arn.ARN, roleARN string) error {
	decision, err := s.cfg.Roles.EvaluateTrust(ctx, roleARN, Publisher(org))
	if awserr.HasCode(err, "NoSuchEntity") {
		return invalid("The role %s does not exist.", roleARN)
	}
	if err != nil {
		return err
	}
	if decision.Effect != policy.Allow {
		return invalid("The role %s cannot be assumed by %s for this organization: %s. Its trust policy must allow sts:AssumeRole to this service principal.",
			roleARN, ServicePrincipal, decision.ForCaller().Reason)
	}
	stream := arn.LogStream(group.Region, group.Account, group.Resource, org.ID)
	for _, action := range []string{"logs:CreateLogStream", "logs:PutLogEvents"} {
		decision, err := s.cfg.Roles.EvaluateRole(ctx, roleARN, action, stream, nil)
		if err != nil {
			return err
		}
		if decision.Effect != policy.Allow {
			return invalid("The role %s does not allow %s on the log group %s: %s.", roleARN, action, group.Resource, decision.ForCaller().Reason)
		}
	}
	return nil
}

// Publisher is the service principal acting for an organization.
func Publisher(org Organization) iam.Principal {
	return iam.Principal{Type: iam.TypeService, Name: ServicePrincipal, SourceARN: org.ARN(), SourceAccount: org.Account}
}
