package iam

import (
	"compress/flate"
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"waybill/internal/arn"
	"waybill/internal/awserr"
	"waybill/internal/iam/policy"
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
	maxPacked          = 2048 // bytes of policies and tags, compressed
	lastUsedResolution = time.Hour
)

var (
	sessionNameSyntax   = regexp.MustCompile(`^[\w+=,.@-]*$`)
	externalIDSyntax    = regexp.MustCompile(`^[\w+=,.@:/-]*$`)
	sessionPolicySyntax = regexp.MustCompile(`^[\t\n\r\x{20}-\x{FF}]*$`)
)

// AssumeRoleRequest is what AssumeRole takes.
type AssumeRoleRequest struct {
	RoleARN     string
	SessionName string
	// Duration is nil for one hour; otherwise 15 minutes to the role's longest session.
	Duration *time.Duration
	// Policy and PolicyARNs narrow what the session may do; empty for nothing.
	Policy     string
	PolicyARNs []string
	ExternalID string
	Tags       []Tag
	// TransitiveTagKeys are keys of Tags that go on to the sessions of a role chain.
	TransitiveTagKeys []string
	// SourceIdentity names who is behind a chain of sessions; once set it stays.
	SourceIdentity string
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

// Prepare validates the request, before any permission is known, and adds what
// the caller's session hands on: transitive tags and the source identity.
func (q *AssumeRoleRequest) Prepare(caller *Principal) error {
	var p Problems
	q.checkSession(&p)
	if q.ExternalID != "" {
		p.Length(q.ExternalID, "externalId", minExternalID, maxExternalID)
		if !externalIDSyntax.MatchString(q.ExternalID) {
			p.Add(&q.ExternalID, "externalId", `satisfy regular expression pattern: [\w+=,.@:\/-]*`)
		}
	}
	if q.SourceIdentity != "" {
		p.Length(q.SourceIdentity, "sourceIdentity", minSessionName, maxSessionName)
		if !sessionNameSyntax.MatchString(q.SourceIdentity) {
			p.Add(&q.SourceIdentity, "sourceIdentity", `satisfy regular expression pattern: [\w+=,.@-]*`)
		}
	}
	if err := p.Err(); err != nil {
		return err
	}
	if err := checkRoleARN(q.RoleARN); err != nil {
		return err
	}
	if err := q.checkTags(); err != nil {
		return err
	}
	if err := q.inherit(caller); err != nil {
		return err
	}
	_, err := q.packed()
	return err
}

// checkSession checks what every way of assuming a role takes.
func (q *AssumeRoleRequest) checkSession(p *Problems) {
	p.Length(q.RoleARN, "roleArn", 20, 2048)
	p.Length(q.SessionName, "roleSessionName", minSessionName, maxSessionName)
	if !sessionNameSyntax.MatchString(q.SessionName) {
		p.Add(&q.SessionName, "roleSessionName", `satisfy regular expression pattern: [\w+=,.@-]*`)
	}
	if q.Duration != nil {
		p.Range(int64(*q.Duration/time.Second), "durationSeconds", minAssume, maxSession)
	}
	p.Length(q.Policy, "policy", 0, maxSessionPolicy)
	if !sessionPolicySyntax.MatchString(q.Policy) {
		p.Add(&q.Policy, "policy", `satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u00FF]+`)
	}
	if len(q.PolicyARNs) > maxSessionARNs {
		shown := "[" + strings.Join(q.PolicyARNs, ", ") + "]"
		p.Add(&shown, "policyArns", fmt.Sprintf("have length less than or equal to %d", maxSessionARNs))
	}
}

func checkRoleARN(role string) error {
	a, err := arn.Parse(role)
	if err != nil || a.Partition != arn.Partition || a.Service != "iam" || !accountNum.MatchString(a.Account) || !strings.HasPrefix(a.Resource, "role/") {
		return awserr.New(CodeValidation, "%s is invalid", role)
	}
	return nil
}

// checkTags checks the session tags of the request itself.
func (q *AssumeRoleRequest) checkTags() error {
	if len(q.Tags) > maxTags {
		return awserr.New(CodeValidation, "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to %d", maxTags)
	}
	if err := checkTags(q.Tags); err != nil {
		return err
	}
	for _, key := range q.TransitiveTagKeys {
		if !hasTag(q.Tags, key) {
			return awserr.New(CodeParameterValue, "The specified transitive tag key must be included in the requested tags.")
		}
	}
	return nil
}

// inherit adds what the caller's session hands on (IAM User Guide, "Chaining
// roles with session tags" and "Monitor and control actions taken with assumed roles").
func (q *AssumeRoleRequest) inherit(caller *Principal) error {
	tags, keys := slices.Clone(q.Tags), slices.Clone(q.TransitiveTagKeys)
	for _, t := range caller.TransitiveTags {
		if hasTag(q.Tags, t.Key) {
			return awserr.New(CodeParameterValue,
				"One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
		}
		tags, keys = append(tags, t), append(keys, t.Key)
	}
	q.Tags, q.TransitiveTagKeys = tags, keys
	switch {
	case caller.SourceIdentity == "":
	case q.SourceIdentity == "":
		q.SourceIdentity = caller.SourceIdentity
	case q.SourceIdentity != caller.SourceIdentity:
		return awserr.WithStatus(http.StatusForbidden, CodeAccessDenied,
			"The source identity of a session cannot be changed: it is already set for the calling session.")
	}
	return nil
}

// ConditionKeys are the keys of the request, for the role's trust policy and the
// caller's own policies (Service Authorization Reference, AWS STS).
func (q *AssumeRoleRequest) ConditionKeys() policy.Context {
	keys := policy.Context{}
	keys.Add("sts:RoleSessionName", q.SessionName)
	if q.ExternalID != "" {
		keys.Add("sts:ExternalId", q.ExternalID)
	}
	if q.SourceIdentity != "" {
		keys.Add("sts:SourceIdentity", q.SourceIdentity)
	}
	if q.Duration != nil {
		keys.Add("sts:DurationSeconds", strconv.Itoa(int(*q.Duration/time.Second)))
	}
	for _, t := range q.Tags {
		keys.Add("aws:RequestTag/"+t.Key, t.Value)
		keys.Add("aws:TagKeys", t.Key)
	}
	keys.Add("sts:TransitiveTagKeys", q.TransitiveTagKeys...)
	return keys
}

func hasTag(tags []Tag, key string) bool {
	return slices.ContainsFunc(tags, func(t Tag) bool { return fold(t.Key) == fold(key) })
}

// AssumeRole makes a session of a role. Whether caller may is decided before,
// by Authorize(caller, "sts:AssumeRole", roleARN); a role that is gone since is
// AccessDenied, as one that was never there.
func (s *Service) AssumeRole(ctx context.Context, caller Principal, q AssumeRoleRequest) (Session, error) {
	if err := q.Prepare(&caller); err != nil {
		return Session{}, err
	}
	return s.assume(ctx, &caller, &q)
}

// assume makes the session of a request that is prepared and permitted.
func (s *Service) assume(ctx context.Context, caller *Principal, q *AssumeRoleRequest) (Session, error) {
	role, err := arn.Parse(q.RoleARN)
	if err != nil {
		return Session{}, err
	}
	if _, err := s.sessionPolicies(ctx, role.Account, q.Policy, q.PolicyARNs); err != nil {
		return Session{}, err
	}
	r, found, err := s.findRole(ctx, q.RoleARN)
	if err != nil {
		return Session{}, err
	}
	if !found {
		return Session{}, awserr.WithStatus(http.StatusForbidden, CodeAccessDenied,
			"User: %s is not authorized to perform: sts:AssumeRole on resource: %s", caller.ARN, q.RoleARN)
	}
	duration, err := sessionDuration(caller, &r, q.Duration)
	if err != nil {
		return Session{}, err
	}
	if err := s.markUsed(ctx, &r, q.Region); err != nil {
		return Session{}, err
	}
	issued := s.now().Truncate(time.Second)
	t := token{RoleID: r.ID, Session: q.SessionName, Secret: newSecret(), Issued: millis(issued),
		Expires: millis(issued.Add(duration)), Policy: q.Policy, ARNs: q.PolicyARNs, Tags: q.Tags,
		Transitive: q.TransitiveTagKeys, SourceIdentity: q.SourceIdentity}
	if caller.Type == TypeWebIdentity {
		t.Provider = caller.FederatedProvider
	}
	session, err := s.seal(newSessionKeyID(r.Account), &t)
	if err != nil {
		return Session{}, err
	}
	if session.PackedPercent, err = q.packed(); err != nil {
		return Session{}, err
	}
	session.Principal, err = s.rolePrincipal(ctx, &r, session.AccessKeyID, &t)
	return session, err
}

func sessionDuration(caller *Principal, r *Role, asked *time.Duration) (time.Duration, error) {
	switch {
	case asked == nil:
		return defaultSession, nil
	case *asked > r.MaxSession:
		return 0, awserr.New(CodeValidation, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	case *asked > defaultSession && caller.Type == TypeAssumedRole:
		return 0, awserr.New(CodeValidation, "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	return *asked, nil
}

// packed is the share of the room for session policies and tags that is taken,
// in percent. Like AWS's it counts them compressed; something always takes at
// least one percent. More than all is PackedPolicyTooLarge.
func (q *AssumeRoleRequest) packed() (int, error) {
	if q.Policy == "" && len(q.PolicyARNs)+len(q.Tags) == 0 {
		return 0, nil
	}
	var n countWriter
	w, err := flate.NewWriter(&n, flate.BestSpeed)
	if err != nil {
		return 0, err
	}
	fmt.Fprint(w, q.Policy, q.PolicyARNs)
	for _, t := range q.Tags {
		fmt.Fprint(w, t.Key, "=", t.Value, ",")
	}
	if err := w.Close(); err != nil {
		return 0, err
	}
	percent := max(1, int(n)*100/maxPacked)
	if percent <= 100 {
		return percent, nil
	}
	if q.Policy == "" && len(q.PolicyARNs) == 0 {
		return 0, awserr.New(CodePackedTooLarge, "Packed size of session tags consumes %d%% of allotted space.", percent)
	}
	return 0, awserr.New(CodePackedTooLarge, "Packed size of policy consumes %d%% of allotted space, please use smaller policy.", percent)
}

// countWriter counts what is written to it.
type countWriter int

func (n *countWriter) Write(b []byte) (int, error) {
	*n += countWriter(len(b))
	return len(b), nil
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
