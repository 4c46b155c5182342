package iam

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
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
	RoleID  string   `json:"r"`
	Session string   `json:"n"`
	Secret  string   `json:"s"`
	Issued  int64    `json:"i"`
	Expires int64    `json:"e"`
	Policy  string   `json:"p,omitempty"`
	ARNs    []string `json:"a,omitempty"` // managed policies that narrow the session
	Tags    []Tag    `json:"t,omitempty"`
}

func (s *Service) sealToken(keyID string, t *token) (string, error) {
	plain, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("make session token: %w", err)
	}
	return s.Keyring.Seal(sessionPurpose, keyID, plain)
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
	var r Role
	var found bool
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		r, found, err = roleWhere(ctx, tx, `id = ?`, t.RoleID)
		return err
	})
	if err != nil {
		return "", Principal{}, err
	}
	if !found {
		return "", Principal{}, invalidToken()
	}
	p, err := s.sessionPrincipal(&r, keyID, t)
	return t.Secret, p, err
}

func (s *Service) sessionPrincipal(r *Role, keyID string, t *token) (Principal, error) {
	p := r.session(t.Session, keyID, fromMillis(t.Issued))
	for _, tag := range t.Tags {
		if p.Tags == nil {
			p.Tags = map[string]string{}
		}
		p.Tags[tag.Key] = tag.Value
	}
	var err error
	p.SessionPolicies, err = s.sessionPolicies(t.Policy, t.ARNs)
	return p, err
}

// sessionPolicies parses what narrows a session: an inline document and
// managed policies.
func (s *Service) sessionPolicies(document string, arns []string) ([]policy.Named, error) {
	var list []policy.Named
	if document != "" {
		doc, err := s.documents.parse(policy.Identity, document)
		if err != nil {
			return nil, err
		}
		list = append(list, policy.Named{Name: "session policy", Document: doc})
	}
	for _, a := range arns {
		m, ok := s.managed[a]
		if !ok {
			return nil, noSuch("Policy %s does not exist or is not attachable.", a)
		}
		list = append(list, policy.Named{Name: m.Name, ARN: m.ARN, Document: m.parsed})
	}
	return list, nil
}
