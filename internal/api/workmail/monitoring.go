package workmailapi

import (
	"context"

	"waybill/internal/api"
	"waybill/internal/arn"
	"waybill/internal/workmail"
)

// serviceLinkedRole is the name of the role that the default settings use.
const serviceLinkedRole = "AWSServiceRoleForAmazonWorkMailEvents"

// PutEmailMonitoringConfigurationInput is WorkMail's. Without RoleArn the
// service-linked role is used.
type PutEmailMonitoringConfigurationInput struct {
	OrganizationId string
	LogGroupArn    string
	RoleArn        string
}

// DescribeEmailMonitoringConfigurationOutput is WorkMail's.
type DescribeEmailMonitoringConfigurationOutput struct {
	RoleArn     string
	LogGroupArn string
}

func (in PutEmailMonitoringConfigurationInput) id() string { return in.OrganizationId }

// putNeeds asks for the action itself, and for iam:PassRole on the named role or
// iam:CreateServiceLinkedRole where none is named.
func putNeeds(c *api.Call, in *PutEmailMonitoringConfigurationInput) ([]api.Need, error) {
	needs, err := onOrganization("PutEmailMonitoringConfiguration", PutEmailMonitoringConfigurationInput.id)(c, in)
	if err != nil {
		return nil, err
	}
	if in.RoleArn != "" {
		return append(needs, api.Need{Action: "iam:PassRole", Resource: in.RoleArn,
			Context: map[string][]string{"iam:PassedToService": {workmail.ServicePrincipal}}}), nil
	}
	role := arn.IAM(c.Caller.Account, "role", "/aws-service-role/"+workmail.ServicePrincipal+"/", serviceLinkedRole)
	return append(needs, api.Need{Action: "iam:CreateServiceLinkedRole", Resource: role,
		Context: map[string][]string{"iam:AWSServiceName": {workmail.ServicePrincipal}}}), nil
}

func putEmailMonitoringConfiguration(s *workmail.Service) api.Operation {
	return api.Define("workmail", "PutEmailMonitoringConfiguration", putNeeds,
		func(ctx context.Context, c *api.Call, in *PutEmailMonitoringConfigurationInput) (*Empty, error) {
			return &Empty{}, s.PutMonitoring(ctx, c.Caller.Account, c.Region, in.OrganizationId, in.LogGroupArn, in.RoleArn)
		})
}

func describeEmailMonitoringConfiguration(s *workmail.Service) api.Operation {
	return api.Define("workmail", "DescribeEmailMonitoringConfiguration", onOrganization("DescribeEmailMonitoringConfiguration", OrganizationInput.id),
		func(ctx context.Context, c *api.Call, in *OrganizationInput) (*DescribeEmailMonitoringConfigurationOutput, error) {
			m, err := s.DescribeMonitoring(ctx, c.Caller.Account, c.Region, in.OrganizationId)
			if err != nil {
				return nil, err
			}
			return &DescribeEmailMonitoringConfigurationOutput{RoleArn: m.RoleARN, LogGroupArn: m.LogGroupARN}, nil
		})
}

func deleteEmailMonitoringConfiguration(s *workmail.Service) api.Operation {
	return api.Define("workmail", "DeleteEmailMonitoringConfiguration", onOrganization("DeleteEmailMonitoringConfiguration", OrganizationInput.id),
		func(ctx context.Context, c *api.Call, in *OrganizationInput) (*Empty, error) {
			return &Empty{}, s.DeleteMonitoring(ctx, c.Caller.Account, c.Region, in.OrganizationId)
		})
}
