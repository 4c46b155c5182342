package iam

import (
	"context"
	"database/sql"
	"fmt"
)

// Summary returns an account's figures and quotas by IAM's names (IAM
// GetAccountSummary). What Waybill does not have (MFA devices, certificates,
// instance profiles) is zero.
func (s *Service) Summary(ctx context.Context, account string) (map[string]int, error) {
	m := map[string]int{
		"UsersQuota": maxUsersPerAccount, "GroupsQuota": maxGroupsPerAccount, "RolesQuota": maxRolesPerAccount,
		"PoliciesQuota": maxPoliciesPerAccount, "PolicyVersionsInUseQuota": maxVersionsInUse, "VersionsPerPolicyQuota": maxVersions,
		"GroupsPerUserQuota": maxGroupsPerUser, "AccessKeysPerUserQuota": maxUserKeys,
		"AttachedPoliciesPerUserQuota": maxAttachments, "AttachedPoliciesPerGroupQuota": maxAttachments, "AttachedPoliciesPerRoleQuota": maxAttachments,
		"PolicySizeQuota": maxManagedPolicy, "UserPolicySizeQuota": maxUserInline, "GroupPolicySizeQuota": maxGroupInline,
		"RolePolicySizeQuota": maxInlinePolicies, "AssumeRolePolicySizeQuota": maxTrust,
		"GlobalEndpointTokenVersion": 2,
		"MFADevices":                 0, "MFADevicesInUse": 0, "AccountMFAEnabled": 0,
		"AccountAccessKeysPresent": 0, "AccountPasswordPresent": 0, "AccountSigningCertificatesPresent": 0,
		"SigningCertificatesPerUserQuota": 0, "ServerCertificates": 0, "ServerCertificatesQuota": 0,
		"InstanceProfiles": 0, "InstanceProfilesQuota": 0,
	}
	err := s.DB.Read(ctx, func(tx *sql.Tx) error {
		for key, query := range map[string]string{
			"Users":               `SELECT count(*) FROM users WHERE account = ?`,
			"Groups":              `SELECT count(*) FROM iam_groups WHERE account = ?`,
			"Roles":               `SELECT count(*) FROM roles WHERE account = ?`,
			"Policies":            `SELECT count(*) FROM policies WHERE account = ?`,
			"PolicyVersionsInUse": `SELECT count(*) FROM policy_versions v JOIN policies p ON p.id = v.policy_id WHERE p.account = ?`,
			"Providers":           `SELECT count(*) FROM oidc_providers WHERE account = ?`,
		} {
			var n int
			if err := tx.QueryRowContext(ctx, query, account).Scan(&n); err != nil {
				return fmt.Errorf("count %s of %s: %w", key, account, err)
			}
			m[key] = n
		}
		return nil
	})
	return m, err
}

// EntityPolicies is what GetAccountAuthorizationDetails tells of an entity's rights.
type EntityPolicies struct {
	Inline   []InlinePolicy
	Attached []PolicyRef
	// Groups are the names of a user's groups.
	Groups []string
}

// InlinePolicy is an inline policy with its document as it was written.
type InlinePolicy struct{ Name, Document string }

// EntityPolicies returns all policies of an entity.
func (s *Service) EntityPolicies(ctx context.Context, o Owner) (p EntityPolicies, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		e, err := o.entity(ctx, tx)
		if err != nil {
			return err
		}
		texts, err := o.facts().inline.all(ctx, tx, e.ID)
		if err != nil {
			return err
		}
		for _, t := range texts {
			p.Inline = append(p.Inline, InlinePolicy{t.name, t.text})
		}
		arns, err := o.facts().attached.all(ctx, tx, e.ID)
		if err != nil {
			return err
		}
		for _, a := range arns {
			p.Attached = append(p.Attached, policyRef(a))
		}
		if o.Kind != KindUser {
			return nil
		}
		groups, err := groupsOf(ctx, tx, e.ID)
		for _, g := range groups {
			p.Groups = append(p.Groups, g.Name)
		}
		return err
	})
	return p, err
}
