// Package awserr holds the one error type that crosses Waybill's layers on its
// way to an AWS client: a wire code, the text the client may read, and a cause
// that is logged and never sent.
//
// Domain packages (iam, logs, workmail, ...) return it for everything the
// caller can mend; any other error is a fault of ours, and the api package
// answers it as an internal failure without its text.
package awserr

import (
	"errors"
	"fmt"
	"net/http"
)

// Error is a failure in AWS's own terms.
type Error struct {
	// Code is the wire code as the service's API reference spells it, for
	// example "ResourceNotFoundException" (CloudWatch Logs) or "NoSuchEntity" (IAM).
	Code string
	// Message is shown to the caller.
	Message string
	// Status is the HTTP status. Zero means 400.
	Status int
	// Members are further members of the error's shape in the service's model
	// ("expectedSequenceToken"); nil for most.
	Members map[string]string
	// Shape is members that are structures ("queryCompileError"), by their names in
	// the model; they are sent by JSON protocols only. Nil for most.
	Shape map[string]any
	// Cause is for our own log only; nil when the caller is at fault.
	Cause error
}

// New returns a client error answered with HTTP status 400.
func New(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// WithStatus returns a client error answered with the given HTTP status.
func WithStatus(status int, code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Status: status}
}

// Error implements error. The cause is included because only our own log
// prints errors whole; wire encoders send Code and Message.
func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.Cause)
	}
	return e.Code + ": " + e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// HTTPStatus returns the status to answer with.
func (e *Error) HTTPStatus() int {
	if e.Status == 0 {
		return http.StatusBadRequest
	}
	return e.Status
}

// HasCode reports whether err is, or wraps, an Error with that code.
func HasCode(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}
