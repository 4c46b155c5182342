package iam

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// AdministratorName is the user that Bootstrap makes.
const AdministratorName = "administrator"

// Bootstrapped is what a first start shows its owner.
type Bootstrapped struct {
	Account string
	// Region is where the administrator's credentials point by default.
	Region string
	User   string
	// Credentials are the administrator's oldest active key; empty if it has none any more.
	Credentials
	// Password is set only by the call that made the administrator.
	Password string
	// Created tells whether this call made the administrator.
	Created bool
}

// Bootstrap makes the account and its administrator: a user with
// AdministratorAccess, an access key and a console password. If the account
// has a user already it changes nothing: an administrator that was deleted
// stays deleted. It fails if the key file does not belong to the database.
func (s *Service) Bootstrap(ctx context.Context, account, region string) (Bootstrapped, error) {
	b := Bootstrapped{Account: account, Region: region, User: AdministratorName}
	users, err := s.countUsers(ctx, account)
	if err != nil {
		return b, fmt.Errorf("set up account %s: %w", account, err)
	}
	if users > 0 {
		b.Credentials, err = s.oldestKey(ctx, account, AdministratorName)
		return b, err
	}
	password := newPassword()
	var hash string
	if err := s.hashing.run(ctx, func() { hash = hashPassword(password) }); err != nil {
		return b, err
	}
	err = s.DB.Write(ctx, func(tx *sql.Tx) error {
		b.Credentials, err = s.createAdministrator(ctx, tx, account, hash)
		return err
	})
	if err != nil {
		return b, fmt.Errorf("set up account %s: %w", account, err)
	}
	b.Password, b.Created = password, true
	return b, nil
}

func (s *Service) createAdministrator(ctx context.Context, tx *sql.Tx, account, hash string) (Credentials, error) {
	if err := s.ensureAccount(ctx, tx, account); err != nil {
		return Credentials{}, err
	}
	u, err := s.createUser(ctx, tx, account, NewUser{Name: AdministratorName})
	if err != nil {
		return Credentials{}, err
	}
	if err := s.writePassword(ctx, tx, u.ID, hash, false, 0); err != nil {
		return Credentials{}, err
	}
	if err := userAttached.put(ctx, tx, u.ID, ManagedPolicyARN("AdministratorAccess")); err != nil {
		return Credentials{}, err
	}
	return s.insertKey(ctx, tx, u.ID, nil)
}

func (s *Service) countUsers(ctx context.Context, account string) (n int, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT count(*) FROM users WHERE account = ?`, account).Scan(&n)
	})
	return n, err
}

func (s *Service) oldestKey(ctx context.Context, account, user string) (c Credentials, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		var sealed string
		row := tx.QueryRowContext(ctx, `SELECT k.id, k.secret FROM access_keys k JOIN users u ON u.id = k.user_id
			WHERE u.account = ? AND u.name = ? AND k.status = ? ORDER BY k.created, k.id LIMIT 1`, account, user, statusActive)
		err := row.Scan(&c.AccessKeyID, &sealed)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read access key of %s in %s: %w", user, account, err)
		}
		c.Secret, err = s.openSecret(c.AccessKeyID, sealed)
		return err
	})
	return c, err
}
