package iam

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"waybill/internal/awserr"
	"waybill/internal/iam/policy"
)

// PasswordPolicy is what an account demands of console passwords (IAM
// UpdateAccountPasswordPolicy).
type PasswordPolicy struct {
	// MinimumLength is 6 to 128 characters.
	MinimumLength int
	// Lower, Upper, Numbers and Symbols demand one character of the kind.
	Lower, Upper, Numbers, Symbols bool
	// MaxAge is for how many days a password is good, at most 1095; zero for ever.
	MaxAge int
	// HardExpiry makes an expired password the administrator's to replace;
	// otherwise its user chooses a new one at the next sign-in.
	HardExpiry bool
	// Reuse is how many earlier passwords may not come back, at most 24.
	Reuse int
	// UsersMayChange lets every user change the own password without a policy.
	UsersMayChange bool
}

// The bounds of a password policy (IAM API reference, "UpdateAccountPasswordPolicy").
const (
	leastLength = 6
	maxAgeDays  = 1095
	maxReuse    = 24
)

// passwordSymbols are those that count as symbols.
const passwordSymbols = `!@#$%^&*()_+-=[]{}|'`

// SetPasswordPolicy replaces the account's policy; zero values are the defaults
// (IAM UpdateAccountPasswordPolicy).
func (s *Service) SetPasswordPolicy(ctx context.Context, account string, p PasswordPolicy) error {
	if p.MinimumLength == 0 {
		p.MinimumLength = leastLength
	}
	var problems Problems
	problems.Range(int64(p.MinimumLength), "minimumPasswordLength", leastLength, maxPassword)
	problems.Range(int64(p.MaxAge), "maxPasswordAge", 0, maxAgeDays)
	problems.Range(int64(p.Reuse), "passwordReusePrevention", 0, maxReuse)
	if err := problems.Err(); err != nil {
		return err
	}
	rules, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode password policy: %w", err)
	}
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO password_policies (account, rules) VALUES (?, ?)
			ON CONFLICT (account) DO UPDATE SET rules = excluded.rules`, account, string(rules))
		return wrap(err, "write the password policy of %s", account)
	})
}

// PasswordPolicy returns the account's policy, or NoSuchEntity if it has none of
// its own (IAM GetAccountPasswordPolicy).
func (s *Service) PasswordPolicy(ctx context.Context, account string) (p PasswordPolicy, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		own, err := passwordPolicy(ctx, tx, account)
		if err == nil && own == nil {
			return noPasswordPolicy(account)
		}
		if err == nil {
			p = *own
		}
		return err
	})
	return p, err
}

func noPasswordPolicy(account string) error {
	return noSuch("The Password Policy with domain name %s cannot be found.", account)
}

// passwordPolicy returns nil for an account without a policy of its own.
func passwordPolicy(ctx context.Context, tx *sql.Tx, account string) (*PasswordPolicy, error) {
	var rules string
	err := tx.QueryRowContext(ctx, `SELECT rules FROM password_policies WHERE account = ?`, account).Scan(&rules)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the password policy of %s: %w", account, err)
	}
	p := new(PasswordPolicy)
	return p, wrap(json.Unmarshal([]byte(rules), p), "read the password policy of %s", account)
}

// DeletePasswordPolicy goes back to AWS's default (IAM DeleteAccountPasswordPolicy).
func (s *Service) DeletePasswordPolicy(ctx context.Context, account string) error {
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		n, err := execCount(ctx, tx, `DELETE FROM password_policies WHERE account = ?`, account)
		if err == nil && n == 0 {
			return noPasswordPolicy(account)
		}
		return wrap(err, "delete the password policy of %s", account)
	})
}

// check refuses a password that the policy does not allow; nil is AWS's default
// policy: eight characters, three of the four kinds, not the user's name.
func (p *PasswordPolicy) check(user, password string) error {
	var wants []string
	kinds := []struct {
		demanded bool
		has      bool
		text     string
	}{
		{p != nil && p.Upper, strings.ContainsFunc(password, func(r rune) bool { return r >= 'A' && r <= 'Z' }), "Password should have at least one uppercase letter"},
		{p != nil && p.Lower, strings.ContainsFunc(password, func(r rune) bool { return r >= 'a' && r <= 'z' }), "Password should have at least one lowercase letter"},
		{p != nil && p.Numbers, strings.ContainsFunc(password, func(r rune) bool { return r >= '0' && r <= '9' }), "Password should have at least one number"},
		{p != nil && p.Symbols, strings.ContainsAny(password, passwordSymbols), "Password should have at least one symbol"},
	}
	least := minPassword
	if p != nil {
		least = p.MinimumLength
	}
	if len([]rune(password)) < least {
		wants = append(wants, fmt.Sprintf("Password should have a minimum length of %d", least))
	}
	var lacks []string
	for _, k := range kinds {
		if !k.has {
			lacks = append(lacks, k.text)
			if k.demanded {
				wants = append(wants, k.text)
			}
		}
	}
	const few = 1 // kinds that the default policy does without
	switch {
	case len(wants) > 0:
		return passwordViolation("%s", strings.Join(wants, ", "))
	case p == nil && len(lacks) > few:
		return passwordViolation("Password should meet %d more of the following requirements: %s", len(lacks)-few, strings.Join(lacks, ", "))
	case p == nil && strings.EqualFold(user, password):
		return passwordViolation("Password should not be the same as the user name")
	}
	return nil
}

func passwordViolation(format string, args ...any) error {
	return awserr.New(CodePasswordViolation, format, args...)
}

// expired tells whether a password set at that time has passed its age.
func (p *PasswordPolicy) expired(set, now time.Time) bool {
	return p != nil && p.MaxAge > 0 && now.Sub(set) >= time.Duration(p.MaxAge)*24*time.Hour
}

// grant is what the account's password policy lets a user do without a policy
// of the user's own; nil if nothing.
func (p *PasswordPolicy) grant(userARN string) (*policy.Document, error) {
	if p == nil || !p.UsersMayChange {
		return nil, nil
	}
	resource, err := json.Marshal(userARN)
	if err != nil {
		return nil, err
	}
	return policy.Parse(policy.Identity, []byte(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"iam:ChangePassword","Resource":`+string(resource)+`},
		{"Effect":"Allow","Action":"iam:GetAccountPasswordPolicy","Resource":"*"}]}`))
}
