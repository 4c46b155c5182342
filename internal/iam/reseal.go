package iam

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"waybill/internal/iam/seal"
)

// LongestSession is how long a session lives at most: what is sealed with a
// retired key and not stored is gone after it.
const LongestSession = maxUserSession * time.Second

// sealedSecret is a stored secret of an access key.
type sealedSecret struct{ keyID, sealed string }

func sealedSecrets(ctx context.Context, tx *sql.Tx) ([]sealedSecret, error) {
	list, err := readRows(ctx, tx, func(scan func(...any) error) (s sealedSecret, err error) { return s, scan(&s.keyID, &s.sealed) },
		`SELECT id, secret FROM access_keys ORDER BY id`)
	return list, wrap(err, "read sealed secrets")
}

// Reseal seals every stored secret with the keyring's first key, in one
// transaction, and returns how many there are. One that does not open is an
// error that names its access key, and nothing has changed.
func (s *Service) Reseal(ctx context.Context) (n int, err error) {
	err = s.DB.Write(ctx, func(tx *sql.Tx) error {
		list, err := sealedSecrets(ctx, tx)
		if err != nil {
			return err
		}
		for _, k := range list {
			secret, err := s.openSecret(k.keyID, k.sealed)
			if err != nil {
				return err
			}
			fresh, err := s.Keyring.Seal(keyPurpose, k.keyID, []byte(secret))
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `UPDATE access_keys SET secret = ? WHERE id = ?`, fresh, k.keyID); err != nil {
				return fmt.Errorf("seal the secret of access key %s anew: %w", k.keyID, err)
			}
		}
		n = len(list)
		return nil
	})
	return n, err
}

// CheckSealed opens every stored secret and returns how many are sealed with
// which key of the key file.
func (s *Service) CheckSealed(ctx context.Context) (by map[string]int, err error) {
	by = map[string]int{}
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		list, err := sealedSecrets(ctx, tx)
		if err != nil {
			return err
		}
		for _, k := range list {
			if _, err := s.openSecret(k.keyID, k.sealed); err != nil {
				return err
			}
			by[seal.KeyOf(k.sealed)]++
		}
		return nil
	})
	return by, err
}
