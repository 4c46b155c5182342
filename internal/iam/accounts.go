package iam

import (
	"context"
	"database/sql"
)

// AccountExists reports whether the server has the account.
func (s *Service) AccountExists(ctx context.Context, account string) (bool, error) {
	var n int
	err := s.DB.Read(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT count(*) FROM accounts WHERE id = ?`, account).Scan(&n)
	})
	return n > 0, wrap(err, "look for account %s", account)
}
