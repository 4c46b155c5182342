package workmailapi

import (
	"context"

	"waybill/internal/api"
	"waybill/internal/arn"
	"waybill/internal/workmail"
)

// Domain is a mail domain in CreateOrganizationInput. HostedZoneId is accepted
// and not used: Waybill runs no DNS.
type Domain struct {
	DomainName   string
	HostedZoneId string
}

// CreateOrganizationInput is WorkMail's. DirectoryId, EnableInteroperability and
// KmsKeyArn are accepted for clients that send them and have no effect.
type CreateOrganizationInput struct {
	Alias                  string
	ClientToken            string
	DirectoryId            string
	Domains                []Domain
	EnableInteroperability bool
	KmsKeyArn              string
}

// OrganizationId is an output of one member.
type OrganizationId struct{ OrganizationId string }

// OrganizationInput is the input of operations that only name an organization.
type OrganizationInput struct{ OrganizationId string }

// DescribeOrganizationOutput is WorkMail's.
type DescribeOrganizationOutput struct {
	OrganizationId          string
	Alias                   string
	State                   string
	DirectoryId             string
	DirectoryType           string
	DefaultMailDomain       string `json:",omitempty"`
	CompletedDate           float64
	ARN                     string
	InteroperabilityEnabled bool
}

// PageInput asks for a page of a list.
type PageInput struct {
	MaxResults *int
	NextToken  string
}

// OrganizationSummary is an entry of ListOrganizations.
type OrganizationSummary struct {
	OrganizationId    string
	Alias             string
	DefaultMailDomain string `json:",omitempty"`
	State             string
}

// ListOrganizationsOutput is WorkMail's.
type ListOrganizationsOutput struct {
	OrganizationSummaries []OrganizationSummary
	NextToken             string `json:",omitempty"`
}

// DeleteOrganizationInput is WorkMail's; only OrganizationId has an effect.
type DeleteOrganizationInput struct {
	OrganizationId                  string
	ClientToken                     string
	DeleteDirectory                 bool
	DeleteIdentityCenterApplication bool
	ForceDelete                     bool
}

// DeleteOrganizationOutput is WorkMail's.
type DeleteOrganizationOutput struct {
	OrganizationId string
	State          string
}

func createOrganization(s *workmail.Service) api.Operation {
	return api.Define("workmail", "CreateOrganization", on[CreateOrganizationInput]("CreateOrganization"),
		func(ctx context.Context, c *api.Call, in *CreateOrganizationInput) (*OrganizationId, error) {
			domains := make([]string, len(in.Domains))
			for i, d := range in.Domains {
				domains[i] = d.DomainName
			}
			org, err := s.Create(ctx, workmail.NewOrganization{
				Account: c.Caller.Account, Region: c.Region, Alias: in.Alias, Domains: domains, ClientToken: in.ClientToken,
			})
			return &OrganizationId{org.ID}, err
		})
}

func describeOrganization(s *workmail.Service) api.Operation {
	return api.Define("workmail", "DescribeOrganization", onOrganization("DescribeOrganization", OrganizationInput.id),
		func(ctx context.Context, c *api.Call, in *OrganizationInput) (*DescribeOrganizationOutput, error) {
			org, err := s.Describe(ctx, c.Caller.Account, c.Region, in.OrganizationId)
			if err != nil {
				return nil, err
			}
			return &DescribeOrganizationOutput{
				OrganizationId: org.ID, Alias: org.Alias, State: workmail.StateActive, DirectoryId: org.DirectoryID, DirectoryType: "VpcDirectory",
				DefaultMailDomain: org.DefaultDomain, CompletedDate: float64(org.Created.UnixMilli()) / 1000, ARN: org.ARN(),
			}, nil
		})
}

func listOrganizations(s *workmail.Service) api.Operation {
	return api.Define("workmail", "ListOrganizations", on[PageInput]("ListOrganizations"),
		func(ctx context.Context, c *api.Call, in *PageInput) (*ListOrganizationsOutput, error) {
			limit, after, err := in.page()
			if err != nil {
				return nil, err
			}
			list, more, err := s.List(ctx, c.Caller.Account, c.Region, after, limit)
			if err != nil {
				return nil, err
			}
			out := &ListOrganizationsOutput{OrganizationSummaries: []OrganizationSummary{}}
			for _, o := range list {
				out.OrganizationSummaries = append(out.OrganizationSummaries, OrganizationSummary{
					OrganizationId: o.ID, Alias: o.Alias, DefaultMailDomain: o.DefaultDomain, State: workmail.StateActive,
				})
				if more {
					out.NextToken = pageToken(o.ID)
				}
			}
			return out, nil
		})
}

func deleteOrganization(s *workmail.Service) api.Operation {
	return api.Define("workmail", "DeleteOrganization", onOrganization("DeleteOrganization", DeleteOrganizationInput.id),
		func(ctx context.Context, c *api.Call, in *DeleteOrganizationInput) (*DeleteOrganizationOutput, error) {
			err := s.Delete(ctx, c.Caller.Account, c.Region, in.OrganizationId)
			return &DeleteOrganizationOutput{OrganizationId: in.OrganizationId, State: "Deleted"}, err
		})
}

func (in OrganizationInput) id() string       { return in.OrganizationId }
func (in DeleteOrganizationInput) id() string { return in.OrganizationId }

// on needs an action that names no resource.
func on[In any](action string) func(*api.Call, *In) ([]api.Need, error) {
	return func(*api.Call, *In) ([]api.Need, error) {
		return []api.Need{{Action: "workmail:" + action, Resource: "*"}}, nil
	}
}

// onOrganization needs an action on the organization that the input names.
func onOrganization[In any](action string, id func(In) string) func(*api.Call, *In) ([]api.Need, error) {
	return func(c *api.Call, in *In) ([]api.Need, error) {
		return []api.Need{{Action: "workmail:" + action, Resource: arn.Organization(c.Region, c.Caller.Account, id(*in))}}, nil
	}
}
