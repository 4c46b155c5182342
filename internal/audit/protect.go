package audit

import (
	"fmt"
	"strings"

	"waybill/internal/iam/policy"
)

// protection lets nobody write into the trail or take anything away. Reading it
// and setting its retention is for the account's own policies to allow.
const protection = `{"Version":"2012-10-17","Statement":[{"Sid":"OnlyWaybillWritesTheAuditTrail","Effect":"Deny","Principal":"*","Action":[
	"logs:CreateLogGroup","logs:DeleteLogGroup","logs:CreateLogStream","logs:DeleteLogStream","logs:PutLogEvents",
	"logs:PutDataProtectionPolicy","logs:PutTransformer","logs:AssociateKmsKey","logs:DisassociateKmsKey"],
	"Resource":["arn:aws:logs:*:*:log-group:` + Group + `","arn:aws:logs:*:*:log-group:` + Group + `:*"]}]}`

// Protection is the resource policy of every account's trail.
type Protection struct{ named []policy.Named }

// NewProtection parses the policy.
func NewProtection() (*Protection, error) {
	d, err := policy.Parse(policy.Resource, []byte(protection))
	if err != nil {
		return nil, fmt.Errorf("parse the policy of the audit trail: %w", err)
	}
	return &Protection{[]policy.Named{{Name: "WaybillAuditProtection", Document: d}}}, nil
}

// For returns the policy if a resource is the trail or a part of it.
func (p *Protection) For(resourceARN string) []policy.Named {
	_, name, isGroup := strings.Cut(resourceARN, ":log-group:")
	if rest, ok := strings.CutPrefix(name, Group); isGroup && ok && (rest == "" || rest[0] == ':') {
		return p.named
	}
	return nil
}
