package sigv4

import (
	"net/http"

	"waybill/internal/awserr"
)

// The codes of AWS's Query services (IAM User Guide, "Common errors").
const (
	CodeMissingToken  = "MissingAuthenticationToken"
	CodeIncomplete    = "IncompleteSignature"
	CodeMismatch      = "SignatureDoesNotMatch"
	CodeInvalidToken  = "InvalidClientTokenId"
	CodeMalformedForm = "MalformedQueryString"
)

func missing() *awserr.Error {
	return awserr.WithStatus(http.StatusForbidden, CodeMissingToken, "Request is missing Authentication Token")
}

func incomplete(format string, args ...any) *awserr.Error {
	return awserr.New(CodeIncomplete, format, args...)
}

func mismatch(format string, args ...any) *awserr.Error {
	return awserr.WithStatus(http.StatusForbidden, CodeMismatch, format, args...)
}

// UnknownKey is the error for an access key id that nobody has; look-up
// functions return it.
func UnknownKey() *awserr.Error {
	return awserr.WithStatus(http.StatusForbidden, CodeInvalidToken, "The security token included in the request is invalid.")
}
