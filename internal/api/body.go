package api

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"waybill/internal/api/wire"
	"waybill/internal/awserr"
)

func tooLarge(most int) *awserr.Error {
	return awserr.WithStatus(http.StatusRequestEntityTooLarge, CodeTooLarge,
		"The request is larger than the %d bytes that are accepted.", most)
}

// maxBody is how many bytes a request's body may have, by what its headers say
// that it asks.
func (d *Door) maxBody(r *http.Request) int {
	req := wire.Guess(r)
	op, _ := d.Registry.Lookup(req.Service, req.Operation)
	return max(MaxBody, op.MaxBody)
}

// readBody reads the body as received: the bytes that the signature covers.
func readBody(w http.ResponseWriter, r *http.Request, held *holding, most int) ([]byte, error) {
	if r.ContentLength > int64(most) {
		return nil, tooLarge(most)
	}
	var b bytes.Buffer
	from := &pacedBody{from: http.MaxBytesReader(w, r.Body, int64(most)), control: http.NewResponseController(w), start: time.Now(), held: held}
	from.hurry()
	defer from.relax()
	// A stranger's word alone is not worth much memory: the room for a long body
	// is made once a part of it is there, and then for the whole.
	const part = 256 << 10
	length := int(max(r.ContentLength, 0))
	b.Grow(min(length, part) + bytes.MinRead)
	_, err := b.ReadFrom(io.LimitReader(from, part))
	if err == nil && b.Len() == part {
		b.Grow(max(length-part, 0) + bytes.MinRead)
		_, err = b.ReadFrom(from)
	}
	var limit *http.MaxBytesError
	var refused *awserr.Error
	switch {
	case errors.As(err, &limit):
		return nil, tooLarge(most)
	case errors.As(err, &refused):
		return nil, refused
	case err != nil:
		e := awserr.New(codeIncompleteReq, "The request body ended before it was complete.")
		e.Cause = err
		return nil, e
	}
	return b.Bytes(), nil
}

// A body may come as slowly as bodyPace bytes a second, after bodyGrace.
const (
	bodyGrace = 20 * time.Second
	bodyPace  = 16 << 10
)

// pacedBody reads a body whose bytes must keep coming, and takes memory for them.
type pacedBody struct {
	from    io.Reader
	control *http.ResponseController
	start   time.Time
	read    int64
	held    *holding
}

// hurry sets the time by which the next bytes must have come. Where the
// connection has no deadlines (tests), none are kept.
func (b *pacedBody) hurry() {
	_ = b.control.SetReadDeadline(b.start.Add(bodyGrace + time.Duration(b.read)*time.Second/bodyPace))
}

// relax ends the hurry: the handler may take its time, and a stream of its answer too.
func (b *pacedBody) relax() { _ = b.control.SetReadDeadline(time.Time{}) }

// Read implements io.Reader.
func (b *pacedBody) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if n > 0 {
		if herr := b.held.body(int64(n)); herr != nil {
			return 0, herr
		}
		b.read += int64(n)
		b.hurry()
	}
	return n, err
}

// plainBody undoes the Content-Encoding. SDKs compress only with gzip.
func plainBody(r *http.Request, body []byte, held *holding, most int) ([]byte, error) {
	switch encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); encoding {
	case "", "identity":
		return body, nil
	case "gzip":
	default:
		return nil, awserr.New("SerializationException",
			"Content-Encoding '%s' is not supported; use gzip or none.", encoding)
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, awserr.New("SerializationException", "The request body is not in gzip format.")
	}
	plain, err := io.ReadAll(io.LimitReader(z, int64(most)+1))
	switch {
	case len(plain) > most:
		return nil, tooLarge(most)
	case err != nil:
		return nil, awserr.New("SerializationException", "The gzip data of the request body is broken.")
	}
	return plain, held.body(int64(len(plain)))
}

// headerSize is the length of all header names and values together.
func headerSize(h http.Header) int {
	n := 0
	for name, values := range h {
		for _, v := range values {
			n += len(name) + len(v)
		}
	}
	return n
}
