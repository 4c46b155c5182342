package webidentity

import (
	"context"
	"errors"
	"net"
	"time"

	"waybill/internal/awserr"
)

// The codes of AssumeRoleWithWebIdentity as they stand on the wire.
const (
	CodeInvalid       = "InvalidIdentityToken"
	CodeExpired       = "ExpiredTokenException"
	CodeCommunication = "IDPCommunicationError"
	CodeRejected      = "IDPRejectedClaim"
)

func invalid(format string, args ...any) error { return awserr.New(CodeInvalid, format, args...) }

func errNoJWT() error {
	return invalid("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
}

func errExpired(now, end time.Time) error {
	return awserr.New(CodeExpired, "Token expired: current date/time %d must be before the expiration date/time %d", now.Unix(), end.Unix())
}

// unreachable is the answer when a provider's keys are not to be had. The cause
// is for our own log.
func unreachable(cause error) error {
	e := &awserr.Error{Code: CodeInvalid, Cause: cause,
		Message: "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements"}
	var network *net.OpError
	switch {
	case errors.Is(cause, errThumbprint):
		e.Message = "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"
	case errors.As(cause, &network), errors.Is(cause, context.DeadlineExceeded):
		e.Code, e.Message = CodeCommunication, "The identity provider could not be reached. Try again."
	}
	return e
}
