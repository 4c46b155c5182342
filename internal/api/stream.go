package api

import (
	"context"
	"net/http"
	"slices"

	"waybill/internal/api/wire"
)

// EventStream is the output of an operation that goes on answering
// (StartLiveTail). Permissions and audit are as for any other operation, before
// the first event.
type EventStream struct {
	// Run sends events until there are no more, the caller has gone (ctx, or an
	// error from send), or the stream fails. It is called exactly once, and gives
	// up in the end what the stream holds. An *awserr.Error is sent to the caller,
	// as an exception of the stream's own if Exceptions has its code.
	Run func(ctx context.Context, send func(event string, payload any) error) error
	// Exceptions are the codes of the errors that the stream's model has.
	Exceptions []string
}

// stream sends an operation's events. What it returns is for the log.
func (d *Door) stream(w http.ResponseWriter, r *http.Request, req *wire.Request, s *EventStream) (err error) {
	frames, opening := req.WriteStream(w)
	send := func(event string, payload any) error {
		if opening != nil {
			return opening
		}
		return frames.Send(event, payload)
	}
	err = s.guarded(r.Context(), send)
	if err == nil || opening != nil || r.Context().Err() != nil {
		return err
	}
	e := known(err)
	// Should this fail too, nobody is left to tell.
	_ = frames.Fail(e, slices.Contains(s.Exceptions, e.Code))
	return e
}

func (s *EventStream) guarded(ctx context.Context, send func(event string, payload any) error) (err error) {
	defer func() {
		if e := recovered(recover(), "an event stream"); e != nil {
			err = e
		}
	}()
	return s.Run(ctx, send)
}
