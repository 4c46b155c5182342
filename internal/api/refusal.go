package api

import (
	"errors"
	"net/http"

	"waybill/internal/awserr"
	"waybill/internal/iam"
	"waybill/internal/iam/policy"
)

// Refusal is the error of a call that policies refuse, as Invoke returns it. It
// wraps the *awserr.Error that goes over the wire, which names only the kind of
// policy that decided.
type Refusal struct {
	err *awserr.Error
	// Need is the permission that was missing.
	Need Need
	// Decision is what the caller may know of the decision (policy.Decision.ForCaller).
	Decision policy.Decision
}

// Error implements error.
func (r *Refusal) Error() string { return r.err.Error() }

// Unwrap returns the *awserr.Error.
func (r *Refusal) Unwrap() error { return r.err }

// RefusalOf returns the refusal that err is or wraps, or nil.
func RefusalOf(err error) *Refusal {
	var r *Refusal
	errors.As(err, &r)
	return r
}

// refuse is AWS's refusal: who may not do what to which, and which kind of
// policy is the reason (IAM User Guide, "Troubleshoot access denied error messages").
func refuse(caller *iam.Principal, need Need, d policy.Decision) *Refusal {
	text := "User: " + caller.ARN + " is not authorized to perform: " + need.Action
	if need.Resource != "*" {
		text += " on resource: " + need.Resource
	}
	text += d.Clause(need.Action)
	if caller.Type == iam.TypeWebIdentity {
		text = "Not authorized to perform " + need.Action // whoever bears a token is not told more
	}
	return &Refusal{err: awserr.WithStatus(http.StatusForbidden, CodeAccessDenied, "%s", text), Need: need, Decision: d.ForCaller()}
}
