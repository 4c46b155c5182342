package iamapi

import (
	"context"
	"slices"
	"strings"
	"time"

	"waybill/internal/api"
	"waybill/internal/iam"
)

// PolicyVersion is IAM's PolicyVersion. Lists leave the document out.
type PolicyVersion struct {
	VersionId        string
	IsDefaultVersion bool
	Document         string `json:",omitempty"`
	CreateDate       time.Time
}

func listedVersion(v *iam.PolicyVersion) PolicyVersion {
	return PolicyVersion{VersionId: v.ID, IsDefaultVersion: v.IsDefault, CreateDate: v.Created}
}

// PolicyVersionOutput is the output of operations that answer one version.
type PolicyVersionOutput struct{ PolicyVersion PolicyVersion }

// PolicyVersionsOutput is ListPolicyVersions'.
type PolicyVersionsOutput struct {
	Versions []PolicyVersion
	Paged
}

// EntitiesOutput is ListEntitiesForPolicy's.
type EntitiesOutput struct {
	PolicyGroups []PolicyGroup
	PolicyUsers  []PolicyUser
	PolicyRoles  []PolicyRole
	Paged
}

// PolicyGroup, PolicyUser and PolicyRole are entities that have a policy.
type (
	PolicyGroup struct{ GroupName, GroupId string }
	PolicyUser  struct{ UserName, UserId string }
	PolicyRole  struct{ RoleName, RoleId string }
)

func createPolicyVersion(s *iam.Service) api.Operation {
	return onPolicy(s, "CreatePolicyVersion", func(ctx context.Context, account string, in *PolicyInput) (*PolicyVersionOutput, error) {
		v, err := s.CreatePolicyVersion(ctx, account, in.PolicyArn, in.PolicyDocument, in.SetAsDefault)
		return &PolicyVersionOutput{listedVersion(&v)}, err
	})
}

func getPolicyVersion(s *iam.Service) api.Operation {
	return onPolicy(s, "GetPolicyVersion", func(ctx context.Context, account string, in *PolicyInput) (*PolicyVersionOutput, error) {
		v, err := s.PolicyVersion(ctx, account, in.PolicyArn, in.VersionId)
		w := listedVersion(&v)
		w.Document = escape(v.Document)
		return &PolicyVersionOutput{w}, err
	})
}

func listPolicyVersions(s *iam.Service) api.Operation {
	return onPolicy(s, "ListPolicyVersions", func(ctx context.Context, account string, in *PolicyInput) (*PolicyVersionsOutput, error) {
		list, err := s.PolicyVersions(ctx, account, in.PolicyArn)
		if err != nil {
			return nil, err
		}
		after, limit, err := in.bounds()
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(list, func(v iam.PolicyVersion) bool { return v.ID == after }); i >= 0 {
			list = list[i+1:]
		}
		out := &PolicyVersionsOutput{Versions: shown(list[:min(limit, len(list))], listedVersion)}
		if len(list) > limit {
			out.Paged = following(true, list[limit-1].ID)
		}
		return out, nil
	})
}

// listEntitiesForPolicy lists groups, roles and users in one order, so that one
// marker serves all three.
func listEntitiesForPolicy(s *iam.Service) api.Operation {
	return onPolicy(s, "ListEntitiesForPolicy", func(ctx context.Context, account string, in *PolicyInput) (*EntitiesOutput, error) {
		var p iam.Problems
		oneOf(&p, in.EntityFilter, "entityFilter", "User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy")
		checkUsage(&p, in.PolicyUsageFilter)
		if err := p.Err(); err != nil {
			return nil, err
		}
		list, err := entitiesForPolicy(ctx, s, account, in)
		if err != nil {
			return nil, err
		}
		page, paged, err := cut(&in.Page, list, func(e *iam.Entity) string { return string(e.Kind) + "/" + iam.Fold(e.Name) })
		out := &EntitiesOutput{[]PolicyGroup{}, []PolicyUser{}, []PolicyRole{}, paged}
		for _, e := range page {
			switch e.Kind {
			case iam.KindGroup:
				out.PolicyGroups = append(out.PolicyGroups, PolicyGroup{e.Name, e.ID})
			case iam.KindUser:
				out.PolicyUsers = append(out.PolicyUsers, PolicyUser{e.Name, e.ID})
			case iam.KindRole:
				out.PolicyRoles = append(out.PolicyRoles, PolicyRole{e.Name, e.ID})
			}
		}
		return out, err
	})
}

// entitiesForPolicy returns those that have the policy in either way, unless
// one is asked for.
func entitiesForPolicy(ctx context.Context, s *iam.Service, account string, in *PolicyInput) ([]iam.Entity, error) {
	var list []iam.Entity
	for usage, boundaries := range map[string]bool{usagePermissions: false, usageBoundary: true} {
		if in.PolicyUsageFilter != "" && in.PolicyUsageFilter != usage {
			continue
		}
		found, err := s.PolicyEntities(ctx, account, in.PolicyArn, boundaries)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	list = slices.DeleteFunc(list, func(e iam.Entity) bool {
		return !strings.HasPrefix(e.Path, in.PathPrefix) || in.EntityFilter != "" && !strings.EqualFold(in.EntityFilter, string(e.Kind))
	})
	key := func(e iam.Entity) string { return string(e.Kind) + "/" + iam.Fold(e.Name) }
	slices.SortFunc(list, func(a, b iam.Entity) int { return strings.Compare(key(a), key(b)) })
	return slices.CompactFunc(list, func(a, b iam.Entity) bool { return a.ID == b.ID }), nil
}

// oneOf refuses a value of an enumeration that it does not have; none is fine.
func oneOf(p *iam.Problems, value, member string, allowed ...string) {
	if value != "" && !slices.Contains(allowed, value) {
		p.Add(&value, member, "satisfy enum value set: ["+strings.Join(allowed, ", ")+"]")
	}
}
