package stsapi

import (
	"context"
	"regexp"

	"waybill/internal/api"
	"waybill/internal/api/validate"
	"waybill/internal/iam"
)

// GetSessionTokenInput is STS's.
type GetSessionTokenInput struct {
	DurationSeconds *int
	SerialNumber    string
	TokenCode       string
}

// GetSessionTokenOutput is STS's.
type GetSessionTokenOutput struct {
	Credentials Credentials
}

// getSessionToken needs no permission (IAM User Guide, "Permissions for
// GetSessionToken").
func getSessionToken(s *iam.Service) api.Operation {
	return api.Define("sts", "GetSessionToken",
		func(*api.Call, *GetSessionTokenInput) ([]api.Need, error) { return nil, nil },
		func(_ context.Context, c *api.Call, in *GetSessionTokenInput) (*GetSessionTokenOutput, error) {
			if err := noMFA(in.SerialNumber, in.TokenCode); err != nil {
				return nil, err
			}
			session, err := s.GetSessionToken(c.Caller, seconds(in.DurationSeconds))
			if err != nil {
				return nil, err
			}
			return &GetSessionTokenOutput{credentials(&session)}, nil
		})
}

// GetAccessKeyInfoInput is STS's.
type GetAccessKeyInfoInput struct {
	AccessKeyId string
}

// GetAccessKeyInfoOutput is STS's.
type GetAccessKeyInfoOutput struct {
	Account string
}

var accessKeySyntax = regexp.MustCompile(`^\w*$`)

// getAccessKeyInfo needs sts:GetAccessKeyInfo and tells the account of any key.
func getAccessKeyInfo(s *iam.Service) api.Operation {
	return api.Define("sts", "GetAccessKeyInfo",
		func(_ *api.Call, in *GetAccessKeyInfoInput) ([]api.Need, error) {
			var c validate.Checks
			c.Required("accessKeyId", in.AccessKeyId != "")
			if in.AccessKeyId != "" {
				c.Length("accessKeyId", in.AccessKeyId, 16, 128)
				c.Pattern("accessKeyId", in.AccessKeyId, accessKeySyntax, `[\w]*`)
			}
			return []api.Need{{Action: "sts:GetAccessKeyInfo", Resource: "*"}}, c.Err(iam.CodeValidation)
		},
		func(ctx context.Context, _ *api.Call, in *GetAccessKeyInfoInput) (*GetAccessKeyInfoOutput, error) {
			account, err := s.AccessKeyAccount(ctx, in.AccessKeyId)
			return &GetAccessKeyInfoOutput{account}, err
		})
}
