package exec

var jsonFunctions = map[string]function{
	"jsonparse":         ofText(parseTree),
	"jsonstringify":     of1(jsonStringify),
	"jsonarraysize":     of1(jsonArraySize),
	"jsonarraycontains": of2(jsonArrayContains),
}

func jsonStringify(a value) value {
	if a.kind != kindTree {
		return null
	}
	s := a.display()
	return bounded(len(s), func() string { return s })
}

// asList returns a list, or the list that a JSON text holds.
func asList(a value) (value, bool) {
	if a.kind == kindText {
		a = parseTree(a.s)
	}
	return a, a.isList()
}

func jsonArraySize(a value) value {
	l, ok := asList(a)
	if !ok {
		return null
	}
	return number(float64(len(l.tree.GetArray())))
}

func jsonArrayContains(a, b value) value {
	want, okWant := b.str()
	l, ok := asList(a)
	if !ok || !okWant {
		return boolean(false)
	}
	for _, e := range l.elements() {
		if s, ok := e.str(); ok && s == want {
			return boolean(true)
		}
	}
	return boolean(false)
}
