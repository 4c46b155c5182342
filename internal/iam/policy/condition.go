package policy

import "strings"

// qualifier is the set operator before a condition operator.
type qualifier int

const (
	single qualifier = iota
	forAllValues
	forAnyValue
)

// condition is one operator applied to one key (IAM User Guide, "Condition
// operators" and "Multivalued context keys").
type condition struct {
	operator  string // without qualifier and IfExists
	qualifier qualifier
	ifExists  bool
	negated   bool
	// key is lower-cased, name as written.
	key, name string
	// raw are the values as written.
	raw []string
	// test reports whether a value of the request fits one of the policy's,
	// in the operator's positive sense.
	test test
	// wantNull is set for the Null operator: true asks that the key is absent.
	wantNull *bool
}

// test compares one value of the request with the values of a policy.
type test func(value string, ctx Context) bool

// holds reports whether the condition is met.
func (c *condition) holds(ctx Context) bool {
	values := ctx[c.key]
	if c.operator == "Null" {
		return c.wantNull != nil && *c.wantNull == null(values)
	}
	if c.qualifier != single && null(values) {
		values = nil
	}
	if len(values) == 0 {
		return c.holdsAbsent()
	}
	switch c.qualifier {
	case forAllValues:
		for _, v := range values {
			if c.test(v, ctx) == c.negated {
				return false
			}
		}
		return true
	case forAnyValue:
		for _, v := range values {
			if c.test(v, ctx) != c.negated {
				return true
			}
		}
		return false
	}
	for _, v := range values {
		if c.test(v, ctx) {
			return !c.negated
		}
	}
	return c.negated
}

// null reports whether a key is absent or, documented as the same for set
// operators and Null, holds nothing but an empty string.
func null(values []string) bool {
	return len(values) == 0 || len(values) == 1 && values[0] == ""
}

// holdsAbsent is the outcome when the request does not have the key.
func (c *condition) holdsAbsent() bool {
	switch {
	case c.ifExists, c.qualifier == forAllValues:
		return true
	case c.qualifier == forAnyValue:
		return false
	default:
		return c.negated
	}
}

// cutOperator takes apart an operator as it is written:
// [ForAllValues:|ForAnyValue:]operator[IfExists].
func cutOperator(s string) (name string, q qualifier, ifExists bool) {
	if rest, ok := strings.CutPrefix(s, "ForAllValues:"); ok {
		s, q = rest, forAllValues
	} else if rest, ok := strings.CutPrefix(s, "ForAnyValue:"); ok {
		s, q = rest, forAnyValue
	}
	s, ifExists = strings.CutSuffix(s, "IfExists")
	return s, q, ifExists
}

// newCondition compiles one operator, key and list of values. It returns
// errSyntax for an operator that there is not, and errLegacy for a value that
// the operator cannot read.
func newCondition(operator, key string, values []string, variables bool) (condition, error) {
	name, q, ifExists := cutOperator(operator)
	c := condition{operator: name, qualifier: q, ifExists: ifExists, name: key, key: strings.ToLower(key), raw: values}
	if name == "Null" {
		return c, c.setNull(values)
	}
	op, ok := operators[name]
	if !ok {
		return c, errSyntax
	}
	c.negated = op.negated
	var err error
	c.test, err = op.compile(values, variables)
	return c, err
}

// setNull reads the values of the Null operator: all alike, true or false. It
// takes no qualifier's meaning and no IfExists.
func (c *condition) setNull(values []string) error {
	if c.ifExists {
		return errSyntax
	}
	for _, v := range values {
		b, ok := parseBool(v)
		if !ok {
			return errLegacy
		}
		if c.wantNull != nil && *c.wantNull != b {
			return errLegacy
		}
		c.wantNull = &b
	}
	return nil
}
