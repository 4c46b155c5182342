package iam

import (
	"strings"
	"time"

	"waybill/internal/arn"
	"waybill/internal/iam/policy"
	"waybill/internal/iam/webidentity"
)

// PrincipalType is the value of the condition key aws:PrincipalType.
type PrincipalType string

// The kinds of principal that call Waybill.
const (
	TypeAccount     PrincipalType = "Account" // the account's root
	TypeUser        PrincipalType = "User"
	TypeAssumedRole PrincipalType = "AssumedRole"
	TypeService     PrincipalType = "Service"
	// TypeWebIdentity is somebody whom an identity provider vouches for, until a
	// role is assumed (sts:AssumeRoleWithWebIdentity).
	TypeWebIdentity PrincipalType = "WebIdentityUser"
)

// Principal is an authenticated caller.
type Principal struct {
	Type PrincipalType
	// Account is the 12-digit account the principal belongs to; empty for a service.
	Account string
	// ARN is what GetCallerIdentity shows: arn:aws:iam::...:user/x for a user,
	// arn:aws:sts::...:assumed-role/ROLE/SESSION for a role session. For a
	// service it is the service's name.
	ARN string
	// UserID is aws:userid: "AIDA...", or "AROA...:SESSION".
	UserID string
	// Name is the user's name, the role's name for a session, the service's name for a service.
	Name string
	// RoleARN is the role behind a session.
	RoleARN string
	// SessionName is the role session's name.
	SessionName string
	// AccessKeyID is the key that signed; empty for the console and for start-up.
	AccessKeyID string
	// TokenIssued is when the session began (aws:TokenIssueTime); zero for
	// long-term credentials.
	TokenIssued time.Time
	// SourceIdentity is aws:SourceIdentity of a role session, and TransitiveTags
	// are those of its tags that a role assumed with it inherits.
	SourceIdentity string
	TransitiveTags []Tag
	// FederatedProvider is the identity provider's ARN of a web identity and of a
	// role session that one began (aws:FederatedProvider).
	FederatedProvider string
	// WebIdentity is what its provider says of a web identity; nil for all others.
	WebIdentity *webidentity.Identity
	// SourceARN and SourceAccount say for which resource a service principal
	// acts (aws:SourceArn, aws:SourceAccount). Only a service principal has them.
	SourceARN     string
	SourceAccount string
	// SessionPolicies narrow a role session further (sts:AssumeRole Policy).
	SessionPolicies []policy.Named
	// Tags are aws:PrincipalTag/*.
	Tags map[string]string
}

// Root returns the root of an account. Waybill gives nobody its credentials; it
// is how start-up acts on what the configuration declares.
func Root(account string) Principal {
	return Principal{Type: TypeAccount, Account: account, UserID: account,
		ARN: arn.ARN{Partition: arn.Partition, Service: "iam", Account: account, Resource: "root"}.String()}
}

// ServicePrincipal returns a service acting for a resource of an account.
func ServicePrincipal(service, sourceARN, sourceAccount string) Principal {
	return Principal{Type: TypeService, ARN: service, UserID: service, Name: service,
		SourceARN: sourceARN, SourceAccount: sourceAccount}
}

func (u *User) principal(accessKeyID string) Principal {
	return Principal{Type: TypeUser, Account: u.Account, ARN: u.ARN(), UserID: u.ID, Name: u.Name,
		AccessKeyID: accessKeyID, Tags: tagMap(u.Tags)}
}

// session returns the principal of a session of the role.
func (r *Role) session(name, accessKeyID string, issued time.Time) Principal {
	return Principal{Type: TypeAssumedRole, Account: r.Account, ARN: arn.AssumedRole(r.Account, r.Name, name),
		UserID: r.ID + ":" + name, Name: r.Name, RoleARN: r.ARN(), SessionName: name,
		AccessKeyID: accessKeyID, TokenIssued: issued, Tags: tagMap(r.Tags)}
}

// entityID is the id of the user or role whose policies are the principal's.
func (p *Principal) entityID() string {
	id, _, _ := strings.Cut(p.UserID, ":")
	return id
}

// subject is the principal as policies see it.
func (p *Principal) subject() policy.Subject {
	switch p.Type {
	case TypeService:
		return policy.Subject{Service: p.Name}
	case TypeAssumedRole:
		return policy.Subject{Account: p.Account, ARNs: []string{p.ARN, p.RoleARN}}
	case TypeWebIdentity:
		return policy.Subject{Federated: p.FederatedProvider}
	default:
		return policy.Subject{Account: p.Account, ARNs: []string{p.ARN}}
	}
}
