package iam

import (
	"context"
	"database/sql"
	"fmt"
)

// AddUserToGroup makes a user a member; doing it twice is fine (IAM AddUserToGroup).
func (s *Service) AddUserToGroup(ctx context.Context, account, group, user string) error {
	return s.changeMembers(ctx, account, group, user, func(tx *sql.Tx, groupID, userID string) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO group_members (group_id, user_id) VALUES (?, ?)
			ON CONFLICT (group_id, user_id) DO NOTHING`, groupID, userID)
		if err != nil {
			return fmt.Errorf("add %s to %s: %w", userID, groupID, err)
		}
		groups, err := groupsOf(ctx, tx, userID)
		if err == nil && len(groups) > maxGroupsPerUser {
			err = limitExceeded("Cannot exceed quota for GroupsPerUser: %d", maxGroupsPerUser)
		}
		return err
	})
}

// RemoveUserFromGroup ends a membership (IAM RemoveUserFromGroup).
func (s *Service) RemoveUserFromGroup(ctx context.Context, account, group, user string) error {
	return s.changeMembers(ctx, account, group, user, func(tx *sql.Tx, groupID, userID string) error {
		n, err := execCount(ctx, tx, `DELETE FROM group_members WHERE group_id = ? AND user_id = ?`, groupID, userID)
		if err == nil && n == 0 {
			return noSuch("User %s is not in group %s.", user, group)
		}
		return wrap(err, "remove %s from %s", userID, groupID)
	})
}

func (s *Service) changeMembers(ctx context.Context, account, group, user string, change func(tx *sql.Tx, groupID, userID string) error) error {
	return s.changeEntity(ctx, groupOwner(account, group), func(tx *sql.Tx, g *Entity) error {
		u, err := userOwner(account, user).entity(ctx, tx)
		if err != nil {
			return err
		}
		return change(tx, g.ID, u.ID)
	})
}

// GroupMembers returns the users of a group by name (IAM GetGroup).
func (s *Service) GroupMembers(ctx context.Context, account, group string) (list []User, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		e, err := groupOwner(account, group).entity(ctx, tx)
		if err != nil {
			return err
		}
		list, err = membersOf(ctx, tx, e.ID)
		return err
	})
	return list, err
}

func membersOf(ctx context.Context, tx *sql.Tx, groupID string) ([]User, error) {
	return readRows(ctx, tx, func(scan func(...any) error) (User, error) { return scanUser(scan) },
		`SELECT `+userColumns+` FROM users u JOIN group_members m ON m.user_id = u.id WHERE m.group_id = ? ORDER BY u.folded`, groupID)
}

// UserGroups returns the groups of a user by name (IAM ListGroupsForUser).
func (s *Service) UserGroups(ctx context.Context, account, user string) (list []Group, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		e, err := userOwner(account, user).entity(ctx, tx)
		if err != nil {
			return err
		}
		list, err = groupsOf(ctx, tx, e.ID)
		return err
	})
	return list, err
}

func groupsOf(ctx context.Context, tx *sql.Tx, userID string) ([]Group, error) {
	return readRows(ctx, tx, scanGroup,
		`SELECT `+groupColumns+` FROM iam_groups g JOIN group_members m ON m.group_id = g.id WHERE m.user_id = ? ORDER BY g.folded`, userID)
}
