package wire

import (
	"encoding/base64"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"waybill/internal/awserr"
)

// The bounds of a form. The largest real one, PutMetricData with 1,000 metrics
// of 30 dimensions, has fewer parameters.
const (
	maxParameters = 100_000
	maxDepth      = 16
)

// node is a part of a form's parameter names, as a tree: A.member.1.Key=x.
type node struct {
	value    string
	given    bool
	children map[string]*node
}

func malformed(format string, args ...any) *awserr.Error {
	return awserr.New("MalformedInput", format, args...)
}

// decodeForm fills in, a pointer to a struct.
func decodeForm(form string, in any) error {
	root, err := parseForm(form)
	if err != nil {
		return err
	}
	return root.into(reflect.ValueOf(in).Elem(), "")
}

// parseForm keeps the first of parameters given twice.
func parseForm(form string) (*node, error) {
	root := &node{}
	count := 0
	for part := range strings.SplitSeq(form, "&") {
		if part == "" {
			continue
		}
		if count++; count > maxParameters {
			return nil, malformed("The request has more than %d parameters.", maxParameters)
		}
		rawName, rawValue, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(rawName)
		if err != nil {
			return nil, malformed("The parameter name '%s' is not properly encoded.", clip(rawName))
		}
		value, err := url.QueryUnescape(rawValue)
		if err != nil {
			return nil, malformed("The value at '%s' is not properly encoded.", clip(name))
		}
		if strings.Count(name, ".") >= maxDepth {
			return nil, malformed("The parameter name '%s' has more than %d parts.", clip(name), maxDepth)
		}
		n := root
		for key := range strings.SplitSeq(name, ".") {
			n = n.child(key)
		}
		if !n.given {
			n.value, n.given = value, true
		}
	}
	return root, nil
}

func (n *node) child(key string) *node {
	if n.children == nil {
		n.children = make(map[string]*node)
	}
	c := n.children[key]
	if c == nil {
		c = &node{}
		n.children[key] = c
	}
	return c
}

// into puts what the node holds into v; at names the member for errors.
func (n *node) into(v reflect.Value, at string) error {
	t := v.Type()
	switch {
	case t.Kind() == reflect.Pointer:
		if !n.given && n.children == nil {
			return nil
		}
		target := reflect.New(t.Elem())
		if err := n.into(target.Elem(), at); err != nil {
			return err
		}
		v.Set(target)
		return nil
	case t == typeTime, t == typeEpoch, t == typeBytes:
		return n.scalar(v, at)
	}
	switch t.Kind() {
	case reflect.Struct:
		return n.intoStruct(v, at)
	case reflect.Slice:
		return n.intoList(v, at)
	case reflect.Map:
		return n.intoMap(v, at)
	}
	return n.scalar(v, at)
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

func (n *node) intoStruct(v reflect.Value, at string) error {
	for _, f := range fieldsOf(v.Type()) {
		if c := n.children[f.name]; c != nil {
			if err := c.into(v.FieldByIndex(f.index), join(at, f.name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// numbered returns the children of a list's wrapper in the order of their numbers.
func (n *node) numbered(wrapper, at string) ([]*node, []string, error) {
	w := n.children[wrapper]
	if w == nil {
		return nil, nil, nil
	}
	numbers := make([]int, 0, len(w.children))
	for key := range w.children {
		i, err := strconv.Atoi(key)
		if err != nil || i < 0 || strconv.Itoa(i) != key {
			return nil, nil, malformed("'%s' is not the number of a list's element at '%s'.", clip(key), clip(join(at, wrapper)))
		}
		numbers = append(numbers, i)
	}
	slices.Sort(numbers)
	nodes, names := make([]*node, len(numbers)), make([]string, len(numbers))
	for i, number := range numbers {
		key := strconv.Itoa(number)
		nodes[i], names[i] = w.children[key], at+"."+wrapper+"."+key
	}
	return nodes, names, nil
}

// intoList reads X.member.1, X.member.2, ...; "X=" alone is the empty list.
func (n *node) intoList(v reflect.Value, at string) error {
	nodes, names, err := n.numbered("member", at)
	if err != nil {
		return err
	}
	if nodes == nil && !n.given {
		return nil
	}
	list := reflect.MakeSlice(v.Type(), len(nodes), len(nodes))
	for i, c := range nodes {
		if err := c.into(list.Index(i), names[i]); err != nil {
			return err
		}
	}
	v.Set(list)
	return nil
}

// intoMap reads X.entry.1.key, X.entry.1.value, ...
func (n *node) intoMap(v reflect.Value, at string) error {
	nodes, names, err := n.numbered("entry", at)
	if err != nil {
		return err
	}
	if nodes == nil && !n.given {
		return nil
	}
	m := reflect.MakeMapWithSize(v.Type(), len(nodes))
	for i, c := range nodes {
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		if k := c.children["key"]; k != nil {
			if err := k.into(key, names[i]+".key"); err != nil {
				return err
			}
		}
		if e := c.children["value"]; e != nil {
			if err := e.into(value, names[i]+".value"); err != nil {
				return err
			}
		}
		m.SetMapIndex(key, value)
	}
	v.Set(m)
	return nil
}

func (n *node) scalar(v reflect.Value, at string) error {
	if !n.given {
		return nil
	}
	if !setScalar(v, n.value) {
		return malformed("Value '%s' at '%s' can not be converted to %s.", clip(n.value), clip(at), scalarName(v.Type()))
	}
	return nil
}

func scalarName(t reflect.Type) string {
	switch t {
	case typeTime, typeEpoch:
		return "a Timestamp"
	case typeBytes:
		return "a Blob"
	}
	return typeName(t)
}

func setScalar(v reflect.Value, s string) bool {
	switch v.Type() {
	case typeTime, typeEpoch:
		t, ok := parseTime(s)
		if ok && v.Type() == typeTime {
			v.Set(reflect.ValueOf(t))
		} else if ok {
			v.Set(reflect.ValueOf(EpochSeconds{t}))
		}
		return ok
	case typeBytes:
		b, err := base64.StdEncoding.DecodeString(s)
		v.SetBytes(b)
		return err == nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
		return true
	case reflect.Bool:
		v.SetBool(strings.EqualFold(s, "true"))
		return strings.EqualFold(s, "true") || strings.EqualFold(s, "false")
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		i, err := strconv.ParseInt(s, 10, v.Type().Bits())
		v.SetInt(i)
		return err == nil
	case reflect.Float32, reflect.Float64:
		f, err := strconv.ParseFloat(s, v.Type().Bits())
		v.SetFloat(f)
		return err == nil
	}
	return false
}

// parseTime reads ISO 8601, whose zone is UTC if it names none.
func parseTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
