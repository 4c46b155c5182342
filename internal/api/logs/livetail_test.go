package logsapi_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const groupARN = "arn:aws:logs:" + region + ":" + account + ":log-group:"

// withoutPrefix is what docs/logs.md gives for the Go SDK: no "stream-" before the host.
func withoutPrefix(o *cwl.Options) {
	o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc("NoHostPrefix", func(
			ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
		) (middleware.InitializeOutput, middleware.Metadata, error) {
			return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
		}), middleware.Before)
	})
}

// aliased reaches "stream-127.0.0.1" as a hosts file with such a line does; the
// request is signed for that name.
func aliased(o *cwl.Options) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, strings.TrimPrefix(addr, "stream-"))
	}
	o.HTTPClient = &http.Client{Transport: transport}
}

// session is a live tail of the Go SDK whose events arrive one by one.
type session struct {
	*cwl.StartLiveTailEventStream
}

func tail(t *testing.T, c *cwl.Client, in *cwl.StartLiveTailInput, option func(*cwl.Options)) session {
	t.Helper()
	out, err := c.StartLiveTail(t.Context(), in, option)
	must(t, err)
	s := session{out.GetStream()}
	t.Cleanup(func() { s.Close() })
	start, ok := s.next(t).(*types.StartLiveTailResponseStreamMemberSessionStart)
	if !ok || *start.Value.SessionId == "" || *start.Value.RequestId == "" || start.Value.LogGroupIdentifiers[0] != in.LogGroupIdentifiers[0] {
		t.Fatalf("start %+v", start)
	}
	return s
}

func (s session) next(t *testing.T) types.StartLiveTailResponseStream {
	t.Helper()
	select {
	case e, ok := <-s.Events():
		if !ok {
			t.Fatalf("the stream has ended: %v", s.Err())
		}
		return e
	case <-time.After(time.Minute):
		t.Fatal("no event for a minute")
		return nil
	}
}

// results waits for the next update that is not empty.
func (s session) results(t *testing.T) []types.LiveTailSessionLogEvent {
	t.Helper()
	for {
		u, ok := s.next(t).(*types.StartLiveTailResponseStreamMemberSessionUpdate)
		if !ok {
			t.Fatal("not an update")
		}
		if u.Value.SessionMetadata.Sampled {
			t.Error("sampled")
		}
		if len(u.Value.SessionResults) > 0 {
			return u.Value.SessionResults
		}
	}
}

func TestLiveTailWithTheSDK(t *testing.T) {
	v := newServer(t)
	c := v.admin(t)
	makeGroup(t, c, "g", "one", "two")
	for name, option := range map[string]func(*cwl.Options){"without the host prefix": withoutPrefix, "with the host's alias": aliased} {
		t.Run(name, func(t *testing.T) {
			s := tail(t, c, &cwl.StartLiveTailInput{
				LogGroupIdentifiers: []string{groupARN + "g"}, LogStreamNamePrefixes: []string{"o"}, LogEventFilterPattern: aws.String("{ $.n > 1 }"),
			}, option)
			putNow(t, c, "g", "two", `{"n":9}`)
			putNow(t, c, "g", "one", `{"n":1}`, `{"n":2}`)
			got := s.results(t)
			if e := got[0]; len(got) != 1 || *e.Message != `{"n":2}` || *e.LogStreamName != "one" || *e.LogGroupIdentifier != groupARN+"g" ||
				*e.Timestamp == 0 || *e.IngestionTime == 0 {
				t.Errorf("results %+v", got)
			}
		})
	}
}

// A second of 5,000 events, by several writers, arrives whole.
func TestLiveTailIsNotSampledBelow5000EventsASecond(t *testing.T) {
	c := newServer(t).admin(t)
	makeGroup(t, c, "g", "s1", "s2", "s3", "s4", "s5")
	s := tail(t, c, &cwl.StartLiveTailInput{LogGroupIdentifiers: []string{groupARN + "g"}}, withoutPrefix)
	var writers sync.WaitGroup
	for w := range 5 {
		messages := make([]string, 1000)
		for i := range messages {
			messages[i] = fmt.Sprintf("%d/%d", w, i)
		}
		writers.Go(func() { putNow(t, c, "g", fmt.Sprint("s", w+1), messages...) })
	}
	seen := map[string]bool{}
	for len(seen) < 5000 {
		results := s.results(t)
		if len(results) > 500 {
			t.Errorf("an update of %d events", len(results))
		}
		for _, r := range results {
			seen[*r.Message] = true
		}
	}
	writers.Wait()
}

func TestLiveTailEndsWithItsGroup(t *testing.T) {
	c := newServer(t).admin(t)
	makeGroup(t, c, "g", "s")
	s := tail(t, c, &cwl.StartLiveTailInput{LogGroupIdentifiers: []string{groupARN + "g"}}, withoutPrefix)
	_, err := c.DeleteLogGroup(t.Context(), &cwl.DeleteLogGroupInput{LogGroupName: aws.String("g")})
	must(t, err)
	for range s.Events() {
	}
	wantError(t, s.Err(), "SessionStreamingException", "deleted")
}

func TestLiveTailRefusals(t *testing.T) {
	v := newServer(t)
	admin := v.admin(t)
	makeGroup(t, admin, "a")
	makeGroup(t, admin, "b")
	onlyA := v.client(t, account, "reader", `{"Effect":"Allow","Action":"logs:StartLiveTail","Resource":"`+groupARN+`a:*"}`)
	for _, c := range []struct {
		client     *cwl.Client
		in         cwl.StartLiveTailInput
		code, text string
	}{
		{onlyA, cwl.StartLiveTailInput{LogGroupIdentifiers: []string{groupARN + "a", groupARN + "b"}}, "AccessDeniedException", groupARN + "b"},
		{admin, cwl.StartLiveTailInput{LogGroupIdentifiers: []string{groupARN + "a:*"}}, "InvalidParameterException", "asterisk"},
		{admin, cwl.StartLiveTailInput{LogGroupIdentifiers: []string{"a"}}, "InvalidParameterException", "ARN"},
		{admin, cwl.StartLiveTailInput{LogGroupIdentifiers: []string{}}, "InvalidParameterException", "at 'logGroupIdentifiers'"},
		{admin, cwl.StartLiveTailInput{LogGroupIdentifiers: []string{groupARN + "none"}}, "ResourceNotFoundException", "log group"},
		{admin, cwl.StartLiveTailInput{LogGroupIdentifiers: []string{groupARN + "a", groupARN + "b"}, LogStreamNames: []string{"s"}}, "InvalidParameterException", "single log group"},
		{admin, cwl.StartLiveTailInput{LogGroupIdentifiers: []string{groupARN + "a"}, LogStreamNames: []string{"s"}, LogStreamNamePrefixes: []string{"s"}}, "InvalidParameterException", "mutually exclusive"},
		{admin, cwl.StartLiveTailInput{LogGroupIdentifiers: []string{groupARN + "a"}, LogEventFilterPattern: aws.String("{ $.a = ")}, "InvalidParameterException", ""},
	} {
		_, err := c.client.StartLiveTail(t.Context(), &c.in, withoutPrefix)
		wantError(t, err, c.code, c.text)
	}
	s := tail(t, onlyA, &cwl.StartLiveTailInput{LogGroupIdentifiers: []string{groupARN + "a"}}, withoutPrefix)
	s.Close()
}

// openTail starts a tail of group g by hand and returns a reader of its frames.
func openTail(t *testing.T, v *server) func() eventstream.Message {
	t.Helper()
	body := `{"logGroupIdentifiers":["` + groupARN + `g"]}`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, v.url, strings.NewReader(body))
	must(t, err)
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "Logs_20140328.StartLiveTail")
	must(t, v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: "AKIDadmin", SecretAccessKey: secret}, req,
		sha256hex(body), "logs", region, time.Now()))
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/vnd.amazon.eventstream" || resp.Header.Get("x-amzn-RequestId") == "" {
		t.Errorf("%s %v", resp.Status, resp.Header)
	}
	d := eventstream.NewDecoder()
	return func() eventstream.Message {
		t.Helper()
		m, err := d.Decode(resp.Body, nil)
		must(t, err)
		return m
	}
}

// TestLiveTailFrames reads what is on the wire without a client's tolerance.
func TestLiveTailFrames(t *testing.T) {
	v := newServer(t)
	makeGroup(t, v.admin(t), "g", "s")
	next := openTail(t, v)
	for _, want := range []struct{ event, payload string }{
		{"initial-response", "{}"},
		{"sessionStart", `"logGroupIdentifiers":["` + groupARN + `g"]`},
		{"sessionUpdate", `{"sessionMetadata":{"sampled":false},"sessionResults":[]}`},
	} {
		m := next()
		header := func(name string) string { return m.Headers.Get(name).String() }
		if header(":message-type") != "event" || header(":event-type") != want.event || header(":content-type") != "application/json" ||
			!bytes.Contains(m.Payload, []byte(want.payload)) {
			t.Errorf("frame %v %s, want %v", m.Headers, m.Payload, want)
		}
	}
}

// A client that does not read holds nobody up, is told that it missed something,
// and goes on with what comes then.
func TestASlowReaderOfALiveTail(t *testing.T) {
	v := newServer(t)
	c := v.admin(t)
	makeGroup(t, c, "g", "s")
	next := openTail(t, v)
	big := strings.Repeat("x", 1_000_000)
	for range 40 {
		putNow(t, c, "g", "s", big)
	}
	received, sampled := 0, false
	for !sampled {
		m := next()
		received += bytes.Count(m.Payload, []byte(big))
		sampled = bytes.Contains(m.Payload, []byte(`"sampled":true`))
	}
	if received >= 40 {
		t.Errorf("%d events were kept for it", received)
	}
	putNow(t, c, "g", "s", "afterwards")
	for !bytes.Contains(next().Payload, []byte("afterwards")) {
	}
}
