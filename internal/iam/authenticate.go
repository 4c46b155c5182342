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
	var sealed string
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		p, sealed, err = keyOwner(ctx, tx, accessKeyID)
		return err
	})
	if err != nil {
		return "", Principal{}, err
	}
	secret, err = s.openSecret(accessKeyID, sealed)
	if err != nil {
		return "", Principal{}, err
	}
	return secret, p, nil
}

// keyOwner returns whose an active key is, with its sealed secret.
func keyOwner(ctx context.Context, tx *sql.Tx, keyID string) (p Principal, sealed string, err error) {
	var service sql.NullString
	row := tx.QueryRowContext(ctx, `SELECT secret, service FROM access_keys WHERE id = ? AND status = ?`, keyID, statusActive)
	switch err := row.Scan(&sealed, &service); {
	case errors.Is(err, sql.ErrNoRows):
		return p, "", invalidToken()
	case err != nil:
		return p, "", fmt.Errorf("read access key %s: %w", keyID, err)
	}
	if service.Valid {
		p = ServicePrincipal(service.String, "", "")
		p.AccessKeyID = keyID
		return p, sealed, nil
	}
	row = tx.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users u JOIN access_keys k ON k.user_id = u.id WHERE k.id = ?`, keyID)
	u, err := scanUser(row.Scan)
	if err != nil {
		return p, "", fmt.Errorf("read the user of access key %s: %w", keyID, err)
	}
	return u.principal(keyID), sealed, nil
}
