package iam

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"

	"waybill/internal/store"
)

// aliasSyntax is 3 to 63 lower-case letters, digits and hyphens, of which no two
// stand together and none at an end.
var aliasSyntax = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func checkAlias(alias string) error {
	var p Problems
	p.Length(alias, "accountAlias", 3, 63)
	if alias != "" && !aliasSyntax.MatchString(alias) {
		p.Add(&alias, "accountAlias", `satisfy regular expression pattern: ^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`)
	}
	return p.Err()
}

// CreateAccountAlias names an account; it replaces an earlier alias (IAM
// CreateAccountAlias). No two accounts have the same.
func (s *Service) CreateAccountAlias(ctx context.Context, account, alias string) error {
	if err := checkAlias(alias); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM account_aliases WHERE account = ?`, account); err != nil {
			return fmt.Errorf("replace the alias of %s: %w", account, err)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO account_aliases (alias, account, created) VALUES (?, ?, ?)`, alias, account, millis(s.now()))
		if store.IsUnique(err) {
			return exists("The account alias %s already exists.", alias)
		}
		return wrap(err, "name account %s", account)
	})
}

// DeleteAccountAlias takes the alias away (IAM DeleteAccountAlias).
func (s *Service) DeleteAccountAlias(ctx context.Context, account, alias string) error {
	if err := checkAlias(alias); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		n, err := execCount(ctx, tx, `DELETE FROM account_aliases WHERE account = ? AND alias = ?`, account, alias)
		if err == nil && n == 0 {
			return noSuch("The account alias %s cannot be found.", alias)
		}
		return wrap(err, "delete the alias of %s", account)
	})
}

// AccountAliases returns the account's alias, if it has one (IAM ListAccountAliases).
func (s *Service) AccountAliases(ctx context.Context, account string) (list []string, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		list, err = readRows(ctx, tx, func(scan func(...any) error) (a string, err error) { return a, scan(&a) },
			`SELECT alias FROM account_aliases WHERE account = ?`, account)
		return wrap(err, "read the alias of %s", account)
	})
	return list, err
}

// ResolveAccount returns the number of the account that a sign-in names by
// number or alias; an alias that nobody has stands for itself.
func (s *Service) ResolveAccount(ctx context.Context, name string) (account string, err error) {
	account = name
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT account FROM account_aliases WHERE alias = ?`, name).Scan(&account)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return wrap(err, "look for the account of an alias")
	})
	return account, err
}

// NameAccount gives an account an alias if it has none.
func (s *Service) NameAccount(ctx context.Context, account, alias string) error {
	has, err := s.AccountAliases(ctx, account)
	if err != nil || len(has) > 0 {
		return err
	}
	return s.CreateAccountAlias(ctx, account, alias)
}
