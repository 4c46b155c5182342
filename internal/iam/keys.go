package iam

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Credentials are a long-term access key with its secret.
type Credentials struct {
	AccessKeyID string
	Secret      string
}

// keyPurpose separates sealed secrets of access keys from all else.
const keyPurpose = "access-key"

const (
	statusActive = "Active"
	maxUserKeys  = 2 // IAM quota "access keys assigned to an IAM user"
)

// CreateAccessKey gives a user one more access key. The secret is shown this once.
func (s *Service) CreateAccessKey(ctx context.Context, account, user string) (c Credentials, err error) {
	err = s.DB.Write(ctx, func(tx *sql.Tx) error {
		u, err := userByName(ctx, tx, account, user)
		if err != nil {
			return err
		}
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM access_keys WHERE user_id = ?`, u.ID).Scan(&n); err != nil {
			return fmt.Errorf("count access keys of %s: %w", u.ID, err)
		}
		if n >= maxUserKeys {
			return limitExceeded("Cannot exceed quota for AccessKeysPerUser: %d", maxUserKeys)
		}
		c, err = s.insertKey(ctx, tx, u.ID, nil)
		return err
	})
	return c, err
}

// insertKey makes a key for a user id or, if that is nil, for a service.
func (s *Service) insertKey(ctx context.Context, tx *sql.Tx, userID, service any) (Credentials, error) {
	c := Credentials{newID(prefixAccessKey, keyDigits), newSecret()}
	sealed, err := s.Keyring.Seal(keyPurpose, c.AccessKeyID, []byte(c.Secret))
	if err != nil {
		return Credentials{}, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO access_keys (id, user_id, service, secret, status, created) VALUES (?, ?, ?, ?, ?, ?)`,
		c.AccessKeyID, userID, service, sealed, statusActive, millis(s.now()))
	if err != nil {
		return Credentials{}, fmt.Errorf("create access key: %w", err)
	}
	return c, nil
}

// openSecret unseals a stored secret.
func (s *Service) openSecret(keyID, sealed string) (string, error) {
	secret, err := s.Keyring.Open(keyPurpose, keyID, sealed)
	if err != nil {
		return "", fmt.Errorf("the key file does not open the secret of access key %s in %s: %w", keyID, s.DB.Path(), err)
	}
	return string(secret), nil
}

// SetAccessKeyActive activates or deactivates a user's key.
func (s *Service) SetAccessKeyActive(ctx context.Context, account, user, keyID string, active bool) error {
	status := "Inactive"
	if active {
		status = statusActive
	}
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		u, err := userByName(ctx, tx, account, user)
		if err != nil {
			return err
		}
		n, err := execCount(ctx, tx, `UPDATE access_keys SET status = ? WHERE id = ? AND user_id = ?`, status, keyID, u.ID)
		if err == nil && n == 0 {
			return noSuch("The Access Key with id %s cannot be found.", keyID)
		}
		return wrap(err, "update access key %s", keyID)
	})
}

// ServiceCredentials returns the access key with which Waybill itself signs as
// a service principal, and makes it if it is not there yet.
func (s *Service) ServiceCredentials(ctx context.Context, service string) (c Credentials, err error) {
	err = s.DB.Write(ctx, func(tx *sql.Tx) error {
		var sealed string
		row := tx.QueryRowContext(ctx, `SELECT id, secret FROM access_keys WHERE service = ?`, service)
		err := row.Scan(&c.AccessKeyID, &sealed)
		if errors.Is(err, sql.ErrNoRows) {
			c, err = s.insertKey(ctx, tx, nil, service)
			return err
		}
		if err != nil {
			return fmt.Errorf("read access key of %s: %w", service, err)
		}
		c.Secret, err = s.openSecret(c.AccessKeyID, sealed)
		return err
	})
	return c, err
}
