package exec

import (
	"strconv"
	"strings"

	"github.com/valyala/fastjson"
)

// discovered returns the field of a JSON message that CloudWatch Logs Insights
// would discover under name: a text, a number or a boolean at the end of the path,
// or an array as a whole, as JSON text. Objects are no fields. Members whose own
// name has points are found too; a member "@x" is the field "@@x".
func discovered(v *fastjson.Value, name string) string {
	if v == nil || v.Type() != fastjson.TypeObject {
		return ""
	}
	if strings.HasPrefix(name, "@") {
		if !strings.HasPrefix(name, "@@") {
			return ""
		}
		name = name[1:]
	}
	return leaf(find(v, name))
}

func find(v *fastjson.Value, path string) *fastjson.Value {
	switch v.Type() {
	case fastjson.TypeObject:
		return findMember(v.GetObject(), path)
	case fastjson.TypeArray:
		head, rest, more := strings.Cut(path, ".")
		i, err := strconv.Atoi(head)
		list := v.GetArray()
		if err != nil || i < 0 || i >= len(list) || strconv.Itoa(i) != head {
			return nil
		}
		if !more {
			return list[i]
		}
		return find(list[i], rest)
	}
	return nil
}

func findMember(o *fastjson.Object, path string) (found *fastjson.Value) {
	o.Visit(func(key []byte, v *fastjson.Value) {
		switch {
		case found != nil:
		case string(key) == path:
			found = v
		case len(path) > len(key) && path[len(key)] == '.' && path[:len(key)] == string(key):
			found = find(v, path[len(key)+1:])
		}
	})
	return found
}

func leaf(v *fastjson.Value) string {
	if v == nil {
		return ""
	}
	switch v.Type() {
	case fastjson.TypeObject, fastjson.TypeNull:
		return ""
	case fastjson.TypeString:
		return string(v.GetStringBytes())
	}
	return string(v.MarshalTo(nil))
}
