package wire

import "waybill/internal/awserr"

// common is an error that all services share, as the Query services have it
// (IAM API Reference, "Common errors") and as the JSON services have it.
type common struct {
	query       string
	queryStatus int
	json        string
	jsonStatus  int
}

// commons. The JSON statuses are those recorded from JSON 1.1 services, which
// answer 400 where Query services answer 403.
var commons = []common{
	{"AccessDenied", 403, "AccessDeniedException", 400},
	{"ExpiredToken", 403, "ExpiredTokenException", 400},
	{"IncompleteSignature", 400, "IncompleteSignatureException", 400},
	{"InvalidAction", 400, "UnknownOperationException", 400},
	{"InvalidClientTokenId", 403, "UnrecognizedClientException", 400},
	{"MalformedInput", 400, "SerializationException", 400},
	{"MissingAuthenticationToken", 403, "MissingAuthenticationTokenException", 400},
	{"RequestEntityTooLarge", 413, "RequestEntityTooLargeException", 413},
	{"ServiceUnavailable", 503, "ServiceUnavailableException", 503},
	{"SignatureDoesNotMatch", 403, "InvalidSignatureException", 400},
	{"Throttling", 400, "ThrottlingException", 400},
	{"ValidationError", 400, "ValidationException", 400},
}

func asQuery(e *awserr.Error) *awserr.Error {
	if e.Code == "ExpiredTokenException" {
		// In Query it is an error of its own: AssumeRoleWithWebIdentity's.
		return e
	}
	for _, c := range commons {
		switch e.Code {
		case c.json, c.query:
			return respell(e, c.query, c.queryStatus)
		}
	}
	return e
}

func asJSON(e *awserr.Error) *awserr.Error {
	for _, c := range commons {
		switch e.Code {
		case c.json, c.query:
			return respell(e, c.json, c.jsonStatus)
		}
	}
	return e
}

func respell(e *awserr.Error, code string, status int) *awserr.Error {
	return &awserr.Error{Code: code, Message: e.Message, Status: status, Members: e.Members, Shape: e.Shape, Cause: e.Cause}
}

func isOurs(e *awserr.Error) bool { return e.HTTPStatus() >= 500 }

// legacyHeader is what awsQueryCompatible services add to their JSON and CBOR
// errors, so that clients can go on comparing with the Query codes.
func legacyHeader(e *awserr.Error) string {
	fault := "Sender"
	if isOurs(e) {
		fault = "Receiver"
	}
	return asQuery(e).Code + ";" + fault
}
