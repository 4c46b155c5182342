package pattern

import "waybill/internal/awserr"

// codeInvalid is the code of every error of this package.
const codeInvalid = "InvalidParameterException"

func invalid(format string, args ...any) *awserr.Error {
	return awserr.New(codeInvalid, format, args...)
}

func errInvalid() *awserr.Error { return invalid("Invalid filter pattern") }

// errCharacter is what AWS says of a character that must stand in quotes.
func errCharacter(r rune) *awserr.Error {
	return invalid("Invalid character(s) in term '%c'", r)
}
