// Package sigv4 verifies AWS Signature Version 4 on incoming requests, in the
// header form (Authorization) and in the presigned form (X-Amz-* query
// parameters). It knows nobody: keys come through a look-up function, and what
// it returns says which key signed, for which Region and service, and when.
//
// Source: "AWS Signature Version 4 for API requests" in the IAM User Guide
// (create a signed request; troubleshoot). The rules applied here:
//
//   - Any set of signed headers is accepted, as long as it holds host and every
//     x-amz-* header that the request carries. So what arrives under an x-amz-*
//     name was signed; other headers may be trusted only when
//     Identity.SignedHeaders has them.
//   - The path is normalized and then encoded once more than on the wire, as for
//     every service but S3.
//   - The body's hash is taken from the bytes received (before any
//     Content-Encoding is undone). A x-amz-content-sha256 header must agree with
//     it; UNSIGNED-PAYLOAD is accepted in the presigned form only.
//   - The checks run in the order AWS's own do, so that a request with two
//     faults is told of the same one: missing parts, date, signed headers,
//     algorithm, credential scope, key, signature.
//
// Errors carry the codes of AWS's Query services (SignatureDoesNotMatch); the
// wire layer spells them for the JSON services (InvalidSignatureException).
package sigv4
