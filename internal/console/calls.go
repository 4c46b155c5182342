package console

import (
	"context"
	"strings"

	"waybill/internal/api"
	workmailapi "waybill/internal/api/workmail"
	"waybill/internal/arn"
	"waybill/internal/awserr"
)

// calls are the operations that the console invokes, all through the api door
// and under the signed-in principal. Lists are read whole.
type calls struct {
	door *api.Door
}

const workmailService, logsService, iamService = "workmail", "logs", "iam"

func (c calls) organizations(ctx context.Context, call *api.Call) ([]organization, error) {
	var list []organization
	in := &workmailapi.PageInput{}
	for {
		out, err := api.Invoke[workmailapi.ListOrganizationsOutput](ctx, c.door, call, workmailService, "ListOrganizations", in)
		if err != nil {
			return nil, err
		}
		for _, o := range out.OrganizationSummaries {
			list = append(list, organization{ID: o.OrganizationId, Alias: o.Alias, State: o.State, Domain: o.DefaultMailDomain})
		}
		if in.NextToken = out.NextToken; in.NextToken == "" {
			return list, nil
		}
	}
}

func (c calls) organization(ctx context.Context, call *api.Call, id string) (organization, error) {
	out, err := api.Invoke[workmailapi.DescribeOrganizationOutput](ctx, c.door, call, workmailService, "DescribeOrganization",
		&workmailapi.OrganizationInput{OrganizationId: id})
	if err != nil {
		return organization{}, err
	}
	return organization{ID: out.OrganizationId, Alias: out.Alias, State: out.State, Domain: out.DefaultMailDomain}, nil
}

// domains lists the mail domains, the default one first as AWS returns them.
func (c calls) domains(ctx context.Context, call *api.Call, id string) ([]string, error) {
	var list []string
	in := &workmailapi.ListMailDomainsInput{OrganizationId: id}
	for {
		out, err := api.Invoke[workmailapi.ListMailDomainsOutput](ctx, c.door, call, workmailService, "ListMailDomains", in)
		if err != nil {
			return nil, err
		}
		for _, d := range out.MailDomains {
			list = append(list, d.DomainName)
		}
		if in.NextToken = out.NextToken; in.NextToken == "" {
			return list, nil
		}
	}
}

// setting reads the email monitoring configuration; none means that mail events are off.
func (c calls) setting(ctx context.Context, call *api.Call, org organization) (setting, error) {
	out, err := api.Invoke[workmailapi.DescribeEmailMonitoringConfigurationOutput](ctx, c.door, call,
		workmailService, "DescribeEmailMonitoringConfiguration", &workmailapi.OrganizationInput{OrganizationId: org.ID})
	if awserr.HasCode(err, "ResourceNotFoundException") {
		return setting{}, nil
	}
	if err != nil {
		return setting{}, err
	}
	group, err := arn.Parse(out.LogGroupArn)
	if err != nil {
		return setting{}, err
	}
	s := setting{Enabled: true, RoleARN: out.RoleArn, GroupARN: strings.TrimSuffix(out.LogGroupArn, ":*")}
	s.LogGroup = strings.TrimSuffix(strings.TrimPrefix(group.Resource, "log-group:"), ":*")
	s.Default = s.LogGroup == defaultGroup(org) && s.serviceLinked()
	return s, nil
}

// enableDefault turns mail events on with the default settings.
func (c calls) enableDefault(ctx context.Context, call *api.Call, org organization) error {
	return workmailapi.EnableDefaults(ctx, c.door, call, org.ID, org.Alias)
}

// enableCustom turns mail events on with a log group and a role of the caller's
// choice; an empty roleARN is the service-linked role.
func (c calls) enableCustom(ctx context.Context, call *api.Call, org organization, groupARN, roleARN string) error {
	_, err := api.Invoke[workmailapi.Empty](ctx, c.door, call, workmailService, "PutEmailMonitoringConfiguration",
		&workmailapi.PutEmailMonitoringConfigurationInput{OrganizationId: org.ID, LogGroupArn: groupARN + ":*", RoleArn: roleARN})
	return err
}

// disable turns mail events off; off already, it changes nothing.
func (c calls) disable(ctx context.Context, call *api.Call, org organization) error {
	_, err := api.Invoke[workmailapi.Empty](ctx, c.door, call, workmailService, "DeleteEmailMonitoringConfiguration",
		&workmailapi.OrganizationInput{OrganizationId: org.ID})
	if awserr.HasCode(err, "ResourceNotFoundException") {
		return nil
	}
	return err
}
