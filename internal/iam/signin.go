package iam

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"

	"waybill/internal/awserr"
)

// SetPassword sets a user's console password.
func (s *Service) SetPassword(ctx context.Context, account, user, password string) error {
	if len(password) < minPassword || len(password) > maxPassword {
		return awserr.New("PasswordPolicyViolation", "The password must have between %d and %d characters.", minPassword, maxPassword)
	}
	var hash string
	if err := s.hashing.run(ctx, func() { hash = hashPassword(password) }); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		u, err := userByName(ctx, tx, account, user)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE users SET password_hash = ? WHERE id = ?`, hash, u.ID)
		return wrap(err, "set password of %s", u.ID)
	})
}

// ResetPassword gives a user a new random console password and returns it.
func (s *Service) ResetPassword(ctx context.Context, account, user string) (string, error) {
	password := newPassword()
	return password, s.SetPassword(ctx, account, user, password)
}

// SignIn checks a console password. A wrong password, a user without one and a
// user or account that does not exist are the same AuthFailure, after about
// the same time. Too many at once are Throttling.
func (s *Service) SignIn(ctx context.Context, account, user, password string) (Principal, error) {
	if len(password) > maxPassword {
		password = "" // nobody's: the length bounds the work
	}
	u, hash, err := s.passwordHash(ctx, account, user)
	if err != nil {
		return Principal{}, err
	}
	var matches bool
	var broken error
	if err := s.hashing.run(ctx, func() { matches, broken = verifyPassword(hash, password) }); err != nil {
		return Principal{}, err
	}
	if broken != nil {
		return Principal{}, fmt.Errorf("sign in user %s: %w", u.ID, broken)
	}
	if !matches {
		return Principal{}, awserr.WithStatus(http.StatusForbidden, CodeSignIn,
			"Your authentication information is incorrect. Please try again.")
	}
	return u.principal(""), nil
}

// passwordHash returns an empty hash if there is no such user or password.
func (s *Service) passwordHash(ctx context.Context, account, user string) (u User, hash string, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		row := tx.QueryRowContext(ctx, `SELECT `+userColumns+`, u.password_hash FROM users u WHERE u.account = ? AND u.folded = ?`, account, fold(user))
		u, err = scanUser(row.Scan, &hash)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return wrap(err, "read the password hash of a user of %s", account)
	})
	return u, hash, err
}
