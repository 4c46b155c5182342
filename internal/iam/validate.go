package iam

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"waybill/internal/awserr"
)

// The quotas and bounds of the IAM API reference.
const (
	maxRoleName           = 64
	maxUserName           = 64
	maxPolicyName         = 128
	maxPath               = 512
	maxDescription        = 1000
	maxTrust              = 2048   // characters of a trust policy, without white space
	maxInlinePolicies     = 10_240 // characters of all inline policies of a role, without white space
	maxUserInline         = 2_048  // the same for a user
	maxGroupInline        = 5_120  // and for a group
	maxManagedPolicy      = 6_144  // characters of a managed policy's version, without white space
	maxDocument           = 131_072
	maxAttachments        = 10
	maxGroupName          = 128
	maxRolesPerAccount    = 1_000
	maxUsersPerAccount    = 5_000
	maxGroupsPerAccount   = 300
	maxGroupsPerUser      = 10
	maxPoliciesPerAccount = 1_500
	maxVersions           = 5
	maxVersionsInUse      = 10_000
	maxTags               = 50
	maxTagKey             = 128
	maxTagValue           = 256
	minSession            = 3_600 // seconds
	maxSession            = 43_200
)

var (
	nameSyntax = regexp.MustCompile(`^[\w+=,.@-]+$`)
	pathSyntax = regexp.MustCompile(`^/([!-~]*/)?$`)
	accountNum = regexp.MustCompile(`^[0-9]{12}$`)
	tagSyntax  = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
)

// Problems gathers what a request violates, in the words of AWS's validation:
// all of it goes into one ValidationError.
type Problems struct{ list []string }

// Add notes that the value at a member fails a constraint. value is quoted as
// AWS does; nil stands for a member that is missing.
func (p *Problems) Add(value *string, at, constraint string) {
	shown := "null"
	if value != nil {
		shown = "'" + *value + "'"
	}
	p.list = append(p.list, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: Member must %s", shown, at, constraint))
}

// Length checks a required string's length in characters.
func (p *Problems) Length(value, at string, least, most int) {
	n := utf8.RuneCountInString(value)
	switch {
	case n == 0 && least > 0:
		p.Add(nil, at, "not be null")
	case n < least:
		p.Add(&value, at, fmt.Sprintf("have length greater than or equal to %d", least))
	case n > most:
		p.Add(&value, at, fmt.Sprintf("have length less than or equal to %d", most))
	}
}

// secretLength is Length for what must not be shown.
func (p *Problems) secretLength(value, at string, least, most int) {
	if n := len(value); n == 0 {
		p.Add(nil, at, "not be null")
	} else if n < least || n > most {
		hidden := "***"
		p.Add(&hidden, at, fmt.Sprintf("have length between %d and %d", least, most))
	}
}

// Range checks a number.
func (p *Problems) Range(value int64, at string, least, most int64) {
	shown := strconv.FormatInt(value, 10)
	switch {
	case value < least:
		p.Add(&shown, at, fmt.Sprintf("have value greater than or equal to %d", least))
	case value > most:
		p.Add(&shown, at, fmt.Sprintf("have value less than or equal to %d", most))
	}
}

// Err returns the ValidationError, or nil if there is no problem.
func (p *Problems) Err() error {
	switch n := len(p.list); n {
	case 0:
		return nil
	case 1:
		return awserr.New(CodeValidation, "1 validation error detected: %s", p.list[0])
	default:
		return awserr.New(CodeValidation, "%d validation errors detected: %s", n, strings.Join(p.list, "; "))
	}
}

// checkName validates an entity's name; at is the member's name ("roleName").
func checkName(name, at string, most int) error {
	var p Problems
	p.Length(name, at, 1, most)
	if err := p.Err(); err != nil {
		return err
	}
	if !nameSyntax.MatchString(name) {
		return awserr.New(CodeValidation,
			"The specified value for %s is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-", at)
	}
	return nil
}

// defaultPath is the path of entities that are given none.
func defaultPath(path string) string {
	if path == "" {
		return "/"
	}
	return path
}

// checkPath validates a path; at is "path" or "pathPrefix".
func checkPath(path, at string) error {
	var p Problems
	p.Length(path, at, 1, maxPath)
	if err := p.Err(); err != nil {
		return err
	}
	if !pathSyntax.MatchString(path) {
		return awserr.New(CodeValidation,
			"The specified value for %s is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.", at)
	}
	return nil
}

// prefixSyntax is that of PathPrefix: it need not end with a slash.
var prefixSyntax = regexp.MustCompile(`^/[!-~]*$`)

// CheckPathPrefix validates the PathPrefix of a list.
func CheckPathPrefix(prefix string) error {
	var p Problems
	p.Length(prefix, "pathPrefix", 1, maxPath)
	if !prefixSyntax.MatchString(prefix) {
		p.Add(&prefix, "pathPrefix", `satisfy regular expression pattern: \u002F[\u0021-\u007F]*`)
	}
	return p.Err()
}

// visibleLength counts a document's characters as IAM's quotas do: without white space.
func visibleLength(document string) int {
	n := 0
	for _, r := range document {
		switch r {
		case ' ', '\t', '\n', '\r':
		default:
			n++
		}
	}
	return n
}

// CheckAccount refuses what is no 12-digit account number.
func CheckAccount(account string) error {
	if !accountNum.MatchString(account) {
		return awserr.New(CodeValidation, "'%s' is no account number: it must have 12 digits", account)
	}
	return nil
}
