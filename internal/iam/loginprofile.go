package iam

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"time"

	"waybill/internal/awserr"
)

// LoginProfile is a user's console password, as far as anybody may see it.
type LoginProfile struct {
	User string
	// MustReset says that the next sign-in demands a new password.
	MustReset bool
	Created   time.Time

	userID  string
	hash    string
	changed time.Time
}

// loginProfile returns NoSuchEntity for a user without a password.
func loginProfile(ctx context.Context, tx *sql.Tx, e *Entity) (LoginProfile, error) {
	l := LoginProfile{User: e.Name, userID: e.ID}
	var created, changed int64
	row := tx.QueryRowContext(ctx, `SELECT hash, must_reset, created, changed FROM login_profiles WHERE user_id = ?`, e.ID)
	err := row.Scan(&l.hash, &l.MustReset, &created, &changed)
	if errors.Is(err, sql.ErrNoRows) {
		return l, noSuch("Login Profile for User %s cannot be found.", e.Name)
	}
	l.Created, l.changed = fromMillis(created), fromMillis(changed)
	return l, wrap(err, "read the login profile of %s", e.ID)
}

// LoginProfile returns the login profile of a user (IAM GetLoginProfile).
func (s *Service) LoginProfile(ctx context.Context, account, user string) (l LoginProfile, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		e, err := userOwner(account, user).entity(ctx, tx)
		if err != nil {
			return err
		}
		l, err = loginProfile(ctx, tx, &e)
		return err
	})
	return l, err
}

// CreateLoginProfile gives a user a first console password (IAM CreateLoginProfile).
func (s *Service) CreateLoginProfile(ctx context.Context, account, user, password string, mustReset bool) (LoginProfile, error) {
	hash, err := s.newHash(ctx, account, user, password)
	if err != nil {
		return LoginProfile{}, err
	}
	var l LoginProfile
	err = s.changeEntity(ctx, userOwner(account, user), func(tx *sql.Tx, e *Entity) error {
		_, err := loginProfile(ctx, tx, e)
		if err == nil {
			return exists("Login Profile for user %s already exists.", user)
		}
		if !awserr.HasCode(err, CodeNoSuchEntity) {
			return err
		}
		if err := s.writePassword(ctx, tx, e.ID, hash, mustReset, 0); err != nil {
			return err
		}
		l, err = loginProfile(ctx, tx, e)
		return err
	})
	return l, err
}

// newHash checks a password by the account's policy and hashes it, outside of
// any transaction because that takes long.
func (s *Service) newHash(ctx context.Context, account, user, password string) (hash string, err error) {
	var p Problems
	p.Length(password, "password", 1, maxPassword)
	if err := p.Err(); err != nil {
		return "", err
	}
	rules, err := s.rules(ctx, account)
	if err != nil {
		return "", err
	}
	if err := rules.check(user, password); err != nil {
		return "", err
	}
	err = s.hashing.run(ctx, func() { hash = hashPassword(password) })
	return hash, err
}

// rules is the account's password policy; nil is AWS's default.
func (s *Service) rules(ctx context.Context, account string) (p *PasswordPolicy, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		p, err = passwordPolicy(ctx, tx, account)
		return err
	})
	return p, err
}

// writePassword sets a password and remembers as many as may not come back.
func (s *Service) writePassword(ctx context.Context, tx *sql.Tx, userID, hash string, mustReset bool, remember int) error {
	now := millis(s.now())
	_, err := tx.ExecContext(ctx, `INSERT INTO login_profiles (user_id, hash, must_reset, created, changed) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, must_reset = excluded.must_reset, changed = excluded.changed`,
		userID, hash, mustReset, now, now)
	if err != nil {
		return fmt.Errorf("set password of %s: %w", userID, err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO password_history (user_id, hash, changed) VALUES (?, ?, ?)`, userID, hash, now); err != nil {
		return fmt.Errorf("remember password of %s: %w", userID, err)
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM password_history WHERE user_id = ? AND hash NOT IN
		(SELECT hash FROM password_history WHERE user_id = ? ORDER BY changed DESC LIMIT ?)`, userID, userID, max(remember, 1))
	return wrap(err, "forget old passwords of %s", userID)
}

// UpdateLoginProfile sets a new password, whether it must be replaced at the
// next sign-in, or both; nil leaves as it is (IAM UpdateLoginProfile).
func (s *Service) UpdateLoginProfile(ctx context.Context, account, user string, password *string, mustReset *bool) error {
	before, err := s.LoginProfile(ctx, account, user)
	if err != nil {
		return err
	}
	reset := before.MustReset
	if mustReset != nil {
		reset = *mustReset
	}
	if password != nil {
		return s.replacePassword(ctx, account, user, before, *password, mustReset != nil && *mustReset)
	}
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE login_profiles SET must_reset = ? WHERE user_id = ?`, reset, before.userID)
		return wrap(err, "update the login profile of %s", before.userID)
	})
}

// replacePassword checks and writes a new password in the place of another.
func (s *Service) replacePassword(ctx context.Context, account, user string, before LoginProfile, password string, mustReset bool) error {
	rules, err := s.rules(ctx, account)
	if err != nil {
		return err
	}
	if rules != nil && rules.Reuse > 0 {
		if err := s.checkReuse(ctx, before.userID, password, rules.Reuse); err != nil {
			return err
		}
	}
	hash, err := s.newHash(ctx, account, user, password)
	if err != nil {
		return err
	}
	remember := maxReuse // a later policy may look further back than today's
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		var now string
		row := tx.QueryRowContext(ctx, `SELECT hash FROM login_profiles WHERE user_id = ?`, before.userID)
		if err := row.Scan(&now); errors.Is(err, sql.ErrNoRows) || err == nil && now != before.hash {
			return awserr.WithStatus(http.StatusConflict, CodeConcurrent, "The password of user %s was changed at the same time. Try again.", user)
		} else if err != nil {
			return fmt.Errorf("read the login profile of %s: %w", before.userID, err)
		}
		return s.writePassword(ctx, tx, before.userID, hash, mustReset, remember)
	})
}

// checkReuse refuses a password that is one of the newest.
func (s *Service) checkReuse(ctx context.Context, userID, password string, most int) error {
	var hashes []string
	err := s.DB.Read(ctx, func(tx *sql.Tx) (err error) {
		hashes, err = readRows(ctx, tx, func(scan func(...any) error) (h string, err error) { return h, scan(&h) },
			`SELECT hash FROM password_history WHERE user_id = ? ORDER BY changed DESC LIMIT ?`, userID, most)
		return err
	})
	if err != nil {
		return fmt.Errorf("read earlier passwords of %s: %w", userID, err)
	}
	for _, hash := range hashes {
		matches, err := s.matches(ctx, hash, password)
		if err != nil {
			return fmt.Errorf("check earlier passwords of %s: %w", userID, err)
		}
		if matches {
			return passwordViolation("Policy constraint violation with password reuse prevention during password change.")
		}
	}
	return nil
}

// matches compares in its turn.
func (s *Service) matches(ctx context.Context, hash, password string) (ok bool, err error) {
	if waiting := s.hashing.run(ctx, func() { ok, err = verifyPassword(hash, password) }); waiting != nil {
		return false, waiting
	}
	return ok, err
}

// DeleteLoginProfile ends a user's console access (IAM DeleteLoginProfile).
func (s *Service) DeleteLoginProfile(ctx context.Context, account, user string) error {
	return s.changeEntity(ctx, userOwner(account, user), func(tx *sql.Tx, e *Entity) error {
		if _, err := loginProfile(ctx, tx, e); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM login_profiles WHERE user_id = ?`, e.ID)
		return wrap(err, "delete the login profile of %s", e.ID)
	})
}

// ChangePassword lets a user replace the own password (IAM ChangePassword).
func (s *Service) ChangePassword(ctx context.Context, caller Principal, old, password string) error {
	if caller.Type != TypeUser {
		return awserr.New(CodeInvalidUserType, "Only IAM Users can change their own password")
	}
	var p Problems
	p.Length(old, "oldPassword", 1, maxPassword)
	p.Length(password, "newPassword", 1, maxPassword)
	if err := p.Err(); err != nil {
		return err
	}
	before, err := s.LoginProfile(ctx, caller.Account, caller.Name)
	if err != nil {
		return err
	}
	right, err := s.matches(ctx, before.hash, old)
	if err != nil {
		return err
	}
	if !right {
		return awserr.WithStatus(http.StatusForbidden, CodeAccessDenied, "The old password was incorrect.")
	}
	return s.replacePassword(ctx, caller.Account, caller.Name, before, password, false)
}
