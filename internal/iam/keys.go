package iam

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Credentials are a long-term access key with its secret.
type Credentials struct {
	AccessKeyID string
	Secret      string
}

// AccessKey is a user's access key, as far as it may be seen after its creation.
type AccessKey struct {
	ID      string
	User    string
	Active  bool
	Created time.Time
	Use     KeyUse
}

// Status is the word of IAM's API: "Active" or "Inactive".
func (k *AccessKey) Status() string { return statusWord(k.Active) }

// keyPurpose separates sealed secrets of access keys from all else.
const keyPurpose = "access-key"

const (
	statusActive   = "Active"
	statusInactive = "Inactive"
	maxUserKeys    = 2 // IAM quota "access keys assigned to an IAM user"
)

func statusWord(active bool) string {
	if active {
		return statusActive
	}
	return statusInactive
}

// CreateAccessKey gives a user one more access key. The secret is shown this
// once (IAM CreateAccessKey).
func (s *Service) CreateAccessKey(ctx context.Context, account, user string) (c Credentials, err error) {
	err = s.changeEntity(ctx, userOwner(account, user), func(tx *sql.Tx, e *Entity) error {
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM access_keys WHERE user_id = ?`, e.ID).Scan(&n); err != nil {
			return fmt.Errorf("count access keys of %s: %w", e.ID, err)
		}
		if n >= maxUserKeys {
			return limitExceeded("Cannot exceed quota for AccessKeysPerUser: %d", maxUserKeys)
		}
		c, err = s.insertKey(ctx, tx, e.ID, nil)
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

// AccessKeys returns a user's access keys, oldest first (IAM ListAccessKeys).
func (s *Service) AccessKeys(ctx context.Context, account, user string) (list []AccessKey, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		e, err := userOwner(account, user).entity(ctx, tx)
		if err != nil {
			return err
		}
		list, err = readRows(ctx, tx, scanKey, `SELECT `+keyColumns+` FROM access_keys k JOIN users u ON u.id = k.user_id
			WHERE u.id = ? ORDER BY k.created, k.id`, e.ID)
		return err
	})
	for i := range list {
		list[i].Use = s.uses.newer(list[i].ID, list[i].Use)
	}
	return list, err
}

const keyColumns = `k.id, u.name, k.status, k.created, k.last_used, k.last_service, k.last_region`

func scanKey(scan func(...any) error) (k AccessKey, err error) {
	var status string
	var created, used int64
	err = scan(&k.ID, &k.User, &status, &created, &used, &k.Use.Service, &k.Use.Region)
	k.Active, k.Created, k.Use.At = status == statusActive, fromMillis(created), fromMillis(used)
	return k, err
}

// AccessKey returns a user's key of an account by its id, with its last use
// (IAM GetAccessKeyLastUsed).
func (s *Service) AccessKey(ctx context.Context, account, keyID string) (k AccessKey, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		row := tx.QueryRowContext(ctx, `SELECT `+keyColumns+` FROM access_keys k JOIN users u ON u.id = k.user_id
			WHERE k.id = ? AND u.account = ?`, keyID, account)
		k, err = scanKey(row.Scan)
		if errors.Is(err, sql.ErrNoRows) {
			return noSuchKey(keyID)
		}
		return wrap(err, "read access key %s", keyID)
	})
	k.Use = s.uses.newer(keyID, k.Use)
	return k, err
}

func noSuchKey(keyID string) error {
	return noSuch("The Access Key with id %s cannot be found.", keyID)
}

// SetAccessKeyActive activates or deactivates a user's key, from the next
// request on (IAM UpdateAccessKey).
func (s *Service) SetAccessKeyActive(ctx context.Context, account, user, keyID string, active bool) error {
	return s.changeKey(ctx, account, user, keyID, `UPDATE access_keys SET status = '`+statusWord(active)+`' WHERE id = ? AND user_id = ?`)
}

// DeleteAccessKey removes a user's key (IAM DeleteAccessKey).
func (s *Service) DeleteAccessKey(ctx context.Context, account, user, keyID string) error {
	return s.changeKey(ctx, account, user, keyID, `DELETE FROM access_keys WHERE id = ? AND user_id = ?`)
}

func (s *Service) changeKey(ctx context.Context, account, user, keyID, statement string) error {
	return s.changeEntity(ctx, userOwner(account, user), func(tx *sql.Tx, e *Entity) error {
		n, err := execCount(ctx, tx, statement, keyID, e.ID)
		if err == nil && n == 0 {
			return noSuchKey(keyID)
		}
		return wrap(err, "change access key %s", keyID)
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
