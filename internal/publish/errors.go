package publish

import (
	"errors"
	"net/http"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// refused reports whether the error proves that the server did not do what was
// asked: it answered, and said that the fault is the client's. After a server
// fault, an unreadable answer or none at all, it may have done it.
func refused(err error) bool {
	var api smithy.APIError
	var response *smithyhttp.ResponseError
	if !errors.As(err, &api) || !errors.As(err, &response) {
		return false
	}
	code := response.HTTPStatusCode()
	return code >= 400 && code < 500 && code != http.StatusRequestTimeout
}

// sessionRefused reports whether another session of the role might do better:
// the role's policies or the session's keys were refused.
func sessionRefused(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch strings.TrimSuffix(api.ErrorCode(), "Exception") {
	case "AccessDenied", "ExpiredToken", "UnrecognizedClient", "InvalidClientTokenId", "InvalidSignature", "SignatureDoesNotMatch", "IncompleteSignature":
		return true
	}
	return false
}

// reason is an error as an administrator should read it: what was tried, and the
// API's own code and message without the SDK's wrapping.
func reason(err error) string {
	text := err.Error()
	cause := ""
	var api smithy.APIError
	var operation *smithy.OperationError
	switch {
	case errors.As(err, &api):
		cause = api.ErrorCode()
		if m := api.ErrorMessage(); m != "" {
			cause += ": " + m
		}
	case errors.As(err, &operation):
		cause = innermost(operation).Error()
	default:
		return text
	}
	if errors.As(err, &operation) {
		if tried, ok := strings.CutSuffix(text, ": "+operation.Error()); ok {
			return tried + ": " + cause
		}
	}
	return cause
}

// innermost unwraps the SDK's layers as far as the error that names a cause: a
// url.Error or net.OpError tells more than the syscall's error alone, so it
// stops there.
func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		switch err.(type) {
		case *smithy.OperationError, *smithyhttp.ResponseError, *smithyhttp.RequestSendError:
			err = next
			continue
		}
		if strings.HasPrefix(err.Error(), "exceeded maximum number of attempts") || strings.HasPrefix(err.Error(), "https response error") {
			err = next
			continue
		}
		return err
	}
}
