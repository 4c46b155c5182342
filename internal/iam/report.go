package iam

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"waybill/internal/awserr"
)

// reportAge is how long a credential report is good; a new one is made only
// after that (IAM User Guide, "Getting credential reports").
const reportAge = 4 * time.Hour

// reportColumns are those of AWS's report.
var reportColumns = []string{
	"user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed", "password_next_rotation", "mfa_active",
	"access_key_1_active", "access_key_1_last_rotated", "access_key_1_last_used_date", "access_key_1_last_used_region", "access_key_1_last_used_service",
	"access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date", "access_key_2_last_used_region", "access_key_2_last_used_service",
	"cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
}

// CredentialReport is a table of all users and how they sign in and sign.
type CredentialReport struct {
	CSV     []byte
	Created time.Time
}

// GenerateCredentialReport makes the account's report unless there is one that
// is not four hours old (IAM GenerateCredentialReport).
func (s *Service) GenerateCredentialReport(ctx context.Context, account string) error {
	r, found, err := s.readReport(ctx, account)
	if err != nil || found && s.now().Sub(r.Created) < reportAge {
		return err
	}
	content, err := s.report(ctx, account)
	if err != nil {
		return fmt.Errorf("make the credential report of %s: %w", account, err)
	}
	return s.Options.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO credential_reports (account, content, created) VALUES (?, ?, ?)
			ON CONFLICT (account) DO UPDATE SET content = excluded.content, created = excluded.created`, account, string(content), millis(s.now()))
		return wrap(err, "write the credential report of %s", account)
	})
}

// CredentialReport returns the account's report (IAM GetCredentialReport).
func (s *Service) CredentialReport(ctx context.Context, account string) (CredentialReport, error) {
	r, found, err := s.readReport(ctx, account)
	switch {
	case err != nil:
		return r, err
	case !found:
		return r, awserr.WithStatus(http.StatusGone, "ReportNotPresent", "No report exists. Call GenerateCredentialReport to create one.")
	case s.now().Sub(r.Created) >= reportAge:
		return r, awserr.WithStatus(http.StatusGone, "ReportExpired", "The report has expired. Call GenerateCredentialReport to create a new one.")
	}
	return r, nil
}

func (s *Service) readReport(ctx context.Context, account string) (r CredentialReport, found bool, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		var text string
		var created int64
		err := tx.QueryRowContext(ctx, `SELECT content, created FROM credential_reports WHERE account = ?`, account).Scan(&text, &created)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		r, found = CredentialReport{[]byte(text), fromMillis(created)}, true
		return wrap(err, "read the credential report of %s", account)
	})
	return r, found, err
}

func (s *Service) report(ctx context.Context, account string) ([]byte, error) {
	users, _, err := s.Users(ctx, Listing{Account: account})
	if err != nil {
		return nil, err
	}
	rules, err := s.rules(ctx, account)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	rows := [][]string{reportColumns}
	for i := range users {
		row, err := s.reportRow(ctx, &users[i], rules)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	err = w.WriteAll(rows)
	return b.Bytes(), err
}

func (s *Service) reportRow(ctx context.Context, u *User, rules *PasswordPolicy) ([]string, error) {
	keys, err := s.AccessKeys(ctx, u.Account, u.Name)
	if err != nil {
		return nil, err
	}
	row := []string{u.Name, u.ARN(), reportTime(u.Created, "N/A")}
	l, err := s.LoginProfile(ctx, u.Account, u.Name)
	switch {
	case awserr.HasCode(err, CodeNoSuchEntity):
		row = append(row, "false", "N/A", "N/A", "N/A")
	case err != nil:
		return nil, err
	default:
		next := "N/A"
		if rules != nil && rules.MaxAge > 0 {
			next = reportTime(l.changed.AddDate(0, 0, rules.MaxAge), "")
		}
		row = append(row, "true", reportTime(u.PasswordUsed, "no_information"), reportTime(l.changed, "N/A"), next)
	}
	row = append(row, "false") // MFA
	for i := range maxUserKeys {
		if i >= len(keys) {
			row = append(row, "false", "N/A", "N/A", "N/A", "N/A")
			continue
		}
		k := keys[i]
		row = append(row, strconv.FormatBool(k.Active), reportTime(k.Created, "N/A"), reportTime(k.Use.At, "N/A"),
			orNA(k.Use.Region), orNA(k.Use.Service))
	}
	return append(row, "false", "N/A", "false", "N/A"), nil
}

func reportTime(t time.Time, never string) string {
	if t.IsZero() {
		return never
	}
	return t.UTC().Format("2006-01-02T15:04:05+00:00")
}

func orNA(s string) string {
	if s == "" {
		return "N/A"
	}
	return s
}
