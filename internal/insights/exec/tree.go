package exec

import (
	"strconv"

	"github.com/valyala/fastjson"

	"waybill/internal/insights/syntax"
)

// parseTree reads a JSON object or array; anything else is null, as jsonParse has it.
func parseTree(s string) value {
	var p fastjson.Parser
	v, err := p.Parse(s)
	if err != nil || v.Type() != fastjson.TypeObject && v.Type() != fastjson.TypeArray {
		return null
	}
	return value{kind: kindTree, tree: v, n: float64(len(s))}
}

// treeValue makes a value of a member of a structure.
func treeValue(v *fastjson.Value) value {
	if v == nil {
		return null
	}
	switch v.Type() {
	case fastjson.TypeNull:
		return null
	case fastjson.TypeString:
		return text(string(v.GetStringBytes()))
	case fastjson.TypeObject, fastjson.TypeArray:
		return value{kind: kindTree, tree: v}
	}
	return text(string(v.MarshalTo(nil)))
}

// walk follows path into a structure. A step into a list is an index; a point and
// a number will do for one.
func walk(v *fastjson.Value, path []syntax.Step) value {
	for _, s := range path {
		if v == nil {
			return null
		}
		if v.Type() == fastjson.TypeArray {
			if _, err := strconv.Atoi(s.Name); err != nil {
				return null
			}
		} else if s.Index {
			return null
		}
		v = v.Get(s.Name)
	}
	return treeValue(v)
}

// elements returns the members of a list.
func (v value) elements() []value {
	list := v.tree.GetArray()
	out := make([]value, len(list))
	for i, e := range list {
		out[i] = treeValue(e)
	}
	return out
}

func (v value) isList() bool { return v.kind == kindTree && v.tree.Type() == fastjson.TypeArray }

// listOf makes a list of texts.
func listOf(texts []string) value {
	var a fastjson.Arena
	list := a.NewArray()
	for i, s := range texts {
		list.SetArrayItem(i, a.NewString(s))
	}
	return value{kind: kindTree, tree: list}
}
