package bench

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"golang.org/x/sync/errgroup"

	"waybill/bench/corpus"
	"waybill/internal/event"
)

// shape is what the batches of a benchmark are like.
type shape struct {
	name    string
	batches [][]string
}

// shapes are batches as large as PutLogEvents takes: 10,000 events, which must
// be short to fit 1,048,576 bytes with 26 bytes an event, and mail events.
func shapes(b *testing.B) []shape {
	b.Helper()
	const several = 8
	short, mail := shape{name: "10000short"}, shape{name: "mail1MiB"}
	for n := range several {
		var batch []string
		for i := range 10_000 {
			k := n*10_000 + i
			batch = append(batch, fmt.Sprintf(`{"traceId":"%016x","event":{"eventName":"SENT","to":"u%d"}}`, k/4*7919, k%1000))
		}
		short.batches = append(short.batches, batch)
	}
	var batch []string
	size := 0
	for e := range corpus.Default(several * 3_500).All() {
		text, err := event.Marshal(e)
		if err != nil {
			b.Fatal(err)
		}
		if size+len(text)+26 > 1<<20 {
			mail.batches = append(mail.batches, batch)
			batch, size = nil, 0
		}
		batch, size = append(batch, string(text)), size+len(text)+26
	}
	return []shape{short, mail}
}

// putter puts the batch of that number.
type putter func(batch int) error

// BenchmarkPut measures events/s acknowledged and fsynced by a whole server,
// for 1, 4 and 16 clients in the same process, beside what the library below
// and the disk do with the same batches in the same run. A client of the SDK
// builds, encodes and signs each request; a ready one sends requests made before.
func BenchmarkPut(b *testing.B) {
	for _, s := range shapes(b) {
		b.Run(s.name+"/library", func(b *testing.B) { library(b, s) })
		b.Run(s.name+"/fsync", func(b *testing.B) { fsyncs(b, s) })
		for _, clients := range []int{1, 4, 16} {
			b.Run(fmt.Sprintf("%s/sdk/%d", s.name, clients), func(b *testing.B) {
				r := server(b)
				r.makeStream(b)
				put(b, s, clients, r.bySDK(b, s))
			})
			b.Run(fmt.Sprintf("%s/ready/%d", s.name, clients), func(b *testing.B) {
				r := server(b)
				r.makeStream(b)
				put(b, s, clients, r.ready(b, s))
			})
		}
	}
}

// put has clients put batches until the benchmark ends.
func put(b *testing.B, s shape, clients int, one putter) {
	var events, next atomic.Int64
	var all errgroup.Group
	before := cpuTime(b)
	b.ResetTimer()
	for range clients {
		all.Go(func() error {
			for {
				n := int(next.Add(1))
				if n > b.N {
					return nil
				}
				n %= len(s.batches)
				if err := one(n); err != nil {
					return err
				}
				events.Add(int64(len(s.batches[n])))
			}
		})
	}
	if err := all.Wait(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(events.Load())/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64((cpuTime(b)-before).Nanoseconds())/1000/float64(events.Load()), "cpu-µs/event")
	m := memory()
	b.ReportMetric(float64(m.Sys-m.HeapReleased)/(1<<20), "MiB")
}

// cpuTime is what this process has used of all cores: the figure that other
// processes on the machine disturb least.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (r *running) bySDK(b *testing.B, s shape) putter {
	return func(n int) error {
		batch := s.batches[n]
		events := make([]types.InputLogEvent, len(batch))
		at := time.Now().UnixMilli()
		for i := range events {
			events[i] = types.InputLogEvent{Timestamp: &at, Message: &batch[i]}
		}
		_, err := r.client.PutLogEvents(b.Context(), &cloudwatchlogs.PutLogEventsInput{
			LogGroupName: aws.String(benchGroup), LogStreamName: aws.String(benchStream), LogEvents: events,
		})
		return err
	}
}

// ready makes one signed request a batch, and a putter that sends them again
// and again: what is left is the server's cost.
func (r *running) ready(b *testing.B, s shape) putter {
	b.Helper()
	type message struct {
		Message   string `json:"message"`
		Timestamp int64  `json:"timestamp"`
	}
	type input struct {
		Group  string    `json:"logGroupName"`
		Stream string    `json:"logStreamName"`
		Events []message `json:"logEvents"`
	}
	requests := make([]*http.Request, len(s.batches))
	bodies := make([][]byte, len(s.batches))
	at := time.Now()
	for i, batch := range s.batches {
		in := input{Group: benchGroup, Stream: benchStream}
		for _, m := range batch {
			in.Events = append(in.Events, message{m, at.UnixMilli()})
		}
		var text bytes.Buffer
		enc := json.NewEncoder(&text)
		enc.SetEscapeHTML(false) // as the SDKs do
		if err := enc.Encode(in); err != nil {
			b.Fatal(err)
		}
		bodies[i] = text.Bytes()
		requests[i] = r.signed(b, bodies[i], at)
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	return func(n int) error {
		req := requests[n].Clone(b.Context())
		req.Body = io.NopCloser(bytes.NewReader(bodies[n]))
		answer, err := client.Do(req)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", answer.Status, text)
		}
		return err
	}
}

// signed returns a request of PutLogEvents, all but its body.
func (r *running) signed(b *testing.B, body []byte, at time.Time) *http.Request {
	b.Helper()
	req, err := http.NewRequest(http.MethodPost, r.URL()+"/", nil)
	if err != nil {
		b.Fatal(err)
	}
	req.ContentLength = int64(len(body))
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "Logs_20140328.PutLogEvents")
	key, err := r.aws.Credentials.Retrieve(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	hash := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(b.Context(), key, req, hex.EncodeToString(hash[:]), "logs", r.aws.Region, at); err != nil {
		b.Fatal(err)
	}
	return req
}
