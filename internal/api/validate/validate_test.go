package validate

import (
	"regexp"
	"strings"
	"testing"

	"waybill/internal/awserr"
)

var names = regexp.MustCompile(`\A[\w+=,.@-]*\z`)

// The texts are those recorded from AWS where one was (CloudWatch Logs
// FilterLogEvents limit, STS AssumeRole session name).
func TestTexts(t *testing.T) {
	for _, c := range []struct {
		name  string
		check func(*Checks)
		want  string
	}{
		{"nothing wrong", func(c *Checks) {
			c.Required("a", true)
			c.Length("a", "äöü", 3, 3)
			c.Range("n", 1, 1, 1)
			c.Pattern("p", "x", names, "")
			c.OneOf("o", "x", "x")
			Count(c, "l", []int{1}, 1, 1)
		}, ""},
		{"null", func(c *Checks) { c.Required("logGroupName", false) },
			"1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: Member must not be null"},
		{"limit", func(c *Checks) { c.Range("limit", 10001, 1, 10000) },
			"1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000"},
		{"limit below", func(c *Checks) { c.Range("limit", 0, 1, 10000) },
			"1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"pattern", func(c *Checks) { c.Pattern("roleSessionName", "a:b", names, `[\w+=,.@-]*`) },
			`1 validation error detected: Value 'a:b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`},
		{"enum", func(c *Checks) { c.OneOf("orderBy", "Size", "LogStreamName", "LastEventTime") },
			"1 validation error detected: Value 'Size' at 'orderBy' failed to satisfy constraint: Member must satisfy enum value set: [LogStreamName, LastEventTime]"},
		{"two", func(c *Checks) {
			c.Length("logGroupName", "", 1, 512)
			Count(c, "logEvents", []string(nil), 1, 10000)
		}, "2 validation errors detected: Value '' at 'logGroupName' failed to satisfy constraint: Member must have length greater than or equal to 1; " +
			"Value '[]' at 'logEvents' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"too long", func(c *Checks) { c.Length("n", "abc", 1, 2) },
			"1 validation error detected: Value 'abc' at 'n' failed to satisfy constraint: Member must have length less than or equal to 2"},
		{"too many", func(c *Checks) { Count(c, "l", []int{1, 2}, 0, 1) },
			"1 validation error detected: Value '[1 2]' at 'l' failed to satisfy constraint: Member must have length less than or equal to 1"},
		{"no bound", func(c *Checks) { c.Length("n", strings.Repeat("x", 1000), 0, 0) }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var checks Checks
			c.check(&checks)
			err := checks.Err("InvalidParameterException")
			if c.want == "" {
				if err != nil {
					t.Errorf("error %v, want none", err)
				}
				return
			}
			if !awserr.HasCode(err, "InvalidParameterException") || err.Error() != "InvalidParameterException: "+c.want {
				t.Errorf("error %v\nwant  %s", err, c.want)
			}
		})
	}
}

func TestMissing(t *testing.T) {
	if err := Missing("ValidationError", "RoleName"); !awserr.HasCode(err, "ValidationError") {
		t.Errorf("error %v", err)
	}
}
