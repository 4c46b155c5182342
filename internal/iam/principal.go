package iam

import "waybill/internal/iam/policy"

// PrincipalType is the value of the condition key aws:PrincipalType.
type PrincipalType string

// The kinds of principal that call Waybill.
const (
	TypeAccount     PrincipalType = "Account" // the account's root
	TypeUser        PrincipalType = "User"
	TypeAssumedRole PrincipalType = "AssumedRole"
	TypeService     PrincipalType = "Service"
)

// Principal is an authenticated caller.
type Principal struct {
	Type PrincipalType
	// Account is the 12-digit account the principal belongs to.
	Account string
	// ARN is what GetCallerIdentity shows: arn:aws:iam::...:user/x for a user,
	// arn:aws:sts::...:assumed-role/ROLE/SESSION for a role session.
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
	// SourceARN and SourceAccount say for which resource a service principal
	// acts (aws:SourceArn, aws:SourceAccount). Only a service principal has them.
	SourceARN     string
	SourceAccount string
	// SessionPolicies narrow a role session further (sts:AssumeRole Policy).
	SessionPolicies []policy.Named
	// Tags are aws:PrincipalTag/*.
	Tags map[string]string
}
