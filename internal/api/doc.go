// Package api is the one door to Waybill's data. Every read or write, from an
// AWS client or from the console, is one Operation with the permissions it
// needs; the door evaluates them, calls the handler, audits, and answers in the
// caller's protocol. Each AWS service has a folder of its own below this one.
package api
