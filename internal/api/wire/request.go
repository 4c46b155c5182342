package wire

import (
	"net/http"
	"strings"

	"waybill/internal/awserr"
)

// Request is one AWS request whose service, operation and protocol are known;
// its input is not decoded yet.
type Request struct {
	// Service is the signing name ("logs"); empty for a service that is not here.
	Service string
	// Operation is as the client named it, possibly one that does not exist.
	Operation string

	codec   codec
	service service
	version string // of a Query request, as sent
	body    []byte
	form    string // of a Query request, still encoded
}

// codec is one protocol.
type codec interface {
	decode(r *Request, in any) error
	result(r *Request, requestID string, out any) ([]byte, error)
	failure(r *Request, requestID string, e *awserr.Error) []byte
	// dress sets the headers of an answer; e is nil for a result.
	dress(r *Request, h http.Header, e *awserr.Error)
	// spell returns the error with the code and status that the protocol has for it.
	spell(e *awserr.Error) *awserr.Error
	unknown(r *Request) *awserr.Error
}

// Claimed reports whether a request's headers or path are of a kind that only
// AWS's clients send.
func Claimed(r *http.Request) bool {
	_, _, isCBOR := rpcPath(r)
	return isCBOR || r.Header.Get("X-Amz-Target") != "" || r.Header.Get("Smithy-Protocol") != ""
}

// Open finds out what a request asks, from its path (CBOR), its X-Amz-Target
// (JSON) or its Action and Version (Query), in this order. body is without
// Content-Encoding. The Request returned is never nil: with an error it is there
// to answer in.
func Open(r *http.Request, body []byte) (*Request, error) {
	req := Guess(r)
	req.body = body
	if q, ok := req.codec.(queryCodec); ok {
		return req, q.open(req, r)
	}
	return req, nil
}

// Guess is Open without the body, for requests whose body cannot be had.
func Guess(r *http.Request) *Request {
	if name, operation, ok := rpcPath(r); ok {
		s := byTarget(name)
		return &Request{Service: s.signing, Operation: operation, service: s, codec: cborCodec{}}
	}
	contentType := strings.ToLower(r.Header.Get("Content-Type"))
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		prefix, operation := target, ""
		if i := strings.LastIndexByte(target, '.'); i >= 0 {
			prefix, operation = target[:i], target[i+1:]
		}
		s := byTarget(prefix)
		return &Request{Service: s.signing, Operation: operation, service: s, codec: jsonCodecFor(contentType)}
	}
	isForm := strings.HasPrefix(contentType, "application/x-www-form-urlencoded")
	if isForm || strings.Contains(r.URL.RawQuery, "Action=") {
		return &Request{service: unknownService, codec: queryCodec{}}
	}
	return &Request{service: unknownService, codec: jsonCodecFor(contentType)}
}

// rpcPath reads the path of Smithy's RPC v2 protocol, which may stand below
// another path: .../service/NAME/operation/NAME.
func rpcPath(r *http.Request) (service, operation string, ok bool) {
	parts := strings.Split(r.URL.Path, "/")
	n := len(parts)
	if n < 5 || parts[n-4] != "service" || parts[n-2] != "operation" || parts[n-3] == "" || parts[n-1] == "" {
		return "", "", false
	}
	return parts[n-3], parts[n-1], true
}

// Decode fills in, a pointer to an input struct. Members that the struct does
// not have are ignored, as AWS does. Errors are *awserr.Error and name the member.
func (r *Request) Decode(in any) error { return r.codec.decode(r, in) }

// Unknown is the error for an operation, or a service, that is not here. It is
// a client's error in every protocol: SDKs would retry a server's for minutes.
func (r *Request) Unknown() error { return r.codec.unknown(r) }

// WriteResult writes a successful answer. The error is that out cannot be
// encoded, and then nothing was written.
func (r *Request) WriteResult(w http.ResponseWriter, requestID string, out any) error {
	body, err := r.codec.result(r, requestID, out)
	if err != nil {
		return err
	}
	r.codec.dress(r, w.Header(), nil)
	send(w, http.StatusOK, body)
	return nil
}

// WriteError writes an error and returns the HTTP status it was given.
func (r *Request) WriteError(w http.ResponseWriter, requestID string, e *awserr.Error) int {
	spelled := r.codec.spell(e)
	body := r.codec.failure(r, requestID, spelled)
	r.codec.dress(r, w.Header(), spelled)
	status := spelled.HTTPStatus()
	send(w, status, body)
	return status
}

// send ignores what the connection says: there is nobody else to tell.
func send(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
