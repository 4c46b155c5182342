package iam

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"waybill/internal/arn"
	"waybill/internal/store"
)

// Group is an IAM group: users who share policies.
type Group struct {
	ID      string // "AGPA..."
	Account string
	Name    string
	Path    string
	Created time.Time
}

// ARN returns the group's ARN.
func (g *Group) ARN() string { return arn.IAM(g.Account, "group", g.Path, g.Name) }

const groupColumns = `g.id, g.account, g.name, g.path, g.created`

func scanGroup(scan func(...any) error) (g Group, err error) {
	var created int64
	err = scan(&g.ID, &g.Account, &g.Name, &g.Path, &created)
	g.Created = fromMillis(created)
	return g, err
}

func groupOwner(account, name string) Owner { return Owner{KindGroup, account, name} }

// CreateGroup makes a group without policies and members; an empty path means
// "/" (IAM CreateGroup).
func (s *Service) CreateGroup(ctx context.Context, account, path, name string) (Group, error) {
	g := Group{ID: newID(prefixGroup, entityDigits), Account: account, Name: name, Path: defaultPath(path), Created: s.now()}
	for _, err := range []error{checkName(name, "groupName", maxGroupName), checkPath(g.Path, "path")} {
		if err != nil {
			return Group{}, err
		}
	}
	err := s.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO iam_groups (id, account, name, folded, path, created) VALUES (?, ?, ?, ?, ?, ?)`,
			g.ID, account, name, fold(name), g.Path, millis(g.Created))
		if store.IsUnique(err) {
			return exists("Group with name %s already exists.", name)
		}
		if err != nil {
			return fmt.Errorf("create group %s in %s: %w", name, account, err)
		}
		return checkQuota(ctx, tx, "iam_groups", account, "GroupsPerAccount", maxGroupsPerAccount)
	})
	return g, err
}

// checkQuota refuses more rows of an account than there may be.
func checkQuota(ctx context.Context, tx *sql.Tx, table, account, quota string, most int) error {
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM `+table+` WHERE account = ?`, account).Scan(&n); err != nil {
		return fmt.Errorf("count %s of %s: %w", table, account, err)
	}
	if n > most {
		return limitExceeded("Cannot exceed quota for %s: %d", quota, most)
	}
	return nil
}

// Group returns a group by name, or NoSuchEntity.
func (s *Service) Group(ctx context.Context, account, name string) (g Group, err error) {
	list, _, err := readGroups(ctx, s, Listing{Account: account, name: name, Limit: 1})
	if err == nil && len(list) == 0 {
		return Group{}, groupOwner(account, name).missing()
	}
	if err != nil {
		return Group{}, err
	}
	return list[0], nil
}

// Groups returns a page of an account's groups (IAM ListGroups).
func (s *Service) Groups(ctx context.Context, l Listing) ([]Group, bool, error) {
	return readGroups(ctx, s, l)
}

func readGroups(ctx context.Context, s *Service, l Listing) ([]Group, bool, error) {
	return readListing(ctx, s, l, `SELECT `+groupColumns+` FROM iam_groups g`, "g", scanGroup)
}

// UpdateGroup renames or moves a group; nil leaves as it is (IAM UpdateGroup).
func (s *Service) UpdateGroup(ctx context.Context, account, name string, newName, newPath *string) error {
	return s.rename(ctx, groupOwner(account, name), newName, newPath, "newGroupName", maxGroupName)
}

// rename gives a user or a group another name, path or both.
func (s *Service) rename(ctx context.Context, o Owner, newName, newPath *string, at string, most int) error {
	if newName != nil {
		if err := checkName(*newName, at, most); err != nil {
			return err
		}
	}
	if newPath != nil {
		if err := checkPath(*newPath, "newPath"); err != nil {
			return err
		}
	}
	return s.changeEntity(ctx, o, func(tx *sql.Tx, e *Entity) error {
		name, path := e.Name, e.Path
		if newName != nil {
			name = *newName
		}
		if newPath != nil {
			path = *newPath
		}
		_, err := tx.ExecContext(ctx, `UPDATE `+o.facts().table+` SET name = ?, folded = ?, path = ? WHERE id = ?`, name, fold(name), path, e.ID)
		if store.IsUnique(err) {
			return exists("%s with name %s already exists.", o.facts().title, name)
		}
		return wrap(err, "rename %s", e.ID)
	})
}

// DeleteGroup removes a group that has neither members nor policies (IAM DeleteGroup).
func (s *Service) DeleteGroup(ctx context.Context, account, name string) error {
	return s.changeEntity(ctx, groupOwner(account, name), func(tx *sql.Tx, e *Entity) error {
		members, err := membersOf(ctx, tx, e.ID)
		if err != nil {
			return err
		}
		if len(members) > 0 {
			return deleteConflict("Cannot delete entity, must remove users from group first.")
		}
		return deleteEntity(ctx, tx, e)
	})
}

// deleteEntity removes what has no policies any more.
func deleteEntity(ctx context.Context, tx *sql.Tx, e *Entity) error {
	f := e.facts()
	attached, err := f.attached.all(ctx, tx, e.ID)
	if err != nil {
		return err
	}
	if len(attached) > 0 {
		return deleteConflict("Cannot delete entity, must detach all policies first.")
	}
	inline, err := f.inline.all(ctx, tx, e.ID)
	if err != nil {
		return err
	}
	if len(inline) > 0 {
		return deleteConflict("Cannot delete entity, must delete policies first.")
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM `+f.table+` WHERE id = ?`, e.ID)
	return wrap(err, "delete %s %s", e.Kind, e.ID)
}
