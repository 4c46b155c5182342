package api_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"waybill/internal/api"
	"waybill/internal/awserr"
)

// streaming is a door with one operation whose answer goes on as run says. Its
// server has short limits of time, which must not cut the answer.
func streaming(t *testing.T, d *demo, run func(ctx context.Context, send func(string, any) error) error) string {
	t.Helper()
	registry, err := api.NewRegistry([]api.Operation{api.Define("logs", "StartLiveTail",
		func(*api.Call, *struct{}) ([]api.Need, error) { return need("logs:StartLiveTail", "*") },
		func(context.Context, *api.Call, *struct{}) (*api.EventStream, error) {
			return &api.EventStream{Run: run, Exceptions: []string{"SessionTimeoutException"}}, nil
		})})
	if err != nil {
		t.Fatal(err)
	}
	c := d.door.Config
	c.Registry = registry
	door, err := api.NewDoor(c)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(door)
	s.Config.ReadTimeout, s.Config.WriteTimeout = time.Second, time.Second
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

// open starts the stream and returns a reader of its frames.
func openStream(t *testing.T, d *demo, url string) (next func() (eventstream.Message, error), hangUp func()) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", json11)
	r.Header.Set("X-Amz-Target", "Logs_20140328.StartLiveTail")
	sum := sha256.Sum256([]byte("{}"))
	creds := aws.Credentials{AccessKeyID: adminKey, SecretAccessKey: adminSecret}
	if err := v4.NewSigner().SignHTTP(t.Context(), creds, r, hex.EncodeToString(sum[:]), "logs", "us-east-1", d.clock()); err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/vnd.amazon.eventstream" {
		t.Fatalf("%s %v", resp.Status, resp.Header)
	}
	decoder := eventstream.NewDecoder()
	return func() (eventstream.Message, error) { return decoder.Decode(resp.Body, nil) }, func() { resp.Body.Close() }
}

// describe is a frame as text: the headers that tell what it is, and the payload.
func describe(m eventstream.Message) string {
	var parts []string
	for _, name := range []string{":message-type", ":event-type", ":exception-type", ":error-code", ":error-message"} {
		if v := m.Headers.Get(name); v != nil {
			parts = append(parts, v.String())
		}
	}
	return strings.Join(append(parts, string(m.Payload)), " ")
}

func TestEventStreams(t *testing.T) {
	for name, c := range map[string]struct {
		end  error
		want string
	}{
		"ends":               {nil, ""},
		"its own exception":  {awserr.New("SessionTimeoutException", "late"), `exception SessionTimeoutException {"message":"late"}`},
		"another of AWS's":   {awserr.New("Throttling", "slowly"), "error ThrottlingException slowly "},
		"a fault of ours":    {errors.New("secret"), "error InternalFailure The request processing has failed because of an unknown error, exception or failure. "},
		"a panic in between": {errPanic, "error InternalFailure The request processing has failed because of an unknown error, exception or failure. "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDemo(t)
			url := streaming(t, d, func(_ context.Context, send func(string, any) error) error {
				if err := send("a", map[string]int{"n": 1}); err != nil || c.end == nil {
					return err
				}
				if c.end == errPanic {
					panic(c.end)
				}
				return c.end
			})
			next, _ := openStream(t, d, url)
			for _, want := range []string{"event initial-response {}", `event a {"n":1}`, c.want} {
				m, err := next()
				if want == "" {
					if !errors.Is(err, io.EOF) {
						t.Errorf("error %v, want the end", err)
					}
					return
				}
				if err != nil || describe(m) != want {
					t.Errorf("frame %q, error %v, want %q", describe(m), err, want)
				}
			}
			if _, err := next(); !errors.Is(err, io.EOF) {
				t.Errorf("error %v, want the end", err)
			}
		})
	}
}

var errPanic = errors.New("panic")

// The server's limits on a request are a second here; the stream goes on, and
// is told when its caller has gone.
func TestAnEventStreamOutlivesTheRequestsLimits(t *testing.T) {
	d := newDemo(t)
	gone := make(chan int, 1)
	url := streaming(t, d, func(ctx context.Context, send func(string, any) error) error {
		for ticks := 1; ; ticks++ {
			if err := send("tick", struct{}{}); err != nil {
				return err
			}
			select {
			case <-time.After(200 * time.Millisecond):
			case <-ctx.Done():
				gone <- ticks
				return nil
			}
		}
	})
	next, hangUp := openStream(t, d, url)
	const frames = 10 // the first and nine ticks: 1.6 s
	for i := range frames {
		if _, err := next(); err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
	}
	hangUp()
	if ticks := <-gone; ticks < frames-1 {
		t.Errorf("it was cut after %d ticks", ticks)
	}
}
