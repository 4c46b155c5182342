package iamapi

import (
	"context"
	"time"

	"waybill/internal/api"
	"waybill/internal/iam"
)

// LoginProfile is IAM's LoginProfile.
type LoginProfile struct {
	UserName              string
	CreateDate            time.Time
	PasswordResetRequired bool
}

// LoginProfileOutput is the output of operations that answer one login profile.
type LoginProfileOutput struct{ LoginProfile LoginProfile }

func wireProfile(l *iam.LoginProfile) *LoginProfileOutput {
	return &LoginProfileOutput{LoginProfile{l.User, l.Created, l.MustReset}}
}

// LoginProfileInput is that of CreateLoginProfile and UpdateLoginProfile.
type LoginProfileInput struct {
	UserName              string
	Password              *string
	PasswordResetRequired *bool
}

func (in *LoginProfileInput) user() string { return in.UserName }

// ChangePasswordInput is IAM's.
type ChangePasswordInput struct{ OldPassword, NewPassword string }

// PasswordPolicyInput is UpdateAccountPasswordPolicy's.
type PasswordPolicyInput struct {
	MinimumPasswordLength      *int
	RequireSymbols             bool
	RequireNumbers             bool
	RequireUppercaseCharacters bool
	RequireLowercaseCharacters bool
	AllowUsersToChangePassword bool
	MaxPasswordAge             *int
	PasswordReusePrevention    *int
	HardExpiry                 bool
}

// PasswordPolicy is IAM's PasswordPolicy.
type PasswordPolicy struct {
	PasswordPolicyInput
	ExpirePasswords bool
}

// PasswordPolicyOutput is GetAccountPasswordPolicy's.
type PasswordPolicyOutput struct{ PasswordPolicy PasswordPolicy }

func passwordOperations(s *iam.Service) []api.Operation {
	return []api.Operation{
		createLoginProfile(s), getLoginProfile(s), updateLoginProfile(s), deleteLoginProfile(s), changePassword(s),
		updatePasswordPolicy(s), getPasswordPolicy(s), deletePasswordPolicy(s),
	}
}

func createLoginProfile(s *iam.Service) api.Operation {
	return onUser(s, "CreateLoginProfile", (*LoginProfileInput).user, func(ctx context.Context, o iam.Owner, in *LoginProfileInput) (*LoginProfileOutput, error) {
		if in.Password == nil {
			return nil, required("", "password")
		}
		l, err := s.CreateLoginProfile(ctx, o.Account, o.Name, *in.Password, in.PasswordResetRequired != nil && *in.PasswordResetRequired)
		return wireProfile(&l), err
	})
}

func getLoginProfile(s *iam.Service) api.Operation {
	return onUser(s, "GetLoginProfile", (*UserInput).user, func(ctx context.Context, o iam.Owner, _ *UserInput) (*LoginProfileOutput, error) {
		l, err := s.LoginProfile(ctx, o.Account, o.Name)
		return wireProfile(&l), err
	})
}

func updateLoginProfile(s *iam.Service) api.Operation {
	return onUser(s, "UpdateLoginProfile", (*LoginProfileInput).user, func(ctx context.Context, o iam.Owner, in *LoginProfileInput) (*Empty, error) {
		return &Empty{}, s.UpdateLoginProfile(ctx, o.Account, o.Name, in.Password, in.PasswordResetRequired)
	})
}

func deleteLoginProfile(s *iam.Service) api.Operation {
	return onUser(s, "DeleteLoginProfile", (*UserInput).user, func(ctx context.Context, o iam.Owner, _ *UserInput) (*Empty, error) {
		return &Empty{}, s.DeleteLoginProfile(ctx, o.Account, o.Name)
	})
}

func changePassword(s *iam.Service) api.Operation {
	return api.Define("iam", "ChangePassword",
		func(c *api.Call, _ *ChangePasswordInput) ([]api.Need, error) {
			return needs("ChangePassword", c.Caller.ARN, nil), nil
		},
		func(ctx context.Context, c *api.Call, in *ChangePasswordInput) (*Empty, error) {
			return &Empty{}, s.ChangePassword(ctx, c.Caller, in.OldPassword, in.NewPassword)
		})
}

func updatePasswordPolicy(s *iam.Service) api.Operation {
	return api.Define("iam", "UpdateAccountPasswordPolicy", onAccount[PasswordPolicyInput]("UpdateAccountPasswordPolicy"),
		func(ctx context.Context, c *api.Call, in *PasswordPolicyInput) (*Empty, error) {
			p := iam.PasswordPolicy{Lower: in.RequireLowercaseCharacters, Upper: in.RequireUppercaseCharacters, Numbers: in.RequireNumbers,
				Symbols: in.RequireSymbols, HardExpiry: in.HardExpiry, UsersMayChange: in.AllowUsersToChangePassword}
			// Left out means the default; zero is below what may be asked for.
			var problems iam.Problems
			for _, n := range []struct {
				to          *int
				value       *int
				at          string
				least, most int64
			}{
				{&p.MinimumLength, in.MinimumPasswordLength, "minimumPasswordLength", 6, 128},
				{&p.MaxAge, in.MaxPasswordAge, "maxPasswordAge", 1, 1095},
				{&p.Reuse, in.PasswordReusePrevention, "passwordReusePrevention", 1, 24},
			} {
				if n.value != nil {
					*n.to = *n.value
					problems.Range(int64(*n.value), n.at, n.least, n.most)
				}
			}
			if err := problems.Err(); err != nil {
				return nil, err
			}
			return &Empty{}, s.SetPasswordPolicy(ctx, c.Caller.Account, p)
		})
}

func getPasswordPolicy(s *iam.Service) api.Operation {
	return api.Define("iam", "GetAccountPasswordPolicy", onAccount[Empty]("GetAccountPasswordPolicy"),
		func(ctx context.Context, c *api.Call, _ *Empty) (*PasswordPolicyOutput, error) {
			p, err := s.PasswordPolicy(ctx, c.Caller.Account)
			if err != nil {
				return nil, err
			}
			w := PasswordPolicy{ExpirePasswords: p.MaxAge > 0, PasswordPolicyInput: PasswordPolicyInput{
				MinimumPasswordLength: &p.MinimumLength, RequireSymbols: p.Symbols, RequireNumbers: p.Numbers,
				RequireUppercaseCharacters: p.Upper, RequireLowercaseCharacters: p.Lower, AllowUsersToChangePassword: p.UsersMayChange,
				HardExpiry: p.HardExpiry,
			}}
			if p.MaxAge > 0 {
				w.MaxPasswordAge = &p.MaxAge
			}
			if p.Reuse > 0 {
				w.PasswordReusePrevention = &p.Reuse
			}
			return &PasswordPolicyOutput{w}, nil
		})
}

func deletePasswordPolicy(s *iam.Service) api.Operation {
	return api.Define("iam", "DeleteAccountPasswordPolicy", onAccount[Empty]("DeleteAccountPasswordPolicy"),
		func(ctx context.Context, c *api.Call, _ *Empty) (*Empty, error) {
			return &Empty{}, s.DeletePasswordPolicy(ctx, c.Caller.Account)
		})
}
