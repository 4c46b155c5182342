package iam

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"waybill/internal/arn"
	"waybill/internal/store"
)

// User is an IAM user.
type User struct {
	ID      string // "AIDA..."
	Account string
	Name    string
	Path    string
	Tags    []Tag
	// Boundary is the ARN of the permissions boundary; empty for none.
	Boundary string
	Created  time.Time
	// PasswordUsed is when the user last signed in to the console; zero if never.
	PasswordUsed time.Time
}

// ARN returns the user's ARN.
func (u *User) ARN() string { return arn.IAM(u.Account, "user", u.Path, u.Name) }

func userOwner(account, name string) Owner { return Owner{KindUser, account, name} }

const userColumns = `u.id, u.account, u.name, u.path, u.tags, u.boundary, u.created, u.password_used`

// scanUser reads userColumns, and more columns after them into extra.
func scanUser(scan func(...any) error, extra ...any) (User, error) {
	var u User
	var tags string
	var created, used int64
	err := scan(append([]any{&u.ID, &u.Account, &u.Name, &u.Path, &tags, &u.Boundary, &created, &used}, extra...)...)
	if err != nil {
		return User{}, err
	}
	if err := json.Unmarshal([]byte(tags), &u.Tags); err != nil {
		return User{}, fmt.Errorf("read tags of user %s: %w", u.ID, err)
	}
	u.Created, u.PasswordUsed = fromMillis(created), fromMillis(used)
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

// Users returns a page of an account's users (IAM ListUsers).
func (s *Service) Users(ctx context.Context, l Listing) ([]User, bool, error) {
	return readListing(ctx, s, l, `SELECT `+userColumns+` FROM users u`, "u", func(scan func(...any) error) (User, error) { return scanUser(scan) })
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

// NewUser is what CreateUser takes.
type NewUser struct {
	Name     string
	Path     string // empty means "/"
	Boundary string // ARN of a managed policy; empty for none
	Tags     []Tag
}

// CreateUser makes a user without any right, key or password (IAM CreateUser).
func (s *Service) CreateUser(ctx context.Context, account string, n NewUser) (u User, err error) {
	err = s.DB.Write(ctx, func(tx *sql.Tx) error {
		u, err = s.createUser(ctx, tx, account, n)
		return err
	})
	return u, err
}

func (s *Service) createUser(ctx context.Context, tx *sql.Tx, account string, n NewUser) (User, error) {
	u := User{ID: newID(prefixUser, entityDigits), Account: account, Name: n.Name, Path: defaultPath(n.Path),
		Tags: mergeTags(nil, n.Tags), Boundary: n.Boundary, Created: s.now()}
	for _, err := range []error{checkName(u.Name, "userName", maxUserName), checkPath(u.Path, "path"), checkTagsOf("User", n.Tags)} {
		if err != nil {
			return User{}, err
		}
	}
	if u.Boundary != "" {
		if err := s.checkBoundary(ctx, tx, account, u.Boundary); err != nil {
			return User{}, err
		}
	}
	tags, err := encodeTags(u.Tags)
	if err != nil {
		return User{}, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO users (id, account, name, folded, path, tags, boundary, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		u.ID, account, u.Name, fold(u.Name), u.Path, tags, u.Boundary, millis(u.Created))
	if store.IsUnique(err) {
		return User{}, exists("User with name %s already exists.", u.Name)
	}
	if err != nil {
		return User{}, fmt.Errorf("create user %s in %s: %w", u.Name, account, err)
	}
	return u, checkQuota(ctx, tx, "users", account, "UsersPerAccount", maxUsersPerAccount)
}

// UpdateUser renames or moves a user; nil leaves as it is (IAM UpdateUser).
func (s *Service) UpdateUser(ctx context.Context, account, name string, newName, newPath *string) error {
	return s.rename(ctx, userOwner(account, name), newName, newPath, "newUserName", maxUserName)
}

// DeleteUser removes a user who has nothing any more (IAM DeleteUser).
func (s *Service) DeleteUser(ctx context.Context, account, name string) error {
	return s.changeEntity(ctx, userOwner(account, name), func(tx *sql.Tx, e *Entity) error {
		for _, has := range []struct{ table, must string }{
			{"login_profiles", "delete login profile"},
			{"access_keys", "delete access keys"},
			{"group_members", "remove users from group"},
		} {
			var n int
			if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM `+has.table+` WHERE user_id = ?`, e.ID).Scan(&n); err != nil {
				return fmt.Errorf("look for %s of user %s: %w", has.table, e.ID, err)
			}
			if n > 0 {
				return deleteConflict("Cannot delete entity, must %s first.", has.must)
			}
		}
		return deleteEntity(ctx, tx, e)
	})
}
