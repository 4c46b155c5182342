// Package insights answers CloudWatch Logs Insights queries: it keeps their
// life (scheduled, running, ended), plans them, and runs them over the log
// service.
//
//	text --syntax--> commands --plan--> what the engine does + the commands left
//	logs.Source --engine blocks--> exec.Batch --exec--> rows
//
// What the planner and the evaluator promise each other stands at exec.Batch. In
// short: the engine filters and may count equal rows together, but every command
// of the query runs in exec as well, on what is left; a push-down can only make
// a query faster, never answer it.
package insights
