// Package validate checks the members of operations' inputs and says what is
// wrong with them in AWS's words: "2 validation errors detected: Value ...".
package validate

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"waybill/internal/awserr"
)

// Checks collects what is wrong with one input. The zero value is ready. Members
// are named as on the wire.
type Checks struct{ faults []string }

// Missing is the error for a single required member that is not there. code is
// the service's: InvalidParameterException (CloudWatch Logs), ValidationException
// (other JSON services), ValidationError (IAM, STS).
func Missing(code, member string) error {
	var c Checks
	c.Required(member, false)
	return c.Err(code)
}

func (c *Checks) fail(value, member, constraint string) {
	c.faults = append(c.faults, "Value "+value+" at '"+member+"' failed to satisfy constraint: "+constraint)
}

func quote(s string) string { return "'" + s + "'" }

// Required demands that a member is there.
func (c *Checks) Required(member string, present bool) {
	if !present {
		c.fail("null", member, "Member must not be null")
	}
}

// Length demands between least and most characters; most zero means no bound.
func (c *Checks) Length(member, value string, least, most int) {
	n := utf8.RuneCountInString(value)
	if n < least {
		c.fail(quote(value), member, "Member must have length greater than or equal to "+strconv.Itoa(least))
	}
	if most > 0 && n > most {
		c.fail(quote(value), member, "Member must have length less than or equal to "+strconv.Itoa(most))
	}
}

// Count demands between least and most elements; most zero means no bound.
func Count[E any](c *Checks, member string, list []E, least, most int) {
	if len(list) < least {
		c.fail(quote(fmt.Sprint(list)), member, "Member must have length greater than or equal to "+strconv.Itoa(least))
	}
	if most > 0 && len(list) > most {
		c.fail(quote(fmt.Sprint(list)), member, "Member must have length less than or equal to "+strconv.Itoa(most))
	}
}

// Range demands a number between least and most, both included.
func (c *Checks) Range(member string, value, least, most int64) {
	if value < least {
		c.fail(quote(strconv.FormatInt(value, 10)), member, "Member must have value greater than or equal to "+strconv.FormatInt(least, 10))
	}
	if value > most {
		c.fail(quote(strconv.FormatInt(value, 10)), member, "Member must have value less than or equal to "+strconv.FormatInt(most, 10))
	}
}

// Pattern demands that the whole value matches. shown is the model's pattern,
// without the anchors that whole has.
func (c *Checks) Pattern(member, value string, whole *regexp.Regexp, shown string) {
	if !whole.MatchString(value) {
		c.fail(quote(value), member, "Member must satisfy regular expression pattern: "+shown)
	}
}

// OneOf demands one of the values of an enumeration.
func (c *Checks) OneOf(member, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		c.fail(quote(value), member, "Member must satisfy enum value set: ["+strings.Join(allowed, ", ")+"]")
	}
}

// Err returns all that was found wrong as one error with the service's code, or nil.
func (c *Checks) Err(code string) error {
	switch n := len(c.faults); n {
	case 0:
		return nil
	case 1:
		return awserr.WithStatus(http.StatusBadRequest, code, "1 validation error detected: %s", c.faults[0])
	default:
		return awserr.WithStatus(http.StatusBadRequest, code, "%d validation errors detected: %s", n, strings.Join(c.faults, "; "))
	}
}
