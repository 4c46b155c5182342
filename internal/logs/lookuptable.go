package logs

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"waybill/internal/arn"
	"waybill/internal/awserr"
	"waybill/internal/logs/csvtable"
)

const (
	// MaxLookupTable is how many bytes of CSV a lookup table has at most (CreateLookupTable).
	MaxLookupTable = 10 << 20
	// maxLookupTables is how many an account has in a Region (CloudWatch Logs quotas).
	maxLookupTables = 100
)

// LookupTable is a table of CSV that queries look values up in.
type LookupTable struct {
	Scope
	Name, Description string
	KMSKey            string
	// Fields are the names of the columns; Records counts the rows below them.
	Fields  []string
	Records int64
	// Size is the length of the body in bytes.
	Size int64
	// Updated is in milliseconds since the Unix epoch.
	Updated int64

	tags map[string]string
}

// ARN returns the table's ARN.
func (t *LookupTable) ARN() string { return arn.LookupTable(t.Region, t.Account, t.Name) }

func errNoTable() error {
	return awserr.New(codeNotFound, "The specified lookup table does not exist.")
}

// setBody takes what is to know of a body. What is wrong with it is
// InvalidParameterException with the line.
func (t *LookupTable) setBody(body string) error {
	if len(body) > MaxLookupTable {
		return awserr.New(codeParameter, "The table body has %d bytes; a lookup table has at most %d.", len(body), MaxLookupTable)
	}
	table, err := csvtable.Open(body)
	if err == nil {
		t.Fields, t.Records, t.Size = table.Columns, 0, int64(len(body))
		err = table.Rows(func([]string) error { t.Records++; return nil })
	}
	if err != nil {
		return awserr.New(codeParameter, "The table body is not valid CSV: %s.", err)
	}
	return nil
}

// NewLookupTable is what CreateLookupTable takes.
type NewLookupTable struct {
	Name, Description, KMSKey string
	// Body is CSV with a header row.
	Body string
	Tags map[string]string
}

// CreateLookupTable makes a table. Errors: InvalidParameterException for the body
// or a tag, ResourceAlreadyExistsException, LimitExceededException.
func (s *Service) CreateLookupTable(ctx context.Context, sc Scope, n NewLookupTable) (LookupTable, error) {
	t := LookupTable{Scope: sc, Name: n.Name, Description: n.Description, KMSKey: n.KMSKey, Updated: s.millis(), tags: n.Tags}
	if err := t.setBody(n.Body); err != nil {
		return t, err
	}
	if err := checkTags(n.Tags, len(n.Tags)); err != nil {
		return t, err
	}
	err := s.db.Write(ctx, func(tx *sql.Tx) error {
		var all, same int
		err := tx.QueryRowContext(ctx, `SELECT COUNT(*), COUNT(CASE WHEN name = ? THEN 1 END) FROM log_lookup_tables WHERE account = ? AND region = ?`,
			t.Name, sc.Account, sc.Region).Scan(&all, &same)
		switch {
		case err != nil:
			return fmt.Errorf("count lookup tables: %w", err)
		case same > 0:
			return awserr.New(codeExists, "The specified lookup table already exists.")
		case all >= maxLookupTables:
			return errQuota()
		}
		return t.write(ctx, tx, `INSERT INTO log_lookup_tables
			(description, kms_key, fields_json, tags_json, records, size_bytes, updated_ms, body, account, region, name)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, n.Body)
	})
	return t, err
}

// LookupTableUpdate is what UpdateLookupTable takes; nil leaves a member as it is.
type LookupTableUpdate struct {
	Description, KMSKey *string
	Body                string
}

// UpdateLookupTable replaces a table's contents. Errors: InvalidParameterException
// for the body, ResourceNotFoundException.
func (s *Service) UpdateLookupTable(ctx context.Context, sc Scope, name string, u LookupTableUpdate) (LookupTable, error) {
	var fresh LookupTable
	if err := fresh.setBody(u.Body); err != nil {
		return fresh, err
	}
	var t LookupTable
	err := s.db.Write(ctx, func(tx *sql.Tx) (err error) {
		if t, err = lookupTable(ctx, tx, sc, name); err != nil {
			return err
		}
		t.Fields, t.Records, t.Size, t.Updated = fresh.Fields, fresh.Records, fresh.Size, s.millis()
		if u.Description != nil {
			t.Description = *u.Description
		}
		if u.KMSKey != nil {
			t.KMSKey = *u.KMSKey
		}
		return t.write(ctx, tx, `UPDATE log_lookup_tables SET
			description = ?, kms_key = ?, fields_json = ?, tags_json = ?, records = ?, size_bytes = ?, updated_ms = ?, body = ?
			WHERE account = ? AND region = ? AND name = ?`, u.Body)
	})
	return t, err
}

// write runs a statement that takes all columns.
func (t *LookupTable) write(ctx context.Context, tx *sql.Tx, statement, body string) error {
	fields, err := json.Marshal(t.Fields)
	if err != nil {
		return fmt.Errorf("encode the columns of lookup table %s: %w", t.Name, err)
	}
	tags, err := json.Marshal(t.tags)
	if err != nil {
		return fmt.Errorf("encode the tags of lookup table %s: %w", t.Name, err)
	}
	_, err = tx.ExecContext(ctx, statement, t.Description, t.KMSKey, string(fields), string(tags),
		t.Records, t.Size, t.Updated, body, t.Account, t.Region, t.Name)
	if err != nil {
		return fmt.Errorf("write lookup table %s: %w", t.Name, err)
	}
	return nil
}

const lookupColumns = `account, region, name, description, kms_key, fields_json, tags_json, records, size_bytes, updated_ms`

func scanLookupTable(row scanner, more ...any) (LookupTable, error) {
	var t LookupTable
	var fields, tags string
	err := row.Scan(append([]any{&t.Account, &t.Region, &t.Name, &t.Description, &t.KMSKey, &fields, &tags,
		&t.Records, &t.Size, &t.Updated}, more...)...)
	if err == nil {
		err = json.Unmarshal([]byte(fields), &t.Fields)
	}
	if err == nil {
		err = json.Unmarshal([]byte(tags), &t.tags)
	}
	return t, err
}

// lookupTable finds a table; a missing one is ResourceNotFoundException.
func lookupTable(ctx context.Context, tx *sql.Tx, sc Scope, name string) (LookupTable, error) {
	return oneLookupTable(tx.QueryRowContext(ctx, `SELECT `+lookupColumns+` FROM log_lookup_tables
		WHERE account = ? AND region = ? AND name = ?`, sc.Account, sc.Region, name))
}

func oneLookupTable(row scanner, more ...any) (LookupTable, error) {
	t, err := scanLookupTable(row, more...)
	if errors.Is(err, sql.ErrNoRows) {
		return t, errNoTable()
	}
	if err != nil {
		return t, fmt.Errorf("read lookup table: %w", err)
	}
	return t, nil
}
