package logs

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"waybill/internal/awserr"
)

// maxQueryDefinitions is how many an account has in a Region (CloudWatch Logs quotas).
const maxQueryDefinitions = 1000

// QueryDefinition is a saved query of Logs Insights.
type QueryDefinition struct {
	ID       string // UUID
	Name     string
	Language string // CWLI, SQL or PPL
	Query    string
	QueryDefinitionSettings
	// Modified is in milliseconds since the Unix epoch.
	Modified int64
}

// QueryDefinitionSettings are the log groups that a saved query is for, and its parameters.
type QueryDefinitionSettings struct {
	Groups     []string         `json:"groups,omitempty"`
	Parameters []QueryParameter `json:"parameters,omitempty"`
}

// QueryParameter is a placeholder of a saved query.
type QueryParameter struct {
	Name        string  `json:"name"`
	Default     *string `json:"default,omitempty"`
	Description *string `json:"description,omitempty"`
}

// PutQueryDefinition replaces the definition with d.ID, or makes one where that
// is empty, and returns its id. A clientToken that made one already makes no
// other. Errors: ResourceNotFoundException, LimitExceededException.
func (s *Service) PutQueryDefinition(ctx context.Context, sc Scope, d QueryDefinition, clientToken string) (id string, err error) {
	settings, err := json.Marshal(d.QueryDefinitionSettings)
	if err != nil {
		return "", fmt.Errorf("encode a query definition: %w", err)
	}
	err = s.db.Write(ctx, func(tx *sql.Tx) error {
		if d.ID != "" {
			id = d.ID
			return replaceQueryDefinition(ctx, tx, sc, d, string(settings), s.millis())
		}
		if clientToken != "" {
			err := tx.QueryRowContext(ctx, `SELECT id FROM log_query_definitions WHERE account = ? AND region = ? AND client_token = ?`,
				sc.Account, sc.Region, clientToken).Scan(&id)
			if err == nil || !errors.Is(err, sql.ErrNoRows) {
				return err
			}
		}
		var n int
		err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM log_query_definitions WHERE account = ? AND region = ?`, sc.Account, sc.Region).Scan(&n)
		if err != nil {
			return err
		}
		if n >= maxQueryDefinitions {
			return errQuota()
		}
		id = newUUID()
		_, err = tx.ExecContext(ctx, `INSERT INTO log_query_definitions
			(id, account, region, name, language, query, settings_json, client_token, modified_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			id, sc.Account, sc.Region, d.Name, d.Language, d.Query, string(settings), clientToken, s.millis())
		return err
	})
	return id, err
}

func replaceQueryDefinition(ctx context.Context, tx *sql.Tx, sc Scope, d QueryDefinition, settings string, now int64) error {
	r, err := tx.ExecContext(ctx, `UPDATE log_query_definitions SET name = ?, language = ?, query = ?, settings_json = ?, modified_ms = ?
		WHERE id = ? AND account = ? AND region = ?`, d.Name, d.Language, d.Query, settings, now, d.ID, sc.Account, sc.Region)
	return affected(r, err, errNoQueryDefinition())
}

func errNoQueryDefinition() error {
	return awserr.New(codeNotFound, "The specified query definition does not exist.")
}

// affected returns missing when a statement changed nothing.
func affected(r sql.Result, err error, missing error) error {
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return missing
}

// QueryDefinitionList asks for saved queries in the order of their names.
type QueryDefinitionList struct {
	Prefix   string
	Language string // empty: all
	// After and AfterID are the last of the page before.
	After, AfterID string
	Limit          int
}

// DescribeQueryDefinitions returns a page of saved queries and whether there are more.
func (s *Service) DescribeQueryDefinitions(ctx context.Context, sc Scope, l QueryDefinitionList) (list []QueryDefinition, more bool, err error) {
	query := `SELECT id, name, language, query, settings_json, modified_ms FROM log_query_definitions
		WHERE account = ? AND region = ? AND (name > ? OR name = ? AND id > ?)`
	args := []any{sc.Account, sc.Region, l.After, l.After, l.AfterID}
	if l.Prefix != "" {
		query += ` AND name >= ? AND name < ?`
		args = append(args, l.Prefix, l.Prefix+lastRune)
	}
	if l.Language != "" {
		query += ` AND language = ?`
		args = append(args, l.Language)
	}
	err = s.db.Read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, query+fmt.Sprintf(` ORDER BY name, id LIMIT %d`, l.Limit+1), args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var d QueryDefinition
			var settings string
			if err := rows.Scan(&d.ID, &d.Name, &d.Language, &d.Query, &settings, &d.Modified); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(settings), &d.QueryDefinitionSettings); err != nil {
				return err
			}
			list = append(list, d)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, false, fmt.Errorf("read query definitions: %w", err)
	}
	list, more = cutPage(list, l.Limit)
	return list, more, nil
}

// DeleteQueryDefinition deletes a saved query.
func (s *Service) DeleteQueryDefinition(ctx context.Context, sc Scope, id string) error {
	return s.db.Write(ctx, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `DELETE FROM log_query_definitions WHERE id = ? AND account = ? AND region = ?`, id, sc.Account, sc.Region)
		return affected(r, err, errNoQueryDefinition())
	})
}

// newUUID returns a random UUID (RFC 9562, version 4).
func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
