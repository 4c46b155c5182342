package iam

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"unicode/utf8"

	"waybill/internal/awserr"
)

// SignIn checks a console password. account is a number or an alias. A wrong password, a user without one and a
// user or account that does not exist are the same AuthFailure, after about
// the same time. Too many at once are Throttling.
//
// A right password that must be replaced is PasswordResetRequired, and then the
// principal is there nevertheless, good for nothing but ChangePassword. One that
// only an administrator may replace is PasswordExpired.
func (s *Service) SignIn(ctx context.Context, account, user, password string) (Principal, error) {
	if len(password) > maxPassword*utf8.UTFMax {
		password = "" // nobody's: the length bounds the work
	}
	account, err := s.ResolveAccount(ctx, account)
	if err != nil {
		return Principal{}, err
	}
	u, l, err := s.signInProfile(ctx, account, user)
	if err != nil {
		return Principal{}, err
	}
	right, err := s.matches(ctx, l.hash, password)
	if err != nil {
		return Principal{}, wrap(err, "sign in user %s", u.ID)
	}
	if !right {
		return Principal{}, awserr.WithStatus(http.StatusForbidden, CodeSignIn,
			"Your authentication information is incorrect. Please try again.")
	}
	rules, err := s.rules(ctx, account)
	if err != nil {
		return Principal{}, err
	}
	expired := rules.expired(l.changed, s.now())
	switch {
	case expired && rules.HardExpiry:
		return Principal{}, awserr.WithStatus(http.StatusForbidden, CodePasswordExpired, "Your password has expired. An administrator must set a new one.")
	case expired || l.MustReset:
		return u.principal(""), awserr.WithStatus(http.StatusForbidden, CodePasswordReset, "A new password must be set.")
	}
	return u.principal(""), s.noteSignIn(ctx, u.ID)
}

// noteSignIn is past the memo: no decision hangs on it.
func (s *Service) noteSignIn(ctx context.Context, userID string) error {
	return s.Options.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE users SET password_used = ? WHERE id = ?`, millis(s.now()), userID)
		return wrap(err, "note the sign-in of %s", userID)
	})
}

// signInProfile returns an empty hash if there is no such user or password.
func (s *Service) signInProfile(ctx context.Context, account, user string) (u User, l LoginProfile, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		var changed int64
		row := tx.QueryRowContext(ctx, `SELECT `+userColumns+`, l.hash, l.must_reset, l.changed FROM users u
			JOIN login_profiles l ON l.user_id = u.id WHERE u.account = ? AND u.folded = ?`, account, fold(user))
		u, err = scanUser(row.Scan, &l.hash, &l.MustReset, &changed)
		l.changed = fromMillis(changed)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return wrap(err, "read the login profile of a user of %s", account)
	})
	return u, l, err
}
