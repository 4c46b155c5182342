// Package demo is a small mail server and a day of mail to play through it, so
// that `waybill demo` shows the main job on a machine that has no mail server.
//
// The server really listens on loopback and speaks SMTP (RFC 5321). What a
// Postfix with a Dovecot behind it would have shown of each message it hands
// over as evidence, and from there on nothing knows that it is a demonstration.
// The outside world it delivers to is a table (see world.go).
package demo
