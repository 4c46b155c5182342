package bench

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"waybill/internal/app"
	"waybill/internal/config"
)

// server runs a whole Waybill in this process until the benchmark ends.
func server(b *testing.B) (client *cloudwatchlogs.Client) {
	b.Helper()
	cfg := config.Default()
	cfg.Data, cfg.Listen = filepath.Join(b.TempDir(), "data"), "127.0.0.1:0"
	s, err := app.Open(b.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	b.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
	aws, err := awsconfig.LoadDefaultConfig(b.Context(), awsconfig.WithRegion(cfg.Region), awsconfig.WithBaseEndpoint(s.URL()),
		awsconfig.WithSharedConfigFiles(nil), awsconfig.WithSharedCredentialsFiles([]string{filepath.Join(cfg.Data, "credentials")}))
	if err != nil {
		b.Fatal(err)
	}
	return cloudwatchlogs.NewFromConfig(aws)
}

// mailEvent is an event in the shape and size of a delivered message's.
func mailEvent(n int, at int64) string {
	return fmt.Sprintf(`{"eventTimestamp":%d,"organizationId":"m-0123456789abcdef0123456789abcdef","traceId":"%032x","event":{"eventName":"ORGANIZATION_EMAIL_RECEIVED","recipients":["user%d@example.com"],"from":"sender%d@sender.test","subject":"Invoice %d of this month","messageId":"<%d@sender.test>","spamVerdict":"PASS","dkimVerdict":"PASS","spfVerdict":"PASS","dmarcVerdict":"PASS","messageTimestamp":%d}}`,
		at, n, n%1000, n%500, n, n, at)
}

// BenchmarkPutLogEvents measures PutLogEvents through the Go SDK, signed, decided,
// acknowledged and fsynced.
func BenchmarkPutLogEvents(b *testing.B) {
	for _, size := range []int{100, 1000, 2000} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			client := server(b)
			group, stream := aws.String("bench"), aws.String("one")
			if _, err := client.CreateLogGroup(b.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: group}); err != nil {
				b.Fatal(err)
			}
			if _, err := client.CreateLogStream(b.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: group, LogStreamName: stream}); err != nil {
				b.Fatal(err)
			}
			sent := 0
			for b.Loop() {
				events := make([]types.InputLogEvent, size)
				at := time.Now().UnixMilli()
				for i := range events {
					events[i] = types.InputLogEvent{Timestamp: &at, Message: aws.String(mailEvent(sent+i, at))}
				}
				if _, err := client.PutLogEvents(b.Context(), &cloudwatchlogs.PutLogEventsInput{LogGroupName: group, LogStreamName: stream, LogEvents: events}); err != nil {
					b.Fatal(err)
				}
				sent += size
			}
			b.ReportMetric(float64(sent)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkIdleMemory reports what a server that has just started holds.
func BenchmarkIdleMemory(b *testing.B) {
	for b.Loop() {
		server(b)
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapInuse+m.StackInuse)/(1<<20), "MiB-in-use")
		b.ReportMetric(float64(m.Sys)/(1<<20), "MiB-from-system")
	}
}
