// Package console is Waybill's web console: server-rendered pages over the same
// operations that AWS clients call.
//
// Every page reads and acts through the api door with the signed-in principal,
// so the console can do nothing that the principal may not do with the aws CLI,
// and shows AWS's own text when it is refused. The pages need no script and ask
// no other host; the content security policy forbids both.
//
// A session is a random 256-bit value in a cookie. Only its SHA-256 is stored,
// so a copy of the database opens no session. A session ends by signing out, by
// idleness, or by age. Every request that changes anything must come from the
// console's own origin (Sec-Fetch-Site, Origin) and carry a token derived from
// the session.
//
// Texts are written in English where they are used and pass through one printer
// (see language.go), whose catalogue holds the other languages.
package console
