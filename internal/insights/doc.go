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
//
// A query is written to a file (package keep) before StartQuery's answer, and with
// what it answers before anybody is told that it has ended. So a server that is
// killed forgets nothing that a client knows; the next one has the answers, which
// it reads as they are asked for, and runs again what had not ended, under the
// same id: once, lest a query that ends the server does so for ever. The files
// survive the process, not always a power cut: syncing them would cost a look-up
// more than running it again.
package insights
