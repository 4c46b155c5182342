// Package syntax reads and prints CloudWatch Logs Insights QL: text in, a tree
// of commands and expressions out, and from the tree text that parses back to
// the same tree.
//
// A query is commands joined by "|"; SOURCE may stand first. Each command has a
// file of its own, with its node, its parser and its printer. Keywords and
// function names are case-insensitive, field names are not. "#" begins a comment
// that ends with the line.
//
// Parse reports the first mistake as an *Error, which knows where it is, what was
// found and what was expected. Prepare then checks what needs the whole query
// (which fields exist after stats, for example) and brings the commands into the
// order in which they are meant; a planner and an evaluator begin from there.
//
// Source: CloudWatch Logs user guide, "CloudWatch Logs Insights language query
// syntax". docs/insights.md says what is there and what differs.
package syntax
