package iam

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"waybill/internal/awserr"
)

// The bounds of sts:GetSessionToken (STS API reference, "GetSessionToken").
const (
	minUserSession     = 900 // seconds
	maxUserSession     = 129_600
	defaultUserSession = 12 * time.Hour
)

// GetSessionToken makes a session of the user who calls with an access key. It
// may do what the user may, but for what MayCall refuses. It ends with the key
// and with the user. asked is nil for twelve hours.
func (s *Service) GetSessionToken(caller Principal, asked *time.Duration) (Session, error) {
	duration := defaultUserSession
	if asked != nil {
		duration = *asked
	}
	var p Problems
	p.Range(int64(duration/time.Second), "durationSeconds", minUserSession, maxUserSession)
	if err := p.Err(); err != nil {
		return Session{}, err
	}
	if caller.Type != TypeUser || caller.AccessKeyID == "" || !caller.TokenIssued.IsZero() {
		return Session{}, noSession("GetSessionToken")
	}
	issued := s.now().Truncate(time.Second)
	t := token{KeyID: caller.AccessKeyID, Secret: newSecret(), Issued: millis(issued), Expires: millis(issued.Add(duration))}
	session, err := s.seal(newSessionKeyID(caller.Account), &t)
	session.Principal = caller
	session.Principal.AccessKeyID, session.Principal.TokenIssued = session.AccessKeyID, issued
	return session, err
}

// userSession returns the user behind a session of GetSessionToken. An access key
// that is inactive or gone is InvalidClientTokenId.
func (s *Service) userSession(ctx context.Context, keyID string, t *token) (p Principal, err error) {
	k, err := recall(ctx, s, ownerKey{t.KeyID}, func(tx *sql.Tx) (ownedKey, error) { return keyOwner(ctx, tx, t.KeyID) })
	p = k.principal
	p.AccessKeyID, p.TokenIssued = keyID, fromMillis(t.Issued)
	return p, err
}

func noSession(operation string) error {
	return awserr.WithStatus(http.StatusForbidden, CodeAccessDenied, "Cannot call %s with session credentials", operation)
}

// userSessionCalls are the operations of STS that a session of GetSessionToken may call.
var userSessionCalls = []string{"AssumeRole", "GetCallerIdentity"}

// MayCall tells whether credentials of the caller's kind may call an operation
// at all, whatever policies say (IAM User Guide, "Compare AWS STS credentials"):
// sessions make no user sessions, and sessions of users, which in Waybill never
// have MFA, may not call IAM and little of STS.
func (p *Principal) MayCall(service, operation string) error {
	if p.TokenIssued.IsZero() {
		return nil
	}
	isUser := p.Type == TypeUser
	switch {
	case service == "iam" && isUser:
		return invalidToken()
	case service != "sts":
		return nil
	case operation == "GetSessionToken", operation == "GetFederationToken",
		isUser && !slices.Contains(userSessionCalls, operation):
		return noSession(operation)
	}
	return nil
}

// AccessKeyAccount returns the account that an access key id belongs to (STS
// GetAccessKeyInfo), whether the key is active or not. Ids that nobody can have
// are ValidationError.
func (s *Service) AccessKeyAccount(ctx context.Context, keyID string) (account string, err error) {
	if account, ok := accountOfSessionKey(keyID); ok {
		return account, nil
	}
	err = sql.ErrNoRows
	if strings.HasPrefix(keyID, prefixAccessKey) {
		err = s.DB.Read(ctx, func(tx *sql.Tx) error {
			return tx.QueryRowContext(ctx, `SELECT u.account FROM access_keys k JOIN users u ON u.id = k.user_id WHERE k.id = ?`, keyID).Scan(&account)
		})
	}
	if errors.Is(err, sql.ErrNoRows) {
		return "", awserr.New(CodeValidation, "Invalid Access Key ID")
	}
	if err != nil {
		return "", fmt.Errorf("find the account of access key %s: %w", keyID, err)
	}
	return account, nil
}
