package logs

import (
	"strconv"

	"waybill/internal/awserr"
)

// The codes of CloudWatch Logs' model that this package answers with.
const (
	codeNotFound  = "ResourceNotFoundException"
	codeExists    = "ResourceAlreadyExistsException"
	codeParameter = "InvalidParameterException"
	codeLimit     = "LimitExceededException"
)

func errNoGroup() error {
	return awserr.New(codeNotFound, "The specified log group does not exist.")
}

func errNoStream() error {
	return awserr.New(codeNotFound, "The specified log stream does not exist.")
}

func errToken() error {
	return awserr.New(codeParameter, "The specified nextToken is invalid.")
}

// errConstraint is AWS's text for one member that breaks its model.
func errConstraint(value, member, constraint string) error {
	return awserr.New(codeParameter, "1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", value, member, constraint)
}

func checkLimit(limit, most int) error {
	if limit > most {
		return errConstraint(strconv.Itoa(limit), "limit", "Member must have value less than or equal to "+strconv.Itoa(most))
	}
	if limit < 1 {
		return errConstraint(strconv.Itoa(limit), "limit", "Member must have value greater than or equal to 1")
	}
	return nil
}
