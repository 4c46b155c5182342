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

// Subqueries returns the queries that stand in q, not those that stand in them.
func Subqueries(q *Query) []*Query {
	var list []*Query
	for _, c := range q.Commands {
		switch c := c.(type) {
		case *Join:
			list = append(list, c.Sub)
		case *AppendCols:
			list = append(list, c.Sub)
		}
		for _, x := range Expressions(c) {
			Walk(x, func(x Expr) bool {
				if in, ok := x.(*In); ok && in.Sub != nil {
					list = append(list, in.Sub)
				}
				return true
			})
		}
	}
	return list
}

// Expressions returns the expressions that a command reads, except those that it
// names by their field alone (dedup, unnest, ...).
func Expressions(c Command) []Expr {
	var list []Expr
	items := func(items []Item) {
		for i := range items {
			list = append(list, items[i].X)
		}
	}
	switch c := c.(type) {
	case *Fields:
		items(c.Items)
	case *Display:
		items(c.Items)
	case *Filter:
		list = append(list, c.Cond)
	case *FilterIndex:
		list = append(list, c.Cond)
	case *RelevantFields:
		list = append(list, c.Cond)
	case *Pattern:
		list = append(list, c.X)
	case *ParseCommand:
		list = append(list, c.Field)
	case *Stats:
		items(c.Items)
		items(c.By)
	case *Sort:
		for _, k := range c.Keys {
			list = append(list, k.X)
		}
	}
	return list
}
