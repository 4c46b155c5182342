package workmail

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

func isNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// selectOrganizations reads organizations with their default domains.
func selectOrganizations(ctx context.Context, tx *sql.Tx, where string, args ...any) ([]Organization, error) {
	rows, err := tx.QueryContext(ctx, `SELECT id, account, region, alias, directory_id, created_ms,
		COALESCE((SELECT name FROM mail_domains d WHERE d.organization_id = organizations.id AND d.is_default = 1), '')
		FROM organizations WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Organization
	for rows.Next() {
		var o Organization
		var created int64
		if err := rows.Scan(&o.ID, &o.Account, &o.Region, &o.Alias, &o.DirectoryID, &created, &o.DefaultDomain); err != nil {
			return nil, err
		}
		o.Created = time.UnixMilli(created).UTC()
		list = append(list, o)
	}
	return list, rows.Err()
}

// selectOne is selectOrganizations where at most one can match; none is sql.ErrNoRows.
func selectOne(ctx context.Context, tx *sql.Tx, where string, args ...any) (Organization, error) {
	list, err := selectOrganizations(ctx, tx, where, args...)
	if err != nil {
		return Organization{}, err
	}
	if len(list) == 0 {
		return Organization{}, sql.ErrNoRows
	}
	return list[0], nil
}

func insertOrganization(ctx context.Context, tx *sql.Tx, o Organization, token string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO organizations (id, account, region, alias, directory_id, client_token, created_ms)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, o.ID, o.Account, o.Region, o.Alias, o.DirectoryID,
		sql.NullString{String: token, Valid: token != ""}, o.Created.UnixMilli())
	return err
}
