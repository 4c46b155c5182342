// Package iamapi is the part of IAM's API (version 2010-05-08, Query) that
// Waybill answers. Fields have the wire's own names.
package iamapi

import (
	"net/url"
	"slices"
	"strings"

	"waybill/internal/api"
	"waybill/internal/arn"
	"waybill/internal/iam"
)

// Operations returns every operation of the service.
func Operations(s *iam.Service) []api.Operation {
	return slices.Concat(roleOperations(s), oidcOperations(s))
}

func roleOperations(s *iam.Service) []api.Operation {
	return []api.Operation{
		createRole(s), getRole(s), listRoles(s), deleteRole(s), updateRole(s), updateAssumeRolePolicy(s),
		putRolePolicy(s), getRolePolicy(s), listRolePolicies(s), deleteRolePolicy(s),
		attachRolePolicy(s), detachRolePolicy(s), listAttachedRolePolicies(s), listInstanceProfilesForRole(s),
		createServiceLinkedRole(s), deleteServiceLinkedRole(s), getServiceLinkedRoleDeletionStatus(s),
	}
}

// Empty is the output of operations that answer nothing.
type Empty struct{}

// onRole needs an action on the role that the input names. Where the name is
// all that is known the path is that of the role itself, so policies may name
// the ARN that IAM shows.
func onRole[In any](s *iam.Service, action string, name func(*In) string) func(*api.Call, *In) ([]api.Need, error) {
	return func(c *api.Call, in *In) ([]api.Need, error) {
		return []api.Need{{Action: "iam:" + action, Resource: roleARN(s, c, name(in))}}, nil
	}
}

// onPath needs an action on a role that is to be made.
func onPath(c *api.Call, action, path, name string) []api.Need {
	if path == "" {
		path = "/"
	}
	return []api.Need{{Action: "iam:" + action, Resource: arn.IAM(c.Caller.Account, "role", path, name)}}
}

// escape writes a policy document as IAM answers it: percent-encoded (RFC 3986).
func escape(document string) string {
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}
