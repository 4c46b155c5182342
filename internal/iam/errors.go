package iam

import (
	"net/http"

	"waybill/internal/awserr"
)

// Error codes of IAM and STS as they stand on the wire.
const (
	CodeNoSuchEntity   = "NoSuchEntity"
	CodeAlreadyExists  = "EntityAlreadyExists"
	CodeDeleteConflict = "DeleteConflict"
	CodeLimitExceeded  = "LimitExceeded"
	CodeInvalidInput   = "InvalidInput"
	CodeValidation     = "ValidationError"
	CodeUnmodifiable   = "UnmodifiableEntity"
	CodeNotAttachable  = "PolicyNotAttachable"
	CodeAccessDenied   = "AccessDenied"
	CodeInvalidToken   = "InvalidClientTokenId"
	CodeExpiredToken   = "ExpiredToken"
	CodeThrottling     = "Throttling"
	CodeSignIn         = "AuthFailure"
	CodeParameterValue = "InvalidParameterValue"
	CodePackedTooLarge = "PackedPolicyTooLarge"

	CodePasswordViolation = "PasswordPolicyViolation"
	CodeInvalidUserType   = "InvalidUserType"
	CodeConcurrent        = "ConcurrentModification"

	// CodePasswordReset and CodePasswordExpired are SignIn's own: the password was
	// right, but a new one is due, which the user may choose or may not.
	CodePasswordReset   = "PasswordResetRequired"
	CodePasswordExpired = "PasswordExpired"
)

func noSuch(format string, args ...any) error {
	return awserr.WithStatus(http.StatusNotFound, CodeNoSuchEntity, format, args...)
}

func noSuchRole(name string) error { return noSuch("The role with name %s cannot be found.", name) }
func noSuchUser(name string) error { return noSuch("The user with name %s cannot be found.", name) }

func exists(format string, args ...any) error {
	return awserr.WithStatus(http.StatusConflict, CodeAlreadyExists, format, args...)
}

func limitExceeded(format string, args ...any) error {
	return awserr.WithStatus(http.StatusConflict, CodeLimitExceeded, format, args...)
}

func deleteConflict(format string, args ...any) error {
	return awserr.WithStatus(http.StatusConflict, CodeDeleteConflict, format, args...)
}

func unmodifiable(role string) error {
	return awserr.New(CodeUnmodifiable,
		"Cannot perform the operation on the protected role '%s' - this role is only modifiable by AWS", role)
}

// invalidToken is the answer to a key or token that nobody has. It is the same
// for every reason, so that it tells nothing about what exists.
func invalidToken() error {
	return awserr.WithStatus(http.StatusForbidden, CodeInvalidToken, "The security token included in the request is invalid.")
}
