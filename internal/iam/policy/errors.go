package policy

import (
	"errors"

	"waybill/internal/awserr"
)

// CodeMalformed is the code of every error that Parse returns.
const CodeMalformed = "MalformedPolicyDocument"

// The two refusals that AWS gives no detail to.
var (
	errSyntax = malformed("Syntax errors in policy.")
	errLegacy = malformed("The policy failed legacy parsing")
)

func malformed(format string, args ...any) *awserr.Error {
	return awserr.New(CodeMalformed, format, args...)
}

// fresh copies an error of ours, so that no caller holds a shared one.
func fresh(err error) error {
	var e *awserr.Error
	if errors.As(err, &e) {
		c := *e
		return &c
	}
	return malformed("%v", err)
}
