// Package insights answers CloudWatch Logs Insights queries: it keeps their
// life (scheduled, running, ended), plans them, and runs them over the log
// service.
//
//	text --syntax.Parse, Prepare--> commands --plan.Make--> what the engine does + the commands left
//	logs.Source --engine blocks--> exec.Batch --exec: the commands left--> rows
//
// # What the parts promise each other
//
// A batch is rows, column by column. Its columns are those that the commands
// read, under the names that queries know them by ("event.from", "@timestamp");
// the planner asks syntax for these names, so nothing is read that no command
// names. A value is the member's text. An empty text, null and an absent member
// are one: the engine keeps no columns for them, so they are all null here.
//
//   - @timestamp and @ingestionTime come as milliseconds in decimal, @log as
//     "account:group", @ptr as logs.RecordPointer writes it.
//   - Without a sort the rows come newest first: by time, then by the engine's
//     row number, both descending. That is the order that dedup, limit and ties
//     in sort (which is stable) go by, so answers do not depend on how rows lie
//     on disk. Only where no command left depends on the order (stats whose
//     functions do not) do they come as they lie.
//   - A row of a batch may stand for many equal ones: Batch.Counts, when it is not
//     nil, says for how many. The planner asks the engine for each combination of
//     the columns that a stats reads once, with its count, so that a count over
//     ten million rows reaches exec as a few thousand. Commands that work row by row
//     (fields, filter, parse, display) pass Counts on; stats weighs by it: count,
//     sum, avg, stddev and pct take a row Counts times, min, max and
//     count_distinct once. The planner groups for no other command.
//   - What works row by row may run in several goroutines at a time; the rest
//     runs in one.
package insights
