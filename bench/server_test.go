package bench

import (
	"context"
	"log/slog"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"waybill/internal/app"
	"waybill/internal/config"
)

// The group and stream that benchmarks of writing write to.
const (
	benchGroup  = "bench"
	benchStream = "one"
)

// running is a whole Waybill in this process.
type running struct {
	*app.Server
	aws    aws.Config
	client *cloudwatchlogs.Client
}

// server runs a whole Waybill in this process until the benchmark ends.
func server(b *testing.B) *running {
	b.Helper()
	cfg := config.Default()
	cfg.Data, cfg.Listen = filepath.Join(b.TempDir(), "data"), "127.0.0.1:0"
	cfg.Limits.Requests = 1e6 // what is measured is the work, not the limit
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
	r := &running{Server: s}
	r.aws, err = awsconfig.LoadDefaultConfig(b.Context(), awsconfig.WithRegion(cfg.Region), awsconfig.WithBaseEndpoint(s.URL()),
		awsconfig.WithSharedConfigFiles(nil), awsconfig.WithSharedCredentialsFiles([]string{filepath.Join(cfg.Data, "credentials")}))
	if err != nil {
		b.Fatal(err)
	}
	r.client = cloudwatchlogs.NewFromConfig(r.aws)
	return r
}

// makeStream creates the group and the stream to write to.
func (r *running) makeStream(b *testing.B) {
	b.Helper()
	group, stream := aws.String(benchGroup), aws.String(benchStream)
	if _, err := r.client.CreateLogGroup(b.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: group}); err != nil {
		b.Fatal(err)
	}
	if _, err := r.client.CreateLogStream(b.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: group, LogStreamName: stream}); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkIdleMemory reports what a server that has just started holds.
func BenchmarkIdleMemory(b *testing.B) {
	for b.Loop() {
		server(b)
		runtime.GC()
		m := memory()
		b.ReportMetric(float64(m.HeapInuse+m.StackInuse)/(1<<20), "MiB-in-use")
		b.ReportMetric(float64(m.Sys)/(1<<20), "MiB-from-system")
	}
}

func memory() (m runtime.MemStats) {
	runtime.ReadMemStats(&m)
	return m
}
