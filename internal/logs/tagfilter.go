package logs

import "strings"

// TagFilter is a tag that a group has, of one of the values if there are any. A
// value may begin with "!" (is not) and have a "*" at either end. Values with a
// "*" are compared without regard to case (CloudWatch Logs' TagFilter).
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

func fitsValue(value, pattern string) bool {
	inner, open := strings.CutPrefix(pattern, "*")
	inner, goesOn := strings.CutSuffix(inner, "*")
	if !open && !goesOn {
		return value == inner
	}
	value, inner = strings.ToLower(value), strings.ToLower(inner)
	switch {
	case open && goesOn:
		return strings.Contains(value, inner)
	case open:
		return strings.HasSuffix(value, inner)
	}
	return strings.HasPrefix(value, inner)
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
