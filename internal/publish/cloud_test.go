package publish

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"waybill/internal/sigv4"
)

// tokens is how a cloud treats sequence tokens.
type tokens int

const (
	strict  tokens = iota // the first batch of a stream has to carry a token that the cloud names
	lenient               // any token will do for the first batch
	ignored               // as AWS does: none is looked at, none is returned
)

// cloud is STS and CloudWatch Logs for the tests. It verifies every signature,
// checks what a client must keep to, and keeps what it accepts.
type cloud struct {
	t        testing.TB
	tokens   tokens
	verifier *sigv4.Verifier

	mu sync.Mutex
	// All guarded by mu.
	trusted  bool // the role trusts the service principal
	allowed  bool // the role allows what is asked
	assumed  []url.Values
	sessions int
	groups   map[string]map[string]*logStream
	accepted []string // messages in the order of acceptance, over all groups
	sizes    []int    // of the accepted batches
	calls    []string
	// answer, if set, is asked before an operation is carried out and may refuse it.
	answer func(op string) *refusal
	// reject, if set, makes the rejectedLogEventsInfo of an accepted batch and
	// says which part of it is kept.
	reject func(n int) (info map[string]int, from, to int)
}

type logStream struct {
	next      string // the token expected
	lastToken string
	lastBatch string
}

type refusal struct {
	status  int
	code    string
	message string
}

const (
	serviceKey = "AKIASERVICE"
	secret     = "secret"
	groupName  = "workmail-monitoring"
	roleARN    = "arn:aws:iam::111122223333:role/workmail-monitoring-role"
	orgID      = "m-0123456789abcdef0123456789abcdef"
	orgARN     = "arn:aws:workmail:us-east-1:111122223333:organization/" + orgID
)

func newCloud(t testing.TB, mode tokens) *cloud {
	return &cloud{t: t, tokens: mode, verifier: sigv4.NewVerifier(0), trusted: true, allowed: true,
		groups: map[string]map[string]*logStream{groupName: {}}}
}

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	id, err := c.verifier.Verify(r, body, time.Now(), func(context.Context, string, string) (string, error) { return secret, nil })
	if err != nil {
		c.t.Errorf("signature: %v", err)
	}
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		c.logs(w, strings.TrimPrefix(target, "Logs_20140328."), id, body)
		return
	}
	c.sts(w, r, id, body)
}

func (c *cloud) sts(w http.ResponseWriter, r *http.Request, id sigv4.Identity, body []byte) {
	in, err := url.ParseQuery(string(body))
	if err != nil || in.Get("Action") != "AssumeRole" || id.AccessKeyID != serviceKey || id.Service != "sts" {
		c.t.Errorf("unexpected STS call by %s: %q (%v)", id.AccessKeyID, body, err)
	}
	if r.Header.Get("X-Amz-Source-Arn") != orgARN || r.Header.Get("X-Amz-Source-Account") != "111122223333" ||
		!id.Signed("x-amz-source-arn") || !id.Signed("x-amz-source-account") {
		c.t.Errorf("AssumeRole without signed source headers: %v", r.Header)
	}
	c.calls = append(c.calls, "AssumeRole")
	no := c.ask("AssumeRole")
	if no == nil && !c.trusted {
		no = &refusal{403, "AccessDenied", "not trusted"}
	}
	if no != nil {
		w.WriteHeader(no.status)
		fmt.Fprintf(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>`, no.code, no.message)
		return
	}
	c.assumed = append(c.assumed, in)
	c.sessions++
	fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
		<AccessKeyId>ASIA%d</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken>token%d</SessionToken><Expiration>%s</Expiration>
		</Credentials></AssumeRoleResult></AssumeRoleResponse>`, c.sessions, secret, c.sessions, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
}

type logsInput struct {
	LogGroupName  string
	LogStreamName string
	SequenceToken string
	LogEvents     []struct {
		Timestamp int64
		Message   string
	}
}

func (c *cloud) logs(w http.ResponseWriter, op string, id sigv4.Identity, body []byte) {
	if id.AccessKeyID != fmt.Sprint("ASIA", c.sessions) || id.SessionToken != fmt.Sprint("token", c.sessions) || id.Service != "logs" {
		c.t.Errorf("%s with key %s, want that of the last session", op, id.AccessKeyID)
	}
	var in logsInput
	if err := json.Unmarshal(body, &in); err != nil {
		c.t.Errorf("%s: %v in %q", op, err, body)
	}
	c.calls = append(c.calls, op)
	no := c.ask(op)
	if no == nil && !c.allowed {
		no = &refusal{400, "AccessDeniedException", "not allowed to " + op}
	}
	group, ok := c.groups[in.LogGroupName]
	if no == nil && !ok {
		no = &refusal{400, "ResourceNotFoundException", "The specified log group does not exist."}
	}
	if no != nil {
		c.refuse(w, *no, "")
		return
	}
	switch op {
	case "CreateLogStream":
		if group[in.LogStreamName] != nil {
			c.refuse(w, refusal{400, "ResourceAlreadyExistsException", "The specified log stream already exists"}, "")
			return
		}
		group[in.LogStreamName] = &logStream{next: "first-token-of-" + in.LogStreamName}
	case "PutLogEvents":
		s := group[in.LogStreamName]
		if s == nil {
			c.refuse(w, refusal{400, "ResourceNotFoundException", "The specified log stream does not exist."}, "")
			return
		}
		c.put(w, s, in)
	default:
		c.t.Errorf("unexpected call %s", op)
	}
}

func (c *cloud) put(w http.ResponseWriter, s *logStream, in logsInput) {
	size := 0
	for i, e := range in.LogEvents {
		size += len(e.Message) + 26
		if i > 0 && e.Timestamp < in.LogEvents[i-1].Timestamp {
			c.t.Errorf("event %q is out of order in its batch", e.Message)
		}
	}
	n := len(in.LogEvents)
	if n == 0 || n > 10_000 || size > 1_048_576 || in.LogEvents[n-1].Timestamp-in.LogEvents[0].Timestamp > 24*3600*1000 {
		c.t.Errorf("a batch of %d events, %d bytes, is beyond the limits", n, size)
		return
	}
	batch := fmt.Sprint(in.LogEvents)
	if c.tokens != ignored {
		if in.SequenceToken == s.lastToken && s.lastToken != "" && batch == s.lastBatch {
			c.refuse(w, refusal{400, "DataAlreadyAcceptedException", "The given batch of log events has already been accepted."}, s.next)
			return
		}
		if first := s.lastToken == ""; in.SequenceToken != s.next && !(first && c.tokens == lenient) {
			c.refuse(w, refusal{400, "InvalidSequenceTokenException", "The given sequenceToken is invalid."}, s.next)
			return
		}
	}
	from, to, answer := 0, n, map[string]any{}
	if c.reject != nil {
		var info map[string]int
		info, from, to = c.reject(n)
		answer["rejectedLogEventsInfo"] = info
	}
	for _, e := range in.LogEvents[from:to] {
		c.accepted = append(c.accepted, e.Message)
	}
	c.sizes = append(c.sizes, n)
	s.lastToken, s.lastBatch, s.next = in.SequenceToken, batch, fmt.Sprint("token-", len(c.sizes))
	if c.tokens != ignored {
		answer["nextSequenceToken"] = s.next
	}
	json.NewEncoder(w).Encode(answer)
}

func (c *cloud) ask(op string) *refusal {
	if c.answer == nil {
		return nil
	}
	return c.answer(op)
}

func (c *cloud) refuse(w http.ResponseWriter, no refusal, expected string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(no.status)
	out := map[string]string{"__type": no.code, "message": no.message}
	if expected != "" {
		out["expectedSequenceToken"] = expected
	}
	json.NewEncoder(w).Encode(out)
}

// set changes the cloud's state between two calls.
func (c *cloud) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

// stream appends a stranger's batch to a stream of ours.
func (c *cloud) stranger(group, stream, message string) {
	c.set(func() {
		s := c.groups[group][stream]
		c.accepted = append(c.accepted, message)
		s.lastToken, s.lastBatch, s.next = "stranger's", message, s.next+"+"
	})
}

// want compares what was accepted, in order and each once.
func (c *cloud) want(messages ...string) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Equal(c.accepted, messages) {
		c.t.Errorf("accepted %v\nwant     %v\ncalls    %v", c.accepted, messages, c.calls)
	}
}

// count tells how often an operation was called.
func (c *cloud) count(op string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, call := range c.calls {
		if call == op {
			n++
		}
	}
	return n
}

// serve runs the cloud as an HTTP server on pipes, which exist inside a
// synctest bubble, and returns a client of it.
func (c *cloud) serve() *http.Client {
	l := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: c}
	go server.Serve(l)
	transport := &http.Transport{DialContext: l.dial}
	c.t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
	})
	return &http.Client{Transport: transport}
}

// pipes is a net.Listener whose connections are net.Pipes.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipes) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// fault is what happens to one HTTP exchange.
type fault int

const (
	requestLost fault = iota // the server never sees it
	replyLost                // it is carried out, but the client hears nothing
	failed                   // the server answers 500 without carrying it out
	doneThen500              // it is carried out, and the answer is 500
	garbled                  // it is carried out, and the answer is cut off
	faultKinds
)

func (f fault) String() string {
	return [...]string{"requestLost", "replyLost", "failed", "doneThen500", "garbled"}[f]
}

// network passes requests on, with faults at chosen exchanges.
type network struct {
	to Doer

	mu sync.Mutex
	// All guarded by mu; seen counts exchanges, from 0.
	seen   int
	faults map[int]fault
	// after, if set, is called once an exchange has ended, with its number.
	after func(n int)
}

var errNetwork = errors.New("the network is down")

func (n *network) Do(r *http.Request) (*http.Response, error) {
	n.mu.Lock()
	i := n.seen
	n.seen++
	f, faulty := n.faults[i]
	after := n.after
	n.mu.Unlock()
	if after != nil {
		defer after(i)
	}
	if !faulty {
		return n.to.Do(r)
	}
	broken := &http.Response{Status: "500 Internal Server Error", StatusCode: 500, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: io.NopCloser(strings.NewReader("broken")), Request: r}
	switch f {
	case requestLost:
		return nil, &url.Error{Op: "Post", URL: r.URL.String(), Err: errNetwork}
	case failed:
		return broken, nil
	}
	response, err := n.to.Do(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	switch {
	case err != nil:
		return nil, err
	case f == doneThen500:
		return broken, nil
	case f == garbled:
		response.Body = io.NopCloser(bytes.NewReader(body[:len(body)/2]))
		return response, nil
	}
	return nil, &url.Error{Op: "Post", URL: r.URL.String(), Err: errNetwork}
}
