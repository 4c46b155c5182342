package iam

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"waybill/internal/arn"
	"waybill/internal/awserr"
)

// inlineTable is the inline policies of one kind of entity.
type inlineTable struct {
	table, owner string // table and the column of its owner
	kind         string // as messages name the owner
	most         int    // characters of all policies of one owner
}

var (
	userInline  = inlineTable{"user_policies", "user_id", "user", maxUserInline}
	roleInline  = inlineTable{"role_policies", "role_id", "role", maxInlinePolicies}
	groupInline = inlineTable{"group_policies", "group_id", "group", maxGroupInline}
)

// put writes one policy; ownerName is for the message.
func (t inlineTable) put(ctx context.Context, tx *sql.Tx, id, ownerName, name, document string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO `+t.table+` (`+t.owner+`, name, document) VALUES (?, ?, ?)
		ON CONFLICT (`+t.owner+`, name) DO UPDATE SET document = excluded.document`, id, name, document)
	if err != nil {
		return fmt.Errorf("write policy %s of %s %s: %w", name, t.kind, id, err)
	}
	documents, err := t.all(ctx, tx, id)
	if err != nil {
		return err
	}
	total := 0
	for _, d := range documents {
		total += visibleLength(d.text)
	}
	if total > t.most {
		return limitExceeded("Maximum policy size of %d bytes exceeded for %s %s", t.most, t.kind, ownerName)
	}
	return nil
}

// namedText is a stored inline policy.
type namedText struct{ name, text string }

// all returns the policies of one owner by name.
func (t inlineTable) all(ctx context.Context, tx *sql.Tx, id string) ([]namedText, error) {
	rows, err := tx.QueryContext(ctx, `SELECT name, document FROM `+t.table+` WHERE `+t.owner+` = ? ORDER BY name`, id)
	if err != nil {
		return nil, fmt.Errorf("read policies of %s %s: %w", t.kind, id, err)
	}
	defer rows.Close()
	var list []namedText
	for rows.Next() {
		var d namedText
		if err := rows.Scan(&d.name, &d.text); err != nil {
			return nil, fmt.Errorf("read policies of %s %s: %w", t.kind, id, err)
		}
		list = append(list, d)
	}
	return list, rows.Err()
}

func (t inlineTable) missing(name string) error {
	return noSuch("The %s policy with name %s cannot be found.", t.kind, name)
}

func (t inlineTable) get(ctx context.Context, tx *sql.Tx, id, name string) (document string, err error) {
	row := tx.QueryRowContext(ctx, `SELECT document FROM `+t.table+` WHERE `+t.owner+` = ? AND name = ?`, id, name)
	err = row.Scan(&document)
	if errors.Is(err, sql.ErrNoRows) {
		return "", t.missing(name)
	}
	if err != nil {
		return "", fmt.Errorf("read policy %s of %s %s: %w", name, t.kind, id, err)
	}
	return document, nil
}

func (t inlineTable) delete(ctx context.Context, tx *sql.Tx, id, name string) error {
	gone, err := execCount(ctx, tx, `DELETE FROM `+t.table+` WHERE `+t.owner+` = ? AND name = ?`, id, name)
	if err != nil {
		return fmt.Errorf("delete policy %s of %s %s: %w", name, t.kind, id, err)
	}
	if gone == 0 {
		return t.missing(name)
	}
	return nil
}

// attachTable is the managed policies attached to one kind of entity.
type attachTable struct {
	table, owner string
	quota        string
}

var (
	userAttached  = attachTable{"user_attachments", "user_id", "PoliciesPerUser"}
	roleAttached  = attachTable{"role_attachments", "role_id", "PoliciesPerRole"}
	groupAttached = attachTable{"group_attachments", "group_id", "PoliciesPerGroup"}
)

func (t attachTable) put(ctx context.Context, tx *sql.Tx, id, policyARN string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO `+t.table+` (`+t.owner+`, policy_arn) VALUES (?, ?)
		ON CONFLICT (`+t.owner+`, policy_arn) DO NOTHING`, id, policyARN)
	if err != nil {
		return fmt.Errorf("attach %s to %s: %w", policyARN, id, err)
	}
	all, err := t.all(ctx, tx, id)
	if err != nil {
		return err
	}
	if len(all) > maxAttachments {
		return limitExceeded("Cannot exceed quota for %s: %d", t.quota, maxAttachments)
	}
	return nil
}

// all returns the ARNs attached to one owner, sorted.
func (t attachTable) all(ctx context.Context, tx *sql.Tx, id string) ([]string, error) {
	rows, err := tx.QueryContext(ctx, `SELECT policy_arn FROM `+t.table+` WHERE `+t.owner+` = ? ORDER BY policy_arn`, id)
	if err != nil {
		return nil, fmt.Errorf("read policies attached to %s: %w", id, err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var a string
		if err := rows.Scan(&a); err != nil {
			return nil, fmt.Errorf("read policies attached to %s: %w", id, err)
		}
		list = append(list, a)
	}
	return list, rows.Err()
}

func (t attachTable) delete(ctx context.Context, tx *sql.Tx, id, policyARN string) error {
	gone, err := execCount(ctx, tx, `DELETE FROM `+t.table+` WHERE `+t.owner+` = ? AND policy_arn = ?`, id, policyARN)
	if err != nil {
		return fmt.Errorf("detach %s from %s: %w", policyARN, id, err)
	}
	if gone == 0 {
		return noSuch("Policy %s was not found.", policyARN)
	}
	return nil
}

func execCount(ctx context.Context, tx *sql.Tx, query string, args ...any) (int64, error) {
	result, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// CheckPolicyARN refuses what is no ARN at all, in AWS's words (two spaces included).
func CheckPolicyARN(policyARN string) error {
	if a, err := arn.Parse(policyARN); err != nil || a.Service != "iam" || !strings.HasPrefix(a.Resource, "policy/") {
		return awserr.New(CodeValidation, "Invalid ARN:  Could not be parsed!")
	}
	return nil
}

// hide turns an error in AWS's terms into a fault of ours: what is stored was
// valid when the caller wrote it.
func hide(err error) error { return errors.New(err.Error()) }
