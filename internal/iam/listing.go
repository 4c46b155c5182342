package iam

import (
	"context"
	"database/sql"
	"fmt"
)

// Listing asks for a page of an account's users, groups or roles, in the order
// of their names without regard to case.
type Listing struct {
	Account string
	// Prefix is what paths must begin with; empty for all.
	Prefix string
	// After is the name after which the page begins; empty for the first page.
	After string
	// Limit is the most to return; zero for all.
	Limit int

	name string // exactly this one
}

// readListing runs a SELECT with the columns of scan from one table, which is
// called alias in it. more tells whether others follow.
func readListing[T any](ctx context.Context, s *Service, l Listing, query, alias string, scan func(func(...any) error) (T, error)) (list []T, more bool, err error) {
	query += ` WHERE ` + alias + `.account = ?`
	args := []any{l.Account}
	if l.name != "" {
		query, args = query+` AND `+alias+`.name = ?`, append(args, l.name)
	}
	if l.After != "" {
		query, args = query+` AND `+alias+`.folded > ?`, append(args, fold(l.After))
	}
	if l.Prefix != "" {
		query, args = query+` AND substr(`+alias+`.path, 1, ?) = ?`, append(args, len(l.Prefix), l.Prefix)
	}
	query += ` ORDER BY ` + alias + `.folded`
	if l.Limit > 0 {
		query, args = query+` LIMIT ?`, append(args, l.Limit+1)
	}
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		list, err = readRows(ctx, tx, scan, query, args...)
		return err
	})
	if l.Limit > 0 && len(list) > l.Limit {
		return list[:l.Limit], true, err
	}
	return list, false, err
}

// readRows runs a query and scans every row.
func readRows[T any](ctx context.Context, tx *sql.Tx, scan func(func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		v, err := scan(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("list: %w", err)
		}
		list = append(list, v)
	}
	return list, wrap(rows.Err(), "list")
}
