package faults

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go"
	"golang.org/x/sync/errgroup"
)

// loadClients write and read at once.
const loadClients = 20

// Twenty clients write batches and read what they wrote, while others begin
// requests and go, or ask for pages and do not read them. The server's memory
// stays bounded. WAYBILL_LOAD_SECONDS sets for how long; make bench takes a minute.
func TestTwentyClientsHold(t *testing.T) {
	seconds := fromEnv(t, "WAYBILL_LOAD_SECONDS", 5)
	l := newLabOn(t, rand.New(rand.NewPCG(20, 20)), filepath.Join(t.TempDir(), "data"))
	rest := rss(t, l.server, "VmRSS")
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(seconds)*time.Second)
	defer cancel()
	var group errgroup.Group
	var events, pages, throttles atomic.Int64
	for c := range loadClients {
		stream := fmt.Sprint("load-", c)
		if _, err := l.client.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: aws.String("group-0"), LogStreamName: &stream}); err != nil {
			t.Fatal(err)
		}
		group.Go(func() error { return loadClient(ctx, l.client, stream, &events, &pages, &throttles) })
		group.Go(func() error { abandon(ctx, l.server.addr); return nil })
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
	t.Logf("%d clients for %d s: %d events/s, %d pages/s, %d throttled; resident memory %d MiB at rest, %d MiB at most",
		loadClients, seconds, events.Load()/seconds, pages.Load()/seconds, throttles.Load(), rest>>20, rss(t, l.server, "VmHWM")>>20)
	if err := l.readable(t.Context()); err != nil {
		t.Errorf("after the load: %v", err)
	}
	if most := rss(t, l.server, "VmHWM"); most > 1500<<20 {
		t.Errorf("the server took %d MiB", most>>20)
	}
}

// loadClient writes batches of a thousand events and reads a page after each.
func loadClient(ctx context.Context, client *cloudwatchlogs.Client, stream string, events, pages, throttles *atomic.Int64) error {
	for n := 0; ctx.Err() == nil; n++ {
		batch := make([]types.InputLogEvent, 1000)
		at := time.Now().UnixMilli()
		for i := range batch {
			batch[i] = types.InputLogEvent{Timestamp: &at, Message: aws.String(fmt.Sprintf(`{"stream":"%s","n":%d,"traceId":"%032x","text":"%d"}`, stream, n*1000+i, rand.Uint64(), rand.Uint64()))}
		}
		in := &cloudwatchlogs.PutLogEventsInput{LogGroupName: aws.String("group-0"), LogStreamName: &stream, LogEvents: batch}
		_, err := client.PutLogEvents(context.WithoutCancel(ctx), in)
		if err = countThrottle(err, throttles); err != nil {
			return fmt.Errorf("%s: put: %w", stream, err)
		}
		events.Add(int64(len(batch)))
		_, err = again(ctx, func() (*cloudwatchlogs.GetLogEventsOutput, error) {
			return client.GetLogEvents(context.WithoutCancel(ctx), &cloudwatchlogs.GetLogEventsInput{LogGroupName: aws.String("group-0"), LogStreamName: &stream, Limit: aws.Int32(100)})
		})
		if err = countThrottle(err, throttles); err != nil {
			return fmt.Errorf("%s: get: %w", stream, err)
		}
		pages.Add(1)
	}
	return nil
}

// countThrottle lets a throttled request pass, and a connection that broke.
func countThrottle(err error, throttles *atomic.Int64) error {
	var api smithy.APIError
	if err == nil || !errors.As(err, &api) {
		return nil
	}
	if api.ErrorCode() == "ThrottlingException" {
		throttles.Add(1)
		return nil
	}
	return err
}

// abandon opens connections, sends some of a request, and goes without reading
// an answer.
func abandon(ctx context.Context, addr string) {
	for ctx.Err() == nil {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		_, _ = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: %s\r\nX-Amz-Target: Logs_20140328.PutLogEvents\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: 1000000\r\n\r\n%s", addr, strings.Repeat("x", rand.IntN(500_000)))
		pause(ctx, time.Duration(rand.IntN(200))*time.Millisecond)
		conn.Close()
	}
}

// rss reads a figure of the server's memory in bytes: VmRSS, or VmHWM for its peak.
func rss(t *testing.T, s *server, name string) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(text)
	if m == nil {
		t.Fatalf("no %s in %s", name, text)
	}
	n, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n << 10
}

// What is too much is refused in the protocol's own form, and the server goes on.
func TestTooMuchIsRefused(t *testing.T) {
	l := newLabOn(t, rand.New(rand.NewPCG(21, 21)), filepath.Join(t.TempDir(), "data"))
	if err := l.server.stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(l.server.config, []byte("[limits]\nrequests_per_second = 20\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.server.start(); err != nil {
		t.Fatal(err)
	}
	codes := map[string]int{}
	for range 200 {
		_, err := l.client.DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{})
		var api smithy.APIError
		switch {
		case err == nil:
			codes["answered"]++
		case errors.As(err, &api):
			codes[api.ErrorCode()]++
		}
	}
	if codes["answered"] < 40 || codes["ThrottlingException"] < 50 || len(codes) != 2 {
		t.Errorf("a flood was answered with %v", codes)
	}
	const head = "POST / HTTP/1.1\r\nHost: waybill\r\nX-Amz-Target: Logs_20140328.PutLogEvents\r\nContent-Type: application/x-amz-json-1.1\r\n"
	for what, c := range map[string]struct {
		text string
		then io.Reader
		want int
	}{
		"a long header":   {head + "X-Long: " + strings.Repeat("x", 200<<10) + "\r\n\r\n", nil, http.StatusRequestHeaderFieldsTooLarge},
		"a long body":     {head + "Content-Length: 9000000\r\n\r\n", nil, http.StatusRequestEntityTooLarge},
		"an endless body": {head + "Transfer-Encoding: chunked\r\n\r\n", endless{}, http.StatusRequestEntityTooLarge},
	} {
		conn, err := net.Dial("tcp", l.server.addr)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, _ = io.WriteString(conn, c.text)
			if c.then != nil {
				_, _ = io.Copy(conn, c.then)
			}
		}()
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%s: %v", what, err)
		} else if resp.StatusCode != c.want {
			t.Errorf("%s: %s, want %d", what, resp.Status, c.want)
		}
		conn.Close()
	}
	if err := l.readable(t.Context()); err != nil {
		t.Error(err)
	}
}

// endless is chunks of 64 KiB without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	chunk := "10000\r\n" + strings.Repeat("x", 1<<16) + "\r\n"
	if len(p) < len(chunk) {
		return 0, io.ErrShortBuffer
	}
	return copy(p, chunk), nil
}

// WriteTo keeps chunks whole.
func (e endless) WriteTo(w io.Writer) (n int64, err error) {
	chunk := make([]byte, 1<<17)
	for {
		m, err := e.Read(chunk)
		if err != nil {
			return n, err
		}
		if _, err := w.Write(chunk[:m]); err != nil {
			return n, err
		}
		n += int64(m)
	}
}
