// Package wire reads requests and writes answers in the protocols that AWS's
// clients speak: JSON 1.1 and 1.0 (CloudWatch Logs, WorkMail, newer CloudWatch
// clients), Query with XML answers (IAM, STS, older CloudWatch clients) and
// Smithy RPC v2 CBOR (the newest CloudWatch clients). It knows no operation: it
// says which service and operation a request names, fills input structs and
// encodes output structs, all by reflection.
//
// # Wire structs
//
// One struct serves all protocols. A field's wire name is its name in Go, or
// the name in its json tag; json's omitempty and "-" hold everywhere. Lists are
// slices, maps have string keys, optional members are pointers or omitempty.
// Times are EpochSeconds (seconds in JSON and CBOR, ISO 8601 in Query), or
// int64 milliseconds where the model says so (CloudWatch Logs).
// In a Query answer nil pointers, slices and maps are left out, and a list that
// is empty but not nil stands as an empty element, as IAM has it.
//
// # Errors
//
// The layers below return *awserr.Error with the codes of their own service.
// The codes that all services share differ between Query and JSON services
// (AccessDenied with status 403, AccessDeniedException with 400); this package
// spells them as the protocol demands.
package wire
