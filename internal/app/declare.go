package app

import (
	"context"
	"fmt"
	"slices"

	"waybill/internal/api"
	iamapi "waybill/internal/api/iam"
	workmailapi "waybill/internal/api/workmail"
	"waybill/internal/arn"
	"waybill/internal/awserr"
	"waybill/internal/config"
	"waybill/internal/iam"
	"waybill/internal/workmail"
)

// declare creates what the configuration declares, as its account's
// administrator and through the same operations as everybody. What is there
// already is left as it is; what contradicts it is an error.
func (s *Server) declare(ctx context.Context) error {
	for _, o := range s.cfg.Organizations {
		call, err := s.administrator(ctx, s.ownerOf(o))
		if err == nil {
			err = s.declareOrganization(ctx, call, o)
		}
		if err != nil {
			return fmt.Errorf("declared organization %s: %w", o.Alias, err)
		}
	}
	return nil
}

// ownerOf returns the account of a declared organization.
func (s *Server) ownerOf(o config.Organization) string {
	if o.Account == "" {
		return s.cfg.Account
	}
	return o.Account
}

// administrator returns a call of an account's administrator.
func (s *Server) administrator(ctx context.Context, account string) (*api.Call, error) {
	admin, err := s.iam.User(ctx, account, iam.AdministratorName)
	if err != nil {
		return nil, err
	}
	caller, err := s.iam.UserPrincipal(ctx, admin.ID)
	return &api.Call{Caller: caller, Region: s.cfg.Region, UserAgent: "waybill configuration"}, err
}

func (s *Server) declareOrganization(ctx context.Context, call *api.Call, o config.Organization) error {
	org, err := s.workmail.ByAlias(ctx, call.Caller.Account, call.Region, o.Alias)
	if awserr.HasCode(err, "OrganizationNotFoundException") {
		err = s.createOrganization(ctx, call, o)
		if err == nil {
			org, err = s.workmail.ByAlias(ctx, call.Caller.Account, call.Region, o.Alias)
		}
	}
	if err != nil {
		return err
	}
	for _, d := range o.Domains {
		in := &workmailapi.DomainInput{OrganizationId: org.ID, DomainName: d}
		if _, err := api.Invoke[workmailapi.Empty](ctx, s.door, call, "workmail", "RegisterMailDomain", in); err != nil {
			return err
		}
	}
	if !o.EventLogging.Declared {
		return nil
	}
	return s.declareLogging(ctx, call, org, o.EventLogging)
}

func (s *Server) createOrganization(ctx context.Context, call *api.Call, o config.Organization) error {
	in := &workmailapi.CreateOrganizationInput{Alias: o.Alias}
	for _, d := range o.Domains {
		in.Domains = append(in.Domains, workmailapi.Domain{DomainName: d})
	}
	_, err := api.Invoke[workmailapi.OrganizationId](ctx, s.door, call, "workmail", "CreateOrganization", in)
	return err
}

// declareLogging turns event logging on or off as declared. It is left alone
// when it is so already.
func (s *Server) declareLogging(ctx context.Context, call *api.Call, org workmail.Organization, want config.EventLogging) error {
	now, on, err := s.workmail.Monitoring(ctx, org.ID)
	if err != nil {
		return err
	}
	switch want.Mode {
	case config.LoggingOff:
		if !on {
			return nil
		}
		_, err := api.Invoke[workmailapi.Empty](ctx, s.door, call, "workmail", "DeleteEmailMonitoringConfiguration",
			&workmailapi.OrganizationInput{OrganizationId: org.ID})
		return err
	case config.LoggingDefault:
		if on && now.LogGroupARN == arn.LogGroup(org.Region, org.Account, workmailapi.DefaultLogGroup(org.Alias))+":*" {
			return nil
		}
		return workmailapi.EnableDefaults(ctx, s.door, call, org.ID, org.Alias)
	}
	in := &workmailapi.PutEmailMonitoringConfigurationInput{
		OrganizationId: org.ID, LogGroupArn: arn.LogGroup(org.Region, org.Account, want.LogGroup) + ":*",
	}
	if want.Role != "" {
		if in.RoleArn, err = s.roleARN(ctx, call, want.Role); err != nil {
			return err
		}
	}
	if on && now.LogGroupARN == in.LogGroupArn && slices.Contains([]string{"", now.RoleARN}, in.RoleArn) {
		return nil
	}
	_, err = api.Invoke[workmailapi.Empty](ctx, s.door, call, "workmail", "PutEmailMonitoringConfiguration", in)
	return err
}

// roleARN looks a declared role up by its name.
func (s *Server) roleARN(ctx context.Context, call *api.Call, name string) (string, error) {
	out, err := api.Invoke[iamapi.GetRoleOutput](ctx, s.door, call, "iam", "GetRole", &iamapi.GetRoleInput{RoleName: name})
	if err != nil {
		return "", err
	}
	return out.Role.Arn, nil
}
