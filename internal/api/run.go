package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"waybill/internal/awserr"
	"waybill/internal/iam/policy"
)

// The codes that the door itself answers with, in AWS's Query spelling; the wire
// layer has those of the JSON services.
const (
	CodeAccessDenied  = "AccessDenied"
	CodeInternal      = "InternalFailure"
	CodeUnavailable   = "ServiceUnavailable"
	CodeUnknown       = "InvalidAction"
	CodeTooLarge      = "RequestEntityTooLarge"
	codeScope         = "SignatureDoesNotMatch"
	codeIncompleteReq = "IncompleteBody"
)

// IsAccessDenied reports whether err is a refusal by policy.
func IsAccessDenied(err error) bool {
	return awserr.HasCode(err, CodeAccessDenied) || awserr.HasCode(err, "AccessDeniedException")
}

// run is the part of a call that every way in shares: what it needs, whether it
// may, what it does, and the audit of all that. fill puts the input in. Its
// errors are *awserr.Error.
func (d *Door) run(ctx context.Context, op *Operation, call *Call, fill func(in any) error) (any, error) {
	start := d.Now()
	record := Record{Call: *call, Service: op.Service, Operation: op.Name,
		Decision: policy.Decision{Effect: policy.ImplicitDeny, Statement: -1}}
	out, err := d.attempt(ctx, op, call, fill, &record)
	if err != nil {
		e := known(err)
		record.ErrorCode, record.ErrorMessage = e.Code, e.Message
		if RefusalOf(err) == nil {
			err = e
		}
	}
	record.Output, record.Call.Warnings = out, call.Warnings
	record.Duration = d.Now().Sub(start)
	// The caller may be gone by now; what happened is recorded all the same.
	d.Auditor.Record(context.WithoutCancel(ctx), record)
	return out, err
}

func (d *Door) attempt(ctx context.Context, op *Operation, call *Call, fill func(in any) error, record *Record) (out any, err error) {
	defer func() {
		if e := recovered(recover(), op.Service+":"+op.Name); e != nil {
			out, err = nil, e
		}
	}()
	if err := call.Caller.MayCall(op.Service, op.Name); err != nil {
		return nil, err
	}
	in := op.newInput()
	if err := fill(in); err != nil {
		return nil, err
	}
	record.Input = in
	if op.identify != nil {
		err := op.identify(ctx, call, in)
		record.Call = *call
		if err != nil {
			return nil, err
		}
	}
	needs, err := op.needs(call, in)
	if err != nil {
		return nil, err
	}
	record.Needs = needs
	if record.Decision, err = d.permit(ctx, op.Service, call, needs); err != nil {
		return nil, err
	}
	end, err := d.limiter.turn(ctx, op)
	if err != nil {
		return nil, err
	}
	defer end()
	if out, err = op.handle(ctx, call, in); err == nil {
		call.Warnings = warnings(in)
		d.warn(ctx, call, op, call.Warnings)
	}
	return out, err
}

// recovered turns what recover returned into an error; nil if that was nothing.
func recovered(p any, what string) error {
	switch p {
	case nil:
		return nil
	case http.ErrAbortHandler:
		panic(p)
	}
	return fmt.Errorf("%s panicked: %v\n%s", what, p, debug.Stack())
}

// permit checks every need in order and stops at the first refusal.
func (d *Door) permit(ctx context.Context, service string, call *Call, needs []Need) (policy.Decision, error) {
	decision := policy.Decision{Effect: policy.Allow, Statement: -1, Reason: "the operation needs no permission"}
	for _, need := range needs {
		var err error
		decision, err = d.decide(ctx, service, call, need)
		if err != nil {
			return decision, fmt.Errorf("authorize %s on %s: %w", need.Action, need.Resource, err)
		}
		if !decision.Allowed() {
			return decision, refuse(&call.Caller, need, decision)
		}
	}
	return decision, nil
}

// decide asks for one need. Where its action is refused and another would do as
// well, the other decides if it is allowed.
func (d *Door) decide(ctx context.Context, service string, call *Call, need Need) (policy.Decision, error) {
	keys := conditionKeys(service, call, need)
	decision, err := d.Authorizer.Authorize(ctx, call.Caller, need.Action, need.Resource, keys)
	if err != nil || decision.Allowed() || need.Or == "" {
		return decision, err
	}
	other, err := d.Authorizer.Authorize(ctx, call.Caller, need.Or, need.Resource, keys)
	if err == nil && other.Allowed() {
		return other, nil
	}
	return decision, err
}

// known turns an error into one to answer with. What is not in AWS's terms is a
// fault of ours: its text stays here.
func known(err error) *awserr.Error {
	var e *awserr.Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &awserr.Error{Code: CodeUnavailable, Status: http.StatusServiceUnavailable, Cause: err,
			Message: "The request has failed due to a temporary failure of the server."}
	}
	return &awserr.Error{Code: CodeInternal, Status: http.StatusInternalServerError, Cause: err,
		Message: "The request processing has failed because of an unknown error, exception or failure."}
}

// complete fills what a call from within may leave out.
func (d *Door) complete(call Call) *Call {
	if call.RequestID == "" {
		call.RequestID = NewRequestID()
	}
	if call.Time.IsZero() {
		call.Time = d.Now()
	}
	call.Time = call.Time.UTC().Truncate(time.Millisecond)
	return &call
}
