package api

import (
	"context"
	"net/netip"
	"time"

	"waybill/internal/iam"
)

// Call is one request for one operation, whatever door it came through: an AWS
// client's signed HTTP request, the console, or Waybill's own start-up acting
// on what the configuration declares.
type Call struct {
	// Caller is who asks, already authenticated.
	Caller iam.Principal
	// Region is the one the request was signed for or the console has selected.
	Region string
	// RequestID is shown to the caller and stands in the audit record.
	RequestID string
	// Source is the caller's address; Secure tells whether it came over TLS.
	Source    netip.Addr
	Secure    bool
	UserAgent string
	Time      time.Time
	// Warnings are set by the door: what is odd about a policy that the call wrote.
	Warnings []string
}

// Need is one permission that an operation requires: an action on a resource,
// with the condition keys that only this operation knows (iam:PassedToService).
type Need struct {
	// Action is in AWS's form, "logs:CreateLogGroup". Or is another that is as
	// good; it is asked only if Action is refused. Empty for most.
	Action, Or string
	// Resource is an ARN, or "*" for actions that name none.
	Resource string
	// Context adds condition keys; keys are in any case.
	Context map[string][]string
}

// Operation is one AWS operation: its wire name, what it needs, what it does.
// The door authenticates, decodes, checks every Need, calls, audits and encodes;
// a handler never sees a request that was not permitted.
type Operation struct {
	// Service is the signing name ("logs", "iam", "sts", "workmail"); Name the
	// operation as AWS's model spells it.
	Service string
	Name    string
	// MaxBody is how many bytes a request may have where MaxBody is too few; zero
	// for most operations.
	MaxBody int
	// newInput returns a pointer to an empty input.
	newInput func() any
	// identify says who calls, by the input alone; nil for operations that are signed.
	identify func(context.Context, *Call, any) error
	needs    func(*Call, any) ([]Need, error)
	handle   func(context.Context, *Call, any) (any, error)
}

// Define makes an Operation from typed functions. In and Out are wire structs;
// see the wire package for how their fields map. needs runs before any
// permission is known, so it must not read user data beyond what it takes to
// name the resource; it may return an *awserr.Error for input that names none.
// Returning no Need at all means that every authenticated caller may call it
// (sts:GetCallerIdentity).
func Define[In, Out any](service, name string,
	needs func(*Call, *In) ([]Need, error),
	handle func(context.Context, *Call, *In) (*Out, error),
) Operation {
	return Operation{
		Service:  service,
		Name:     name,
		newInput: func() any { return new(In) },
		needs:    func(c *Call, in any) ([]Need, error) { return needs(c, in.(*In)) },
		handle:   func(ctx context.Context, c *Call, in any) (any, error) { return handle(ctx, c, in.(*In)) },
	}
}

// DefineOpen makes an Operation that takes no signature: what the input holds
// proves who calls (sts:AssumeRoleWithWebIdentity). identify checks it and
// returns the caller; its error is that of the call.
func DefineOpen[In, Out any](service, name string,
	identify func(context.Context, *Call, *In) (iam.Principal, error),
	needs func(*Call, *In) ([]Need, error),
	handle func(context.Context, *Call, *In) (*Out, error),
) Operation {
	op := Define(service, name, needs, handle)
	op.identify = func(ctx context.Context, c *Call, in any) (err error) {
		c.Caller, err = identify(ctx, c, in.(*In))
		return err
	}
	return op
}

// NewInput returns a pointer to an empty input, of the operation's own type.
func (o Operation) NewInput() any { return o.newInput() }
