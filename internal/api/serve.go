package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"waybill/internal/api/wire"
	"waybill/internal/awserr"
	"waybill/internal/iam"
	"waybill/internal/iam/policy"
	"waybill/internal/sigv4"
)

// IsForDoor reports whether a request is meant for the AWS endpoint rather than
// for a browser's pages: it is signed, or of a form that only AWS's clients send.
func IsForDoor(r *http.Request) bool {
	return sigv4.Claimed(r) || wire.Claimed(r)
}

// ServeHTTP is the AWS endpoint for all services: POST to any path, and GET for
// presigned Query requests.
//
// Whether an operation exists is told before the signature is checked, as AWS
// does: the names are public, and a client with a wrong key and a wrong
// operation learns both in turn. Everything else, the decoding of the input
// included, waits for the signature. Read timeouts are the http.Server's.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := d.complete(Call{Secure: r.TLS != nil, UserAgent: r.UserAgent(), Source: sourceOf(r)})
	start := d.Now()
	w.Header().Set("x-amzn-RequestId", call.RequestID)
	held := &holding{l: d.limiter}
	defer held.release()
	req, out, err := d.answer(w, r, call, held)
	status, code := http.StatusOK, ""
	if s, ok := out.(*EventStream); ok && err == nil {
		// The answer has begun: what goes wrong now is told in the stream.
		if err = d.stream(w, r, req, s); err != nil {
			code = known(err).Code
		}
		d.logRequest(r.Context(), call, req, status, code, err, d.Now().Sub(start))
		return
	}
	if err == nil {
		addWarnings(w.Header(), call.Warnings)
		err = req.WriteResult(w, call.RequestID, out)
	}
	if err != nil {
		e := known(err)
		code = e.Code
		status = req.WriteError(w, call.RequestID, e)
		err = e
	}
	d.logRequest(r.Context(), call, req, status, code, err, d.Now().Sub(start))
}

// answer does everything between the bytes of the request and those of the
// answer. The wire.Request is there whatever happens, to answer in.
func (d *Door) answer(w http.ResponseWriter, r *http.Request, call *Call, held *holding) (*wire.Request, any, error) {
	if headerSize(r.Header) > maxHeader {
		e := awserr.WithStatus(http.StatusRequestHeaderFieldsTooLarge, "RequestHeaderSectionTooLarge",
			"The request's headers are longer than the %d bytes that are accepted.", maxHeader)
		return wire.Guess(r), nil, e
	}
	most := d.maxBody(r)
	body, err := readBody(w, r, held, most)
	if err != nil {
		return wire.Guess(r), nil, err
	}
	plain, err := plainBody(r, body, held, most)
	if err != nil {
		return wire.Guess(r), nil, err
	}
	req, err := wire.Open(r, plain)
	if err != nil {
		return req, nil, err
	}
	op, ok := d.Registry.Lookup(req.Service, req.Operation)
	if !ok {
		return req, nil, req.Unknown()
	}
	if op.identify != nil {
		call.Region = d.Region
	} else if err := d.authenticate(r, body, req.Service, call); err != nil {
		d.recordStranger(r.Context(), &op, call, known(err))
		return req, nil, err
	}
	if err := held.admit(call, &op, call.Time); err != nil {
		return req, nil, err
	}
	out, err := d.run(r.Context(), &op, call, req.Decode)
	return req, out, err
}

// recordStranger audits a call of somebody who could not be authenticated.
func (d *Door) recordStranger(ctx context.Context, op *Operation, call *Call, e *awserr.Error) {
	d.Auditor.Record(context.WithoutCancel(ctx), Record{Call: *call, Service: op.Service, Operation: op.Name,
		Decision:  policy.Decision{Effect: policy.ImplicitDeny, Statement: -1, Reason: "the caller is not authenticated"},
		ErrorCode: e.Code, ErrorMessage: e.Message, Duration: d.Now().Sub(call.Time)})
}

// authenticate checks the signature and fills in the caller.
func (d *Door) authenticate(r *http.Request, body []byte, service string, call *Call) error {
	var claimed string
	lookup := func(ctx context.Context, accessKeyID, sessionToken string) (string, error) {
		secret, p, err := d.Authenticator.Authenticate(ctx, accessKeyID, sessionToken)
		call.Caller, claimed = p, accessKeyID
		return secret, err
	}
	id, err := d.verifier.Verify(r, body, call.Time, lookup)
	if err != nil {
		// Whoever it claimed to be, it is not known to be. The key's account is where
		// the attempt is of interest.
		call.Caller = iam.Principal{AccessKeyID: claimed, Account: call.Caller.Account}
		return err
	}
	if id.Service != service {
		call.Caller = iam.Principal{AccessKeyID: id.AccessKeyID, Account: call.Caller.Account}
		return awserr.WithStatus(http.StatusForbidden, codeScope, "Credential should be scoped to correct service: '%s'.", service)
	}
	call.Caller.AccessKeyID = id.AccessKeyID
	call.Region = id.Region
	call.Caller.SourceARN, call.Caller.SourceAccount = "", ""
	if call.Caller.Type == iam.TypeService {
		// Verify demands that every x-amz-* header is signed; asked again because
		// a confused deputy hangs on it.
		if id.Signed("x-amz-source-arn") {
			call.Caller.SourceARN = r.Header.Get("x-amz-source-arn")
		}
		if id.Signed("x-amz-source-account") {
			call.Caller.SourceAccount = r.Header.Get("x-amz-source-account")
		}
	}
	return nil
}

func sourceOf(r *http.Request) netip.Addr {
	if p, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return p.Addr().Unmap()
	}
	return netip.Addr{}
}

// logRequest writes the one record of a request: ids and figures, no payload,
// no names of people.
func (d *Door) logRequest(ctx context.Context, call *Call, req *wire.Request, status int, code string, err error, took time.Duration) {
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("request", call.RequestID),
		slog.String("service", clean(req.Service)),
		slog.String("operation", clean(req.Operation)),
		slog.Int("status", status),
		slog.String("code", code),
		slog.String("account", call.Caller.Account),
		slog.String("key", call.Caller.AccessKeyID),
		slog.Duration("took", took),
	}
	if cause := errors.Unwrap(err); cause != nil {
		attrs = append(attrs, slog.String("cause", cause.Error()))
	}
	if status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	d.Logger.LogAttrs(ctx, level, "request", attrs...)
}

// logFault writes the cause of an error of ours in a call from within.
func (d *Door) logFault(ctx context.Context, call *Call, service, name string, err error) {
	if e := known(err); e.HTTPStatus() >= http.StatusInternalServerError {
		d.Logger.ErrorContext(ctx, "invoke", "request", call.RequestID, "service", service, "operation", name,
			"code", e.Code, "cause", errors.Unwrap(e))
	}
}

// clean keeps what strangers send as an operation's name from filling the log.
func clean(s string) string {
	const most = 64
	if len(s) > most {
		s = s[:most]
	}
	return strings.ToValidUTF8(s, "?")
}
