// Package exec evaluates Logs Insights QL over rows that a source delivers in
// batches of columns.
//
// A query that syntax.Prepare returned is compiled once: fields are bound to
// columns, expressions become closures, constants are folded, regular expressions
// are compiled. The program's first part, up to the first command that needs all
// rows (stats, sort, dedup, ...), is run by any number of Workers at the same time,
// each on batches of its own; Finish merges what they gathered and runs the rest:
//
//	p, err := exec.Compile(query, env)
//	p.Needs()                       // the fields to deliver
//	err = p.Start(ctx)              // runs subqueries, reads lookup tables
//	w := p.Worker()                 // one a goroutine
//	err = w.Push(batch)             // until the source is dry or ErrEnough
//	result, err := p.Finish(ctx)
//
// Program.Run does all of it for one source. Partial gives the answer so far while
// workers push. Each command has a file of its own, cmd_*.go; funcs_*.go are the
// functions, aggregate.go, quantile.go and distinct.go the aggregates.
//
// Memory is bounded by Limits.Memory: what would go over it ends the query with a
// *LimitError that says which command held too much; sort with a limit keeps only
// as many rows as the limit.
package exec
