// Package iamapi is the part of IAM's API (version 2010-05-08, Query) that
// Waybill answers. Fields have the wire's own names.
package iamapi

import (
	"net/url"
	"slices"
	"strings"

	"waybill/internal/api"
	"waybill/internal/iam"
)

// Operations returns every operation of the service.
func Operations(s *iam.Service) []api.Operation {
	return slices.Concat(
		userOperations(s), accessKeyOperations(s), passwordOperations(s), groupOperations(s),
		roleOperations(s), managedPolicyOperations(s), oidcOperations(s), accountOperations(s), absentOperations(s),
		policyOperations(s, users), policyOperations(s, groups), policyOperations(s, roles),
		personOperations(s, users), personOperations(s, roles), simulateOperations(s),
	)
}

// Empty is the output of operations that answer nothing.
type Empty struct{}

// EmptyResult is the output of those that answer a result without members,
// whose element clients look for all the same.
type EmptyResult struct{ _ struct{} }

// escape writes a policy document as IAM answers it: percent-encoded (RFC 3986).
func escape(document string) string {
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}
