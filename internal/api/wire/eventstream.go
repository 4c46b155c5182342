package wire

import (
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"

	"waybill/internal/awserr"
)

// frameTimeout is how long a client may take to read one frame.
const frameTimeout = 30 * time.Second

// settle is how long an event stream waits before it begins. The Go SDK (seen in
// smithy-go 1.28.9) gives up its request's body as soon as it has an answer's
// header; net/http, should its writer only then look for the body's end, takes
// that for an error and tears the connection down under the stream.
const settle = 100 * time.Millisecond

// EventStream is an answer that goes on: events in frames of type
// application/vnd.amazon.eventstream (Smithy, "Amazon Event Stream"), each a
// JSON object. It is for one goroutine.
type EventStream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	encoder *eventstream.Encoder
}

// WriteStream begins an answer of events. Its first frame is the
// initial-response that JSON protocols carry the other members of an output in,
// of which there are none. The limits of time that the server sets on a request
// and its answer end here; each frame has one of its own.
func (r *Request) WriteStream(w http.ResponseWriter) (*EventStream, error) {
	s := &EventStream{w: w, control: http.NewResponseController(w), encoder: eventstream.NewEncoder()}
	if err := s.control.SetReadDeadline(time.Time{}); err != nil {
		return s, fmt.Errorf("lift the read deadline of an event stream: %w", err)
	}
	time.Sleep(settle)
	w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusOK)
	return s, s.Send("initial-response", struct{}{})
}

// Send writes one event, of the union's member name.
func (s *EventStream) Send(name string, payload any) error {
	body, err := marshalJSON(payload)
	if err != nil {
		return fmt.Errorf("encode event %s: %w", name, err)
	}
	return s.frame(body, ":message-type", "event", ":event-type", name, ":content-type", "application/json")
}

// Fail writes an error as the last frame: one of the stream's own by its name,
// and any other as clients expect those that are not in the model.
func (s *EventStream) Fail(e *awserr.Error, modelled bool) error {
	if !modelled {
		return s.frame(nil, ":message-type", "error", ":error-code", asJSON(e).Code, ":error-message", e.Message)
	}
	body, err := marshalJSON(map[string]string{"message": e.Message})
	if err != nil {
		return fmt.Errorf("encode exception %s: %w", e.Code, err)
	}
	return s.frame(body, ":message-type", "exception", ":exception-type", e.Code, ":content-type", "application/json")
}

func (s *EventStream) frame(payload []byte, headers ...string) error {
	m := eventstream.Message{Payload: payload}
	for i := 0; i < len(headers); i += 2 {
		m.Headers.Set(headers[i], eventstream.StringValue(headers[i+1]))
	}
	if err := s.control.SetWriteDeadline(time.Now().Add(frameTimeout)); err != nil {
		return fmt.Errorf("set the write deadline of an event stream: %w", err)
	}
	if err := s.encoder.Encode(s.w, m); err != nil {
		return fmt.Errorf("write to an event stream: %w", err)
	}
	if err := s.control.Flush(); err != nil {
		return fmt.Errorf("write to an event stream: %w", err)
	}
	return nil
}
