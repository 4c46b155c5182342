package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// sdk is the Go SDK's client as the administrator, over a transport of the test's.
func (s *server) sdk(t *testing.T, transport http.RoundTripper) *cwl.Client {
	t.Helper()
	t.Setenv("AWS_CA_BUNDLE", "") // it would want to change the transport
	c, err := config.LoadDefaultConfig(t.Context(), config.WithRegion(region), config.WithBaseEndpoint(s.URL),
		config.WithSharedCredentialsFiles([]string{filepath.Join(s.Data, "credentials")}), config.WithSharedConfigFiles(nil),
		config.WithHTTPClient(&http.Client{Transport: transport}), config.WithRetryMaxAttempts(4))
	if err != nil {
		t.Fatal(err)
	}
	return cwl.NewFromConfig(c)
}

// aliased is a transport that knows "stream-HOST" as a hosts file with such a line does.
func aliased() *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, strings.TrimPrefix(addr, "stream-"))
	}
	return transport
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func eventsAt(at time.Time, messages ...string) (list []types.InputLogEvent) {
	for i, m := range messages {
		list = append(list, types.InputLogEvent{Timestamp: aws.Int64(at.UnixMilli() + int64(i)), Message: &m})
	}
	return list
}

// flaky loses the answers, or the requests, that it is told to.
type flaky struct {
	http.RoundTripper
	loseAnswers, loseRequests, busy atomic.Int32
}

var errLost = fmt.Errorf("read: %w", io.ErrUnexpectedEOF)

func (f *flaky) RoundTrip(r *http.Request) (*http.Response, error) {
	if f.loseRequests.Add(-1) >= 0 {
		return nil, errLost
	}
	if f.busy.Add(-1) >= 0 {
		return &http.Response{StatusCode: http.StatusServiceUnavailable, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Body: io.NopCloser(strings.NewReader("")), Header: http.Header{}, Request: r}, nil
	}
	resp, err := f.RoundTripper.RoundTrip(r)
	if err == nil && f.loseAnswers.Add(-1) >= 0 {
		resp.Body.Close()
		return nil, errLost
	}
	return resp, err
}

// TestLogsWithTheGoSDK pages, retries and tails against the real binary.
func TestLogsWithTheGoSDK(t *testing.T) {
	s := serve(t, "")
	net := &flaky{RoundTripper: aliased()}
	c := s.sdk(t, net)
	ctx := t.Context()
	group, stream := aws.String("/mail/go"), aws.String("s")
	_, err := c.CreateLogGroup(ctx, &cwl.CreateLogGroupInput{LogGroupName: group})
	ok(t, err)
	_, err = c.CreateLogStream(ctx, &cwl.CreateLogStreamInput{LogGroupName: group, LogStreamName: stream})
	ok(t, err)
	put := func(token *string, messages ...string) (*cwl.PutLogEventsOutput, error) {
		return c.PutLogEvents(ctx, &cwl.PutLogEventsInput{LogGroupName: group, LogStreamName: stream, SequenceToken: token,
			LogEvents: eventsAt(time.Now().Truncate(time.Hour), messages...)})
	}
	count := func(pattern string) (n int) {
		t.Helper()
		pages := cwl.NewFilterLogEventsPaginator(c, &cwl.FilterLogEventsInput{LogGroupName: group, FilterPattern: &pattern, Limit: aws.Int32(3)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			ok(t, err)
			n += len(page.Events)
		}
		return n
	}

	t.Run("a retry after a lost reply doubles nothing under a sequence token", func(t *testing.T) {
		first, err := put(nil, "first")
		ok(t, err)
		net.loseAnswers.Store(1)
		_, err = put(first.NextSequenceToken, "second")
		var already *types.DataAlreadyAcceptedException
		if !errors.As(err, &already) || already.ExpectedSequenceToken == nil {
			t.Fatalf("error %v", err)
		}
		if n := count("second"); n != 1 {
			t.Errorf("%d times", n)
		}
		next, err := put(already.ExpectedSequenceToken, "third")
		ok(t, err)
		var invalid *types.InvalidSequenceTokenException
		if _, err = put(first.NextSequenceToken, "fourth"); !errors.As(err, &invalid) || *invalid.ExpectedSequenceToken != *next.NextSequenceToken {
			t.Errorf("error %v", err)
		}
	})
	t.Run("lost requests and a busy server are retried", func(t *testing.T) {
		net.loseRequests.Store(1)
		net.busy.Store(1)
		_, err := put(nil, "persistent")
		ok(t, err)
		net.loseRequests.Store(1)
		if n := count("persistent"); n != 1 {
			t.Errorf("%d times", n)
		}
	})
	t.Run("pages", func(t *testing.T) {
		var many []string
		for i := range 20 {
			many = append(many, fmt.Sprintf("page %d", i))
		}
		_, err := put(nil, many...)
		ok(t, err)
		if n := count("page"); n != 20 {
			t.Errorf("%d filtered", n)
		}
		all := 0
		pages := cwl.NewGetLogEventsPaginator(c, &cwl.GetLogEventsInput{LogGroupName: group, LogStreamName: stream, StartFromHead: aws.Bool(true), Limit: aws.Int32(6)},
			func(o *cwl.GetLogEventsPaginatorOptions) { o.StopOnDuplicateToken = true })
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			ok(t, err)
			all += len(page.Events)
		}
		if all != 24 {
			t.Errorf("%d events read, want 24", all)
		}
	})
	t.Run("live tail", func(t *testing.T) { liveTail(t, s, c) })
}

// liveTail follows a group through the host's alias, sees what is put, and ends
// when the server is asked to stop, which does not wait for it.
func liveTail(t *testing.T, s *server, c *cwl.Client) {
	out, err := c.StartLiveTail(t.Context(), &cwl.StartLiveTailInput{
		LogGroupIdentifiers: []string{"arn:aws:logs:" + region + ":" + account + ":log-group:/mail/go"}, LogEventFilterPattern: aws.String("tailed"),
	})
	ok(t, err)
	events := out.GetStream()
	defer events.Close()
	var got []string
	for len(got) < 3 {
		select {
		case e, open := <-events.Events():
			switch e := e.(type) {
			case *types.StartLiveTailResponseStreamMemberSessionStart:
				_, err := c.PutLogEvents(t.Context(), &cwl.PutLogEventsInput{LogGroupName: aws.String("/mail/go"), LogStreamName: aws.String("s"),
					LogEvents: eventsAt(time.Now(), "tailed 1", "other", "tailed 2", "tailed 3")})
				ok(t, err)
			case *types.StartLiveTailResponseStreamMemberSessionUpdate:
				for _, r := range e.Value.SessionResults {
					got = append(got, *r.Message)
				}
			default:
				t.Fatalf("event %T, open %v: %v", e, open, events.Err())
			}
		case <-time.After(patience):
			t.Fatalf("only %q came", got)
		}
	}
	begin := time.Now()
	s.process.stop(t)
	if took := time.Since(begin); took > 8*time.Second {
		t.Errorf("the server took %v to stop under a live tail", took)
	}
	for range events.Events() {
	}
	if err := events.Err(); err == nil || !strings.Contains(err.Error(), "SessionStreamingException") {
		t.Errorf("the session ended with %v", err)
	}
}
