package audit

import (
	"strings"

	"waybill/internal/iam"
)

// identity writes userIdentity (CloudTrail User Guide, "CloudTrail userIdentity
// element").
func identity(o *object, p *iam.Principal) {
	o.open("userIdentity", '{')
	switch p.Type {
	case iam.TypeUser:
		caller(o, "IAMUser", p)
		o.text("userName", p.Name)
		if !p.TokenIssued.IsZero() {
			o.open("sessionContext", '{')
			session(o, p)
			o.close('}')
		}
	case iam.TypeAssumedRole:
		caller(o, "AssumedRole", p)
		roleContext(o, p)
	case iam.TypeAccount:
		caller(o, "Root", p)
	case iam.TypeService:
		o.text("type", "AWSService")
		o.text("invokedBy", p.Name)
	case iam.TypeWebIdentity:
		o.text("type", "WebIdentityUser")
		o.text("principalId", p.UserID)
		o.text("userName", p.Name)
		o.text("identityProvider", p.FederatedProvider)
	default:
		o.text("type", "Unknown")
		o.text("accountId", p.Account)
		o.text("accessKeyId", short(p.AccessKeyID))
	}
	o.close('}')
}

func caller(o *object, kind string, p *iam.Principal) {
	o.text("type", kind)
	o.text("principalId", p.UserID)
	o.text("arn", p.ARN)
	o.text("accountId", p.Account)
	o.text("accessKeyId", p.AccessKeyID)
}

func roleContext(o *object, p *iam.Principal) {
	o.open("sessionContext", '{')
	o.open("sessionIssuer", '{')
	id, _, _ := strings.Cut(p.UserID, ":")
	o.text("type", "Role")
	o.text("principalId", id)
	o.text("arn", p.RoleARN)
	o.text("accountId", p.Account)
	o.text("userName", p.Name)
	o.close('}')
	if p.FederatedProvider != "" {
		o.open("webIdFederationData", '{')
		o.text("federatedProvider", p.FederatedProvider)
		o.close('}')
	}
	session(o, p)
	o.text("sourceIdentity", p.SourceIdentity)
	o.close('}')
}

func session(o *object, p *iam.Principal) {
	o.open("attributes", '{')
	o.time("creationDate", p.TokenIssued)
	o.text("mfaAuthenticated", "false")
	o.close('}')
}
