// Package app is the only wiring: from a configuration to running parts.
//
//	capture --evidence--> spool --> mailtrace --events--> outbox --> publish --(signed HTTP)--> api --> logs
//
// Everything that runs is started by Server.Run and ended with its context.
package app
