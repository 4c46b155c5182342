package iam

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"waybill/internal/arn"
	"waybill/internal/awserr"
)

// The bounds of sts:AssumeRole (STS API reference, "AssumeRole").
const (
	minAssume          = 900 // seconds
	maxSessionName     = 64
	minSessionName     = 2
	maxSessionPolicy   = 2048 // characters
	maxSessionARNs     = 10
	minExternalID      = 2
	maxExternalID      = 1224
	lastUsedResolution = time.Hour
)

var (
	sessionNameSyntax = regexp.MustCompile(`^[\w+=,.@-]*$`)
	externalIDSyntax  = regexp.MustCompile(`^[\w+=,.@:/-]*$`)
)

// AssumeRoleRequest is what AssumeRole takes.
type AssumeRoleRequest struct {
	RoleARN     string
	SessionName string
	// Duration is zero for one hour; otherwise 15 minutes to the role's longest session.
	Duration time.Duration
	// Policy and PolicyARNs narrow what the session may do; empty for nothing.
	Policy     string
	PolicyARNs []string
	ExternalID string
	Tags       []Tag
	// Region is where it is asked, for the role's last use.
	Region string
}

// Session is a role session with its temporary credentials.
type Session struct {
	Credentials
	Token   string
	Expires time.Time
	// Principal is who signs with them.
	Principal Principal
	// PackedPercent is how much of the room for policies and tags is used, 0 to 100.
	PackedPercent int
}

// Check validates the request, before any permission is known.
func (q *AssumeRoleRequest) Check() error {
	var p Problems
	p.Length(q.RoleARN, "roleArn", 20, 2048)
	p.Length(q.SessionName, "roleSessionName", minSessionName, maxSessionName)
	if !sessionNameSyntax.MatchString(q.SessionName) {
		p.Add(&q.SessionName, "roleSessionName", `satisfy regular expression pattern: [\w+=,.@-]*`)
	}
	if q.Duration != 0 {
		p.Range(int64(q.Duration/time.Second), "durationSeconds", minAssume, maxSession)
	}
	if q.ExternalID != "" {
		p.Length(q.ExternalID, "externalId", minExternalID, maxExternalID)
		if !externalIDSyntax.MatchString(q.ExternalID) {
			p.Add(&q.ExternalID, "externalId", `satisfy regular expression pattern: [\w+=,.@:\/-]*`)
		}
	}
	p.Length(q.Policy, "policy", 0, maxSessionPolicy)
	if err := p.Err(); err != nil {
		return err
	}
	a, err := arn.Parse(q.RoleARN)
	if err != nil || a.Partition != arn.Partition || a.Service != "iam" || !accountNum.MatchString(a.Account) || !strings.HasPrefix(a.Resource, "role/") {
		return awserr.New(CodeValidation, "%s is invalid", q.RoleARN)
	}
	if len(q.PolicyARNs) > maxSessionARNs {
		return awserr.New(CodeValidation, "PolicyArns must have no more than %d members", maxSessionARNs)
	}
	return checkTags(q.Tags)
}

// AssumeRole makes a session of a role. Whether caller may is decided before,
// by Authorize(caller, "sts:AssumeRole", roleARN); a role that is gone since is
// AccessDenied, as one that was never there.
func (s *Service) AssumeRole(ctx context.Context, caller Principal, q AssumeRoleRequest) (Session, error) {
	if err := q.Check(); err != nil {
		return Session{}, err
	}
	if _, err := s.sessionPolicies(q.Policy, q.PolicyARNs); err != nil {
		return Session{}, err
	}
	var r Role
	var found bool
	var err error
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		r, found, err = roleByARN(ctx, tx, q.RoleARN)
		return err
	})
	if err != nil {
		return Session{}, err
	}
	if !found {
		return Session{}, awserr.WithStatus(http.StatusForbidden, CodeAccessDenied,
			"User: %s is not authorized to perform: sts:AssumeRole on resource: %s", caller.ARN, q.RoleARN)
	}
	duration, err := sessionDuration(&caller, &r, q.Duration)
	if err != nil {
		return Session{}, err
	}
	if err := s.markUsed(ctx, &r, q.Region); err != nil {
		return Session{}, err
	}
	return s.newSession(&r, &q, duration)
}

func sessionDuration(caller *Principal, r *Role, asked time.Duration) (time.Duration, error) {
	switch {
	case asked == 0:
		return defaultSession, nil
	case asked > r.MaxSession:
		return 0, awserr.New(CodeValidation, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	case asked > defaultSession && caller.Type == TypeAssumedRole:
		return 0, awserr.New(CodeValidation, "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	return asked, nil
}

func (s *Service) newSession(r *Role, q *AssumeRoleRequest, duration time.Duration) (Session, error) {
	issued := s.now().Truncate(time.Second)
	t := token{RoleID: r.ID, Session: q.SessionName, Secret: newSecret(), Issued: millis(issued),
		Expires: millis(issued.Add(duration)), Policy: q.Policy, ARNs: q.PolicyARNs, Tags: q.Tags}
	keyID := newID(prefixSessionKey, keyDigits)
	sealed, err := s.sealToken(keyID, &t)
	if err != nil {
		return Session{}, err
	}
	p, err := s.sessionPrincipal(r, keyID, &t)
	if err != nil {
		return Session{}, err
	}
	return Session{Credentials: Credentials{keyID, t.Secret}, Token: sealed, Expires: issued.Add(duration),
		Principal: p, PackedPercent: packed(q)}, nil
}

// packed is the share of the room for session policies and tags that is taken;
// something always takes at least one percent.
func packed(q *AssumeRoleRequest) int {
	n := visibleLength(q.Policy)
	for _, a := range q.PolicyARNs {
		n += len(a)
	}
	for _, t := range q.Tags {
		n += len(t.Key) + len(t.Value)
	}
	if n == 0 {
		return 0
	}
	return min(100, max(1, n*100/maxSessionPolicy))
}

// markUsed notes the use of a role, not more often than once an hour: a reader
// of GetRole wants to know whether a role is in use, not the second.
func (s *Service) markUsed(ctx context.Context, r *Role, region string) error {
	now := s.now()
	if now.Sub(r.LastUsed) < lastUsedResolution {
		return nil
	}
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE roles SET last_used = ?, last_region = ? WHERE id = ?`, millis(now), region, r.ID)
		if err != nil {
			return fmt.Errorf("note the use of role %s: %w", r.ID, err)
		}
		return nil
	})
}
