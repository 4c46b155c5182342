package iam

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"waybill/internal/awserr"
	"waybill/internal/iam/policy"
	"waybill/internal/iam/seal"
)

// sessionPurpose separates session tokens from all else that is sealed.
const sessionPurpose = "session-token"

// token is what a session token holds, sealed and bound to the access key id
// of the session. Times are epoch milliseconds.
type token struct {
	// RoleID is the role's id; of a session of a user it is empty and KeyID is the
	// access key that the session was made with, and ends with.
	RoleID  string   `json:"r,omitempty"`
	KeyID   string   `json:"k,omitempty"`
	Session string   `json:"n,omitempty"`
	Secret  string   `json:"s"`
	Issued  int64    `json:"i"`
	Expires int64    `json:"e"`
	Policy  string   `json:"p,omitempty"`
	ARNs    []string `json:"a,omitempty"` // managed policies that narrow the session
	Tags    []Tag    `json:"t,omitempty"`
	// Transitive are the keys of Tags that the next session of a chain inherits.
	Transitive     []string `json:"x,omitempty"`
	SourceIdentity string   `json:"o,omitempty"`
	// Provider is the identity provider's ARN if a web identity began the session.
	Provider string `json:"f,omitempty"`
}

// seal makes the credentials of a session; its Principal is the caller's to set.
func (s *Service) seal(keyID string, t *token) (Session, error) {
	plain, err := json.Marshal(t)
	if err != nil {
		return Session{}, fmt.Errorf("make session token: %w", err)
	}
	sealed, err := s.Keyring.Seal(sessionPurpose, keyID, plain)
	if err != nil {
		return Session{}, err
	}
	return Session{Credentials: Credentials{keyID, t.Secret}, Token: sealed, Expires: fromMillis(t.Expires)}, nil
}

func (s *Service) openToken(keyID, sealed string) (*token, error) {
	plain, err := s.Keyring.Open(sessionPurpose, keyID, sealed)
	if errors.Is(err, seal.ErrNotSealed) {
		return nil, invalidToken()
	}
	if err != nil {
		return nil, err
	}
	t := new(token)
	if err := json.Unmarshal(plain, t); err != nil {
		return nil, fmt.Errorf("read session token of %s: %w", keyID, err)
	}
	return t, nil
}

func (s *Service) authenticateSession(ctx context.Context, keyID, sealed string) (string, Principal, error) {
	t, err := s.openToken(keyID, sealed)
	if err != nil {
		return "", Principal{}, err
	}
	if !s.Now().Before(time.UnixMilli(t.Expires)) {
		return "", Principal{}, awserr.WithStatus(http.StatusForbidden, CodeExpiredToken, "The security token included in the request is expired")
	}
	if t.KeyID != "" {
		p, err := s.userSession(ctx, keyID, t)
		return t.Secret, p, err
	}
	r, err := recall(ctx, s, roleKey{t.RoleID}, func(tx *sql.Tx) (Role, error) {
		r, found, err := roleWhere(ctx, tx, `id = ?`, t.RoleID)
		if err == nil && !found {
			err = invalidToken()
		}
		return r, err
	})
	if err != nil {
		return "", Principal{}, err
	}
	p, err := s.rolePrincipal(ctx, &r, keyID, t)
	return t.Secret, p, err
}

// roleKey is under which the memo holds a Role.
type roleKey struct{ id string }

// rolePrincipal is who signs with a role session's credentials.
func (s *Service) rolePrincipal(ctx context.Context, r *Role, keyID string, t *token) (Principal, error) {
	p := r.session(t.Session, keyID, fromMillis(t.Issued))
	p.SourceIdentity, p.FederatedProvider = t.SourceIdentity, t.Provider
	if len(t.Tags) > 0 {
		p.Tags = sessionTags(p.Tags, t.Tags)
	}
	for _, tag := range t.Tags {
		if slices.ContainsFunc(t.Transitive, func(key string) bool { return fold(key) == fold(tag.Key) }) {
			p.TransitiveTags = append(p.TransitiveTags, tag)
		}
	}
	var err error
	p.SessionPolicies, err = s.sessionPolicies(ctx, r.Account, t.Policy, t.ARNs)
	return p, err
}

// sessionTags returns a role's tags with the session's, which replace those of
// the same key in any case.
func sessionTags(role map[string]string, session []Tag) map[string]string {
	all := make(map[string]string, len(role)+len(session))
	for key, value := range role {
		if !hasTag(session, key) {
			all[key] = value
		}
	}
	for _, t := range session {
		all[t.Key] = t.Value
	}
	return all
}

// sessionPolicies parses what narrows a session of an account's role: an inline
// document and managed policies.
func (s *Service) sessionPolicies(ctx context.Context, account, document string, arns []string) ([]policy.Named, error) {
	var list []policy.Named
	if document != "" {
		doc, err := s.documents.parse(policy.Identity, document)
		if err != nil {
			return nil, err
		}
		list = append(list, policy.Named{Name: "session policy", Document: doc})
	}
	for _, a := range arns {
		if err := CheckPolicyARN(a); err != nil {
			return nil, err
		}
		p, err := recall(ctx, s, policyKey{account, a}, func(tx *sql.Tx) (policy.Named, error) {
			p, found, err := s.currentPolicy(ctx, tx, account, a)
			if err == nil && !found {
				err = notAttachable(a)
			}
			return p, err
		})
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// policyKey is under which the memo holds a managed policy as an account sees it.
type policyKey struct{ account, arn string }
