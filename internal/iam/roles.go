package iam

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"waybill/internal/arn"
	"waybill/internal/awserr"
	"waybill/internal/iam/policy"
	"waybill/internal/store"
)

// Role is an IAM role.
type Role struct {
	ID      string // "AROA..."
	Account string
	Name    string
	Path    string
	// Trust is the assume-role policy document as it was written.
	Trust       string
	Description string
	// MaxSession is the longest session: 1 to 12 hours.
	MaxSession time.Duration
	Tags       []Tag
	// Boundary is the ARN of the permissions boundary; empty for none.
	Boundary string
	// LinkedService is the service of a service-linked role, else empty.
	LinkedService string
	Created       time.Time
	// LastUsed is about when a session of it was last made, LastRegion where; zero if never.
	LastUsed   time.Time
	LastRegion string
}

// ARN returns the role's ARN.
func (r *Role) ARN() string { return arn.IAM(r.Account, "role", r.Path, r.Name) }

// defaultSession is the longest session of a role that says nothing else.
const defaultSession = time.Hour

func roleOwner(account, name string) Owner { return Owner{KindRole, account, name} }

const roleColumns = `id, account, name, path, trust, description, max_session, tags, boundary, linked_service, created, last_used, last_region`

func scanRole(scan func(...any) error) (Role, error) {
	var r Role
	var tags string
	var seconds, created, used int64
	err := scan(&r.ID, &r.Account, &r.Name, &r.Path, &r.Trust, &r.Description, &seconds, &tags, &r.Boundary, &r.LinkedService, &created, &used, &r.LastRegion)
	if err != nil {
		return Role{}, err
	}
	if err := json.Unmarshal([]byte(tags), &r.Tags); err != nil {
		return Role{}, fmt.Errorf("read tags of role %s: %w", r.ID, err)
	}
	r.MaxSession = time.Duration(seconds) * time.Second
	r.Created, r.LastUsed = fromMillis(created), fromMillis(used)
	return r, nil
}

// roleWhere returns one role; found is false if there is none.
func roleWhere(ctx context.Context, tx *sql.Tx, where string, args ...any) (r Role, found bool, err error) {
	r, err = scanRole(tx.QueryRowContext(ctx, `SELECT `+roleColumns+` FROM roles WHERE `+where, args...).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Role{}, false, nil
	}
	if err != nil {
		return Role{}, false, fmt.Errorf("read role: %w", err)
	}
	return r, true, nil
}

// roleByName returns NoSuchEntity for a name that no role has.
func roleByName(ctx context.Context, tx *sql.Tx, account, name string) (Role, error) {
	r, found, err := roleWhere(ctx, tx, `account = ? AND name = ?`, account, name)
	if err == nil && !found {
		err = noSuchRole(name)
	}
	return r, err
}

// roleByARN finds a role by its ARN, path included.
func roleByARN(ctx context.Context, tx *sql.Tx, roleARN string) (r Role, found bool, err error) {
	a, err := arn.Parse(roleARN)
	if err != nil || a.Service != "iam" || !strings.HasPrefix(a.Resource, "role/") {
		return Role{}, false, nil
	}
	name := a.Resource[strings.LastIndexByte(a.Resource, '/')+1:]
	r, found, err = roleWhere(ctx, tx, `account = ? AND name = ?`, a.Account, name)
	return r, found && r.ARN() == roleARN, err
}

// NewRole is what CreateRole takes.
type NewRole struct {
	Name        string
	Path        string // empty means "/"
	Trust       string
	Description string
	MaxSession  time.Duration // zero means one hour
	Boundary    string        // ARN of a managed policy; empty for none
	Tags        []Tag
}

// CreateRole makes a role (IAM CreateRole).
func (s *Service) CreateRole(ctx context.Context, account string, n NewRole) (Role, error) {
	r := Role{ID: newID(prefixRole, entityDigits), Account: account, Name: n.Name, Path: defaultPath(n.Path), Trust: n.Trust,
		Description: n.Description, MaxSession: n.MaxSession, Boundary: n.Boundary, Tags: n.Tags, Created: s.now()}
	if r.MaxSession == 0 {
		r.MaxSession = defaultSession
	}
	if err := s.checkRole(&r); err != nil {
		return Role{}, err
	}
	r.Tags = mergeTags(nil, r.Tags)
	err := s.DB.Write(ctx, func(tx *sql.Tx) error {
		if r.Boundary != "" {
			if err := s.checkBoundary(ctx, tx, account, r.Boundary); err != nil {
				return err
			}
		}
		err := insertRole(ctx, tx, &r)
		if store.IsUnique(err) {
			return exists("Role with name %s already exists.", r.Name)
		}
		if err != nil {
			return err
		}
		return checkQuota(ctx, tx, "roles", account, "RolesPerAccount", maxRolesPerAccount)
	})
	return r, err
}

func (s *Service) checkRole(r *Role) error {
	if err := checkName(r.Name, "roleName", maxRoleName); err != nil {
		return err
	}
	if err := checkPath(r.Path, "path"); err != nil {
		return err
	}
	if strings.HasPrefix(r.Path, servicePath) {
		return awserr.New(CodeInvalidInput, "The path %s is reserved for service-linked roles.", servicePath)
	}
	var p Problems
	p.Length(r.Description, "description", 0, maxDescription)
	p.Range(int64(r.MaxSession/time.Second), "maxSessionDuration", minSession, maxSession)
	if err := p.Err(); err != nil {
		return err
	}
	if err := checkTags(r.Tags); err != nil {
		return err
	}
	return s.checkTrust(r.Trust)
}

// checkTrust refuses what is no valid trust policy.
func (s *Service) checkTrust(document string) error {
	var p Problems
	p.Length(document, "assumeRolePolicyDocument", 1, maxDocument)
	if err := p.Err(); err != nil {
		return err
	}
	if visibleLength(document) > maxTrust {
		return limitExceeded("Cannot exceed quota for ACLSizePerRole: %d", maxTrust)
	}
	_, err := s.documents.parse(policy.Trust, document)
	return err
}

func insertRole(ctx context.Context, tx *sql.Tx, r *Role) error {
	tags, err := encodeTags(r.Tags)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO roles (`+roleColumns+`, folded) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', ?)`,
		r.ID, r.Account, r.Name, r.Path, r.Trust, r.Description, int64(r.MaxSession/time.Second), tags, r.Boundary, r.LinkedService, millis(r.Created), fold(r.Name))
	if err != nil {
		return fmt.Errorf("create role %s in %s: %w", r.Name, r.Account, err)
	}
	return nil
}

// Role returns a role by name, or NoSuchEntity.
func (s *Service) Role(ctx context.Context, account, name string) (r Role, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		r, err = roleByName(ctx, tx, account, name)
		return err
	})
	return r, err
}

// Roles returns a page of an account's roles (IAM ListRoles).
func (s *Service) Roles(ctx context.Context, l Listing) ([]Role, bool, error) {
	return readListing(ctx, s, l, `SELECT `+roleColumns+` FROM roles r`, "r", scanRole)
}

// DeleteRole removes a role that has no policies any more (IAM DeleteRole).
func (s *Service) DeleteRole(ctx context.Context, account, name string) error {
	return s.changeEntity(ctx, roleOwner(account, name), func(tx *sql.Tx, e *Entity) error {
		return deleteEntity(ctx, tx, e)
	})
}

func deleteRole(ctx context.Context, tx *sql.Tx, id string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM roles WHERE id = ?`, id); err != nil {
		return fmt.Errorf("delete role %s: %w", id, err)
	}
	return nil
}

// UpdateTrust replaces a role's trust policy (IAM UpdateAssumeRolePolicy).
func (s *Service) UpdateTrust(ctx context.Context, account, name, document string) error {
	if err := s.checkTrust(document); err != nil {
		return err
	}
	return s.changeEntity(ctx, roleOwner(account, name), func(tx *sql.Tx, e *Entity) error {
		return e.setColumn(ctx, tx, "trust", document)
	})
}

// UpdateRole changes description and longest session; nil leaves as it is (IAM
// UpdateRole). Of a service-linked role only the description may change.
func (s *Service) UpdateRole(ctx context.Context, account, name string, description *string, longest *time.Duration) (r Role, err error) {
	var p Problems
	if description != nil {
		p.Length(*description, "description", 0, maxDescription)
	}
	if longest != nil {
		p.Range(int64(*longest/time.Second), "maxSessionDuration", minSession, maxSession)
	}
	if err := p.Err(); err != nil {
		return Role{}, err
	}
	err = s.DB.Write(ctx, func(tx *sql.Tx) error {
		if r, err = roleByName(ctx, tx, account, name); err != nil {
			return err
		}
		if longest != nil {
			if r.LinkedService != "" {
				return unmodifiable(r.Name)
			}
			r.MaxSession = *longest
		}
		if description != nil {
			r.Description = *description
		}
		_, err := tx.ExecContext(ctx, `UPDATE roles SET description = ?, max_session = ? WHERE id = ?`,
			r.Description, int64(r.MaxSession/time.Second), r.ID)
		return wrap(err, "update role %s", r.ID)
	})
	return r, err
}

// wrap adds what was tried to an error, if there is one.
func wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), err)
}
