package logs

import "strings"

// TagFilter is a tag that a group has, of one of the values if there are any. A
// value may begin with "!" (is not) and have "*" for any text. Values with a "*"
// are compared without regard to case (CloudWatch Logs' TagFilter).
type TagFilter struct {
	Key    string
	Values []string
}

// Fits reports whether a group with these tags has it.
func (f TagFilter) Fits(tags map[string]string) bool {
	value, has := tags[f.Key]
	if !has {
		return false
	}
	for _, want := range f.Values {
		inner, negated := strings.CutPrefix(want, "!")
		if fitsValue(value, inner) != negated {
			return true
		}
	}
	return len(f.Values) == 0
}

// fitsValue reports whether value is pattern, whose stars stand for any text.
func fitsValue(value, pattern string) bool {
	parts := strings.Split(pattern, "*")
	last := len(parts) - 1
	if last == 0 {
		return value == pattern
	}
	for i := range parts {
		parts[i] = strings.ToLower(parts[i])
	}
	rest, ok := strings.CutPrefix(strings.ToLower(value), parts[0])
	for _, part := range parts[1:last] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return ok && strings.HasSuffix(rest, parts[last])
}

// AllFit is a condition of GroupList.Tags: that a group has all of the tags.
func AllFit(filters []TagFilter) func(tags map[string]string) bool {
	return func(tags map[string]string) bool {
		for _, f := range filters {
			if !f.Fits(tags) {
				return false
			}
		}
		return true
	}
}
