package api

import (
	"context"
	"fmt"
	"reflect"
)

// Invoke calls an operation from within the process, for the console and for
// start-up: the same needs, permission and audit as over HTTP. in is a pointer
// to the operation's input struct; call.Caller must be set, RequestID and Time
// are filled in if they are not. Errors that the caller can mend are
// *awserr.Error, and so are ours, with our text only in their Cause.
func Invoke[Out any](ctx context.Context, d *Door, call *Call, service, name string, in any) (*Out, error) {
	op, ok := d.Registry.Lookup(service, name)
	if !ok {
		return nil, fmt.Errorf("invoke %s:%s: no such operation is registered", service, name)
	}
	fill := func(empty any) error {
		to, from := reflect.ValueOf(empty), reflect.ValueOf(in)
		if from.Type() != to.Type() || from.IsNil() {
			return fmt.Errorf("invoke %s:%s: the input is a %T, want a %T", service, name, in, empty)
		}
		to.Elem().Set(from.Elem())
		return nil
	}
	full := d.complete(*call)
	result, err := d.run(ctx, &op, full, fill)
	if err != nil {
		d.logFault(ctx, full, service, name, err)
		return nil, err
	}
	out, ok := result.(*Out)
	if !ok {
		return nil, fmt.Errorf("invoke %s:%s: the output is a %T, want a %T", service, name, result, out)
	}
	return out, nil
}
