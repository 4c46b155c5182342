package console

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"waybill/internal/iam"
)

// Database is the part of the metadata store that sessions need: one
// transaction for reading, one for writing.
type Database interface {
	Read(context.Context, func(*sql.Tx) error) error
	Write(context.Context, func(*sql.Tx) error) error
}

const (
	// idleLimit ends a session that nobody uses; ageLimit ends every session.
	idleLimit = time.Hour
	ageLimit  = 12 * time.Hour
	// touchEvery bounds how often reading pages writes to the database.
	touchEvery = time.Minute
)

// errNoSession says that the cookie names no session, or one that has ended.
var errNoSession = errors.New("no such session")

// session is a signed-in browser.
type session struct {
	// value is the cookie's value, known only while a request is served.
	value     string
	Principal iam.Principal
}

// token is what every form of this session carries.
func (s session) token() string { return formToken(s.value) }

// sessions keeps who is signed in.
type sessions struct {
	db  Database
	now func() time.Time
}

// create starts a session for p and returns the cookie's value. It also removes
// the sessions that have ended, so that the table stays as small as its use.
func (s sessions) create(ctx context.Context, p iam.Principal) (string, error) {
	value := randomValue()
	now := s.now()
	err := s.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM console_session WHERE created <= ? OR last_seen <= ?`,
			now.Add(-ageLimit).UnixMilli(), now.Add(-idleLimit).UnixMilli())
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO console_session
			(id_hash, account, principal_type, principal_arn, user_id, user_name, created, last_seen)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			hashValue(value), p.Account, string(p.Type), p.ARN, p.UserID, p.Name, now.UnixMilli(), now.UnixMilli())
		return err
	})
	if err != nil {
		return "", fmt.Errorf("create console session: %w", err)
	}
	return value, nil
}

// find returns the live session behind a cookie's value, or errNoSession.
func (s sessions) find(ctx context.Context, value string) (session, error) {
	var (
		p             iam.Principal
		kind          string
		created, seen int64
		hash          = hashValue(value)
		now           = s.now()
	)
	err := s.db.Read(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT account, principal_type, principal_arn, user_id, user_name, created, last_seen
			FROM console_session WHERE id_hash = ?`, hash).
			Scan(&p.Account, &kind, &p.ARN, &p.UserID, &p.Name, &created, &seen)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return session{}, errNoSession
	}
	if err != nil {
		return session{}, fmt.Errorf("find console session: %w", err)
	}
	if now.Sub(time.UnixMilli(created)) >= ageLimit || now.Sub(time.UnixMilli(seen)) >= idleLimit {
		return session{}, errNoSession
	}
	if now.Sub(time.UnixMilli(seen)) >= touchEvery {
		if err := s.touch(ctx, hash, now); err != nil {
			return session{}, err
		}
	}
	p.Type = iam.PrincipalType(kind)
	return session{value: value, Principal: p}, nil
}

func (s sessions) touch(ctx context.Context, hash string, now time.Time) error {
	err := s.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE console_session SET last_seen = ? WHERE id_hash = ?`, now.UnixMilli(), hash)
		return err
	})
	if err != nil {
		return fmt.Errorf("note use of console session: %w", err)
	}
	return nil
}

// end removes a session. A value that names none is not an error.
func (s sessions) end(ctx context.Context, value string) error {
	err := s.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM console_session WHERE id_hash = ?`, hashValue(value))
		return err
	})
	if err != nil {
		return fmt.Errorf("end console session: %w", err)
	}
	return nil
}

// randomValue returns 256 random bits in base64url.
func randomValue() string {
	var b [32]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func hashValue(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])
}

// formToken derives the forms' token from a cookie's value. Whoever can make
// the browser send the cookie still does not know the token.
func formToken(value string) string {
	mac := hmac.New(sha256.New, []byte(value))
	mac.Write([]byte("waybill console form"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
