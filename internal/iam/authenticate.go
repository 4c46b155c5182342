package iam

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// Authenticate returns the secret that belongs to an access key and whose it
// is. sessionToken is empty for long-term keys. A key that nobody has, an
// inactive key, a token that does not belong to the key and a session whose
// role is gone are all InvalidClientTokenId; a session past its end is
// ExpiredToken.
func (s *Service) Authenticate(ctx context.Context, accessKeyID, sessionToken string) (secret string, p Principal, err error) {
	if sessionToken != "" {
		return s.authenticateSession(ctx, accessKeyID, sessionToken)
	}
	if !strings.HasPrefix(accessKeyID, prefixAccessKey) {
		return "", Principal{}, invalidToken()
	}
	k, err := recall(ctx, s, ownerKey{accessKeyID}, func(tx *sql.Tx) (ownedKey, error) { return keyOwner(ctx, tx, accessKeyID) })
	if err != nil {
		return "", Principal{}, err
	}
	secret, err = s.openSecret(accessKeyID, k.sealed)
	if err != nil {
		return "", Principal{}, err
	}
	return secret, k.principal, nil
}

// ownerKey is under which the memo holds an ownedKey.
type ownerKey struct{ accessKeyID string }

// ownedKey is an active access key: its sealed secret and who signs with it.
type ownedKey struct {
	sealed    string
	principal Principal
}

// keyOwner returns whose an active key is, with its sealed secret.
func keyOwner(ctx context.Context, tx *sql.Tx, keyID string) (k ownedKey, err error) {
	var service sql.NullString
	row := tx.QueryRowContext(ctx, `SELECT secret, service FROM access_keys WHERE id = ? AND status = ?`, keyID, statusActive)
	switch err := row.Scan(&k.sealed, &service); {
	case errors.Is(err, sql.ErrNoRows):
		return k, invalidToken()
	case err != nil:
		return k, fmt.Errorf("read access key %s: %w", keyID, err)
	}
	if service.Valid {
		k.principal = ServicePrincipal(service.String, "", "")
		k.principal.AccessKeyID = keyID
		return k, nil
	}
	row = tx.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users u JOIN access_keys k ON k.user_id = u.id WHERE k.id = ?`, keyID)
	u, err := scanUser(row.Scan)
	if err != nil {
		return k, fmt.Errorf("read the user of access key %s: %w", keyID, err)
	}
	k.principal = u.principal(keyID)
	return k, nil
}
