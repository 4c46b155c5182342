package iam

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"waybill/internal/arn"
	"waybill/internal/iam/policy"
	"waybill/internal/store"
)

// User is an IAM user.
type User struct {
	ID      string // "AIDA..."
	Account string
	Name    string
	Path    string
	Tags    []Tag
	Created time.Time
}

// ARN returns the user's ARN.
func (u *User) ARN() string { return arn.IAM(u.Account, "user", u.Path, u.Name) }

const userColumns = `u.id, u.account, u.name, u.path, u.tags, u.created`

// scanUser reads userColumns, and more columns after them into extra.
func scanUser(scan func(...any) error, extra ...any) (User, error) {
	var u User
	var tags string
	var created int64
	err := scan(append([]any{&u.ID, &u.Account, &u.Name, &u.Path, &tags, &created}, extra...)...)
	if err != nil {
		return User{}, err
	}
	if err := json.Unmarshal([]byte(tags), &u.Tags); err != nil {
		return User{}, fmt.Errorf("read tags of user %s: %w", u.ID, err)
	}
	u.Created = fromMillis(created)
	return u, nil
}

// userByName returns NoSuchEntity for a name that no user has.
func userByName(ctx context.Context, tx *sql.Tx, account, name string) (User, error) {
	row := tx.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users u WHERE u.account = ? AND u.name = ?`, account, name)
	u, err := scanUser(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, noSuchUser(name)
	}
	if err != nil {
		return User{}, fmt.Errorf("read user %s of %s: %w", name, account, err)
	}
	return u, nil
}

// User returns a user by name, or NoSuchEntity.
func (s *Service) User(ctx context.Context, account, name string) (u User, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		u, err = userByName(ctx, tx, account, name)
		return err
	})
	return u, err
}

// UserPrincipal returns the principal of a user by id: the console keeps the
// id in its session and asks again with each request. A user who is gone is
// InvalidClientTokenId.
func (s *Service) UserPrincipal(ctx context.Context, userID string) (p Principal, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		row := tx.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users u WHERE u.id = ?`, userID)
		u, err := scanUser(row.Scan)
		if errors.Is(err, sql.ErrNoRows) {
			return invalidToken()
		}
		if err != nil {
			return fmt.Errorf("read user %s: %w", userID, err)
		}
		p = u.principal("")
		return nil
	})
	return p, err
}

// CreateAccount makes an account if it is not there yet.
func (s *Service) CreateAccount(ctx context.Context, account string) error {
	return s.DB.Write(ctx, func(tx *sql.Tx) error { return s.ensureAccount(ctx, tx, account) })
}

func (s *Service) ensureAccount(ctx context.Context, tx *sql.Tx, account string) error {
	if err := CheckAccount(account); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO accounts (id, created) VALUES (?, ?) ON CONFLICT (id) DO NOTHING`, account, millis(s.now()))
	if err != nil {
		return fmt.Errorf("create account %s: %w", account, err)
	}
	return nil
}

// CreateUser makes a user without any right, key or password.
func (s *Service) CreateUser(ctx context.Context, account, path, name string, tags []Tag) (u User, err error) {
	err = s.DB.Write(ctx, func(tx *sql.Tx) error {
		u, err = s.createUser(ctx, tx, account, path, name, tags)
		return err
	})
	return u, err
}

func (s *Service) createUser(ctx context.Context, tx *sql.Tx, account, path, name string, tags []Tag) (User, error) {
	for _, err := range []error{checkName(name, "userName", maxUserName), checkPath(path, "path"), checkTags(tags)} {
		if err != nil {
			return User{}, err
		}
	}
	u := User{ID: newID(prefixUser, entityDigits), Account: account, Name: name, Path: path, Tags: tags, Created: s.now()}
	text, err := encodeTags(tags)
	if err != nil {
		return User{}, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO users (id, account, name, folded, path, tags, password_hash, created) VALUES (?, ?, ?, ?, ?, ?, '', ?)`,
		u.ID, account, name, fold(name), path, text, millis(u.Created))
	if store.IsUnique(err) {
		return User{}, exists("User with name %s already exists.", name)
	}
	if err != nil {
		return User{}, fmt.Errorf("create user %s in %s: %w", name, account, err)
	}
	return u, nil
}

// DeleteUser removes a user with its keys, password and policies.
func (s *Service) DeleteUser(ctx context.Context, account, name string) error {
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		u, err := userByName(ctx, tx, account, name)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM users WHERE id = ?`, u.ID); err != nil {
			return fmt.Errorf("delete user %s: %w", u.ID, err)
		}
		return nil
	})
}

// PutUserPolicy writes an inline policy of a user.
func (s *Service) PutUserPolicy(ctx context.Context, account, user, name, document string) error {
	if err := checkName(name, "policyName", maxPolicyName); err != nil {
		return err
	}
	if _, err := s.documents.parse(policy.Identity, document); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		u, err := userByName(ctx, tx, account, user)
		if err != nil {
			return err
		}
		return userInline.put(ctx, tx, u.ID, user, name, document)
	})
}

// AttachUserPolicy attaches a managed policy to a user; doing it twice is fine.
func (s *Service) AttachUserPolicy(ctx context.Context, account, user, policyARN string) error {
	if _, err := s.attachable(policyARN); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		u, err := userByName(ctx, tx, account, user)
		if err != nil {
			return err
		}
		return userAttached.put(ctx, tx, u.ID, policyARN)
	})
}
