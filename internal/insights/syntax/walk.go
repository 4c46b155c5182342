package syntax

// Walk calls visit for x and then, when that returned true, for its operands.
// Subqueries are not entered.
func Walk(x Expr, visit func(Expr) bool) {
	if x == nil || !visit(x) {
		return
	}
	switch x := x.(type) {
	case *Unary:
		Walk(x.X, visit)
	case *Binary:
		Walk(x.X, visit)
		Walk(x.Y, visit)
	case *Like:
		Walk(x.X, visit)
		Walk(x.Pattern, visit)
	case *In:
		Walk(x.X, visit)
		Walk(x.Set, visit)
	case *Call:
		for _, a := range x.Args {
			Walk(a, visit)
		}
	case *List:
		for _, i := range x.Items {
			Walk(i, visit)
		}
	}
}

// FieldsOf returns the names of the fields that x reads, each once. bin reads
// @timestamp.
func FieldsOf(x Expr) []string {
	var names []string
	seen := map[string]bool{}
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	Walk(x, func(x Expr) bool {
		switch x := x.(type) {
		case *Field:
			add(x.Name())
		case *Call:
			if x.FuncName() == "bin" {
				add("@timestamp")
			}
		}
		return true
	})
	return names
}
