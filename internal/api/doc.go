// Package api is the one door to Waybill's data. Every read or write, from an
// AWS client or from the console, is one Operation with the permissions it
// needs; the door evaluates them, calls the handler, audits, and answers in the
// caller's protocol. Each AWS service has a folder of its own below this one.
//
// The order for a request over HTTP: headers and body are bounded; the wire
// package finds protocol, service and operation; an operation that is not there
// is told so, signed or not, as AWS does; the signature is verified and must be
// scoped to the operation's service; the input is decoded; the operation names
// its needs; each is authorized; the handler runs; the call is audited; the
// answer is encoded. Invoke joins in where the needs are named.
package api
