// Package stsapi is the part of AWS Security Token Service's API (version
// 2011-06-15, Query) that Waybill answers. Fields have the wire's own names.
package stsapi

import (
	"context"
	"net/http"
	"time"

	"waybill/internal/api"
	"waybill/internal/awserr"
	"waybill/internal/iam"
)

// Operations returns every operation of the service.
func Operations(s *iam.Service) []api.Operation {
	return []api.Operation{
		assumeRole(s), assumeRoleWithWebIdentity(s), getSessionToken(s), getCallerIdentity(), getAccessKeyInfo(s),
	}
}

// Credentials are temporary.
type Credentials struct {
	AccessKeyId     string
	SecretAccessKey string
	SessionToken    string
	Expiration      time.Time
}

func credentials(s *iam.Session) Credentials {
	return Credentials{s.AccessKeyID, s.Secret, s.Token, s.Expires}
}

// seconds turns DurationSeconds into a duration; nil stays nil.
func seconds(n *int) *time.Duration {
	if n == nil {
		return nil
	}
	d := time.Duration(*n) * time.Second
	return &d
}

// noMFA refuses multi-factor codes: no device is registered with Waybill, so
// every code is wrong.
func noMFA(serialNumber, tokenCode string) error {
	if serialNumber == "" && tokenCode == "" {
		return nil
	}
	return awserr.WithStatus(http.StatusForbidden, iam.CodeAccessDenied,
		"MultiFactorAuthentication failed with invalid MFA one time pass code.")
}

// GetCallerIdentityInput is STS's.
type GetCallerIdentityInput struct{}

// GetCallerIdentityOutput is STS's.
type GetCallerIdentityOutput struct {
	Arn     string
	UserId  string
	Account string
}

// getCallerIdentity needs no permission (STS GetCallerIdentity).
func getCallerIdentity() api.Operation {
	return api.Define("sts", "GetCallerIdentity",
		func(*api.Call, *GetCallerIdentityInput) ([]api.Need, error) { return nil, nil },
		func(_ context.Context, c *api.Call, _ *GetCallerIdentityInput) (*GetCallerIdentityOutput, error) {
			return &GetCallerIdentityOutput{Arn: c.Caller.ARN, UserId: c.Caller.UserID, Account: c.Caller.Account}, nil
		})
}
