package iamapi

import (
	"context"
	"time"

	"waybill/internal/api"
	"waybill/internal/iam"
)

// AliasInput is that of CreateAccountAlias and DeleteAccountAlias.
type AliasInput struct{ AccountAlias string }

// AliasesOutput is ListAccountAliases': at most one.
type AliasesOutput struct {
	AccountAliases []string
	Paged
}

// SummaryOutput is GetAccountSummary's.
type SummaryOutput struct{ SummaryMap map[string]int }

// GenerateReportOutput is GenerateCredentialReport's. The report is made at once.
type GenerateReportOutput struct{ State, Description string }

// CredentialReportOutput is GetCredentialReport's.
type CredentialReportOutput struct {
	Content       []byte
	ReportFormat  string
	GeneratedTime time.Time
}

func accountOperations(s *iam.Service) []api.Operation {
	return []api.Operation{
		authorizationDetails(s),
		api.Define("iam", "CreateAccountAlias", onAccount[AliasInput]("CreateAccountAlias"),
			func(ctx context.Context, c *api.Call, in *AliasInput) (*Empty, error) {
				return &Empty{}, s.CreateAccountAlias(ctx, c.Caller.Account, in.AccountAlias)
			}),
		api.Define("iam", "DeleteAccountAlias", onAccount[AliasInput]("DeleteAccountAlias"),
			func(ctx context.Context, c *api.Call, in *AliasInput) (*Empty, error) {
				return &Empty{}, s.DeleteAccountAlias(ctx, c.Caller.Account, in.AccountAlias)
			}),
		api.Define("iam", "ListAccountAliases", onAccount[Page]("ListAccountAliases"),
			func(ctx context.Context, c *api.Call, in *Page) (*AliasesOutput, error) {
				list, err := s.AccountAliases(ctx, c.Caller.Account)
				if err != nil {
					return nil, err
				}
				page, paged, err := cut(in, list, func(a *string) string { return *a })
				return &AliasesOutput{append([]string{}, page...), paged}, err
			}),
		api.Define("iam", "GetAccountSummary", onAccount[Empty]("GetAccountSummary"),
			func(ctx context.Context, c *api.Call, _ *Empty) (*SummaryOutput, error) {
				m, err := s.Summary(ctx, c.Caller.Account)
				return &SummaryOutput{m}, err
			}),
		api.Define("iam", "GenerateCredentialReport", onAccount[Empty]("GenerateCredentialReport"),
			func(ctx context.Context, c *api.Call, _ *Empty) (*GenerateReportOutput, error) {
				return &GenerateReportOutput{State: "COMPLETE"}, s.GenerateCredentialReport(ctx, c.Caller.Account)
			}),
		api.Define("iam", "GetCredentialReport", onAccount[Empty]("GetCredentialReport"),
			func(ctx context.Context, c *api.Call, _ *Empty) (*CredentialReportOutput, error) {
				r, err := s.CredentialReport(ctx, c.Caller.Account)
				return &CredentialReportOutput{r.CSV, "text/csv", r.Created}, err
			}),
	}
}
