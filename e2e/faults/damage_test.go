package faults

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// A part damaged inside its blocks is found when it is read. The server begins
// anew by itself, puts it in quarantine, and serves the rest.
func TestADamagedPartIsPutInQuarantine(t *testing.T) {
	s := newServer(t, filepath.Join(t.TempDir(), "data"))
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	client := s.client(t)
	group, stream := aws.String("g"), aws.String("s")
	if _, err := client.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: group}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: group, LogStreamName: stream}); err != nil {
		t.Fatal(err)
	}
	const days, each = 3, 500
	now := time.Now()
	for day := range days {
		at := now.Add(-time.Duration(day) * 24 * time.Hour).UnixMilli()
		var events []types.InputLogEvent
		for i := range each {
			events = append(events, types.InputLogEvent{Timestamp: &at, Message: aws.String(fmt.Sprintf(`{"day":%d,"n":%d,"text":"%d"}`, day, i, rand.Uint64()))})
		}
		if _, err := client.PutLogEvents(t.Context(), &cloudwatchlogs.PutLogEventsInput{LogGroupName: group, LogStreamName: stream, LogEvents: events}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.stop(); err != nil { // everything is in parts now
		t.Fatal(err)
	}
	yesterday := now.Add(-24 * time.Hour).UTC().Format("20060102")
	garble(t, filepath.Join(s.data, "logs/storage/partitions", yesterday, "datadb/*/message_values.bin"))
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	pid := s.cmd.Process.Pid
	counts := readUntil(t, s, client)
	if counts[0] != each || counts[1] != 0 || counts[2] != each {
		t.Errorf("events found by day: %v", counts)
	}
	if !s.running() || s.cmd.Process.Pid != pid {
		t.Error("the server did not go on under its process id")
	}
	if text := health(t, s); !strings.Contains(text, "1 damaged parts") {
		t.Errorf("health: %s", text)
	}
}

func garble(t *testing.T, pattern string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no file %s: %v", pattern, err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := 20; i < len(data)-20; i++ {
			data[i] = byte(rand.Uint32())
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// readUntil reads the group as a client that tries again does, and counts its
// events by day.
func readUntil(t *testing.T, s *server, client *cloudwatchlogs.Client) map[int]int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		out, err := client.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("g")})
		if err == nil {
			counts := map[int]int{}
			for _, e := range out.Events {
				var day int
				if _, err := fmt.Sscanf(*e.Message, `{"day":%d,`, &day); err != nil {
					t.Errorf("%.40s: %v", *e.Message, err)
				}
				counts[day]++
			}
			return counts
		}
		if ctx.Err() != nil || !s.running() {
			t.Fatalf("read: %v; running: %t", err, s.running())
		}
		pause(ctx, 20*time.Millisecond)
	}
}

func health(t *testing.T, s *server) string {
	t.Helper()
	resp, err := http.Get("http://" + s.addr + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
