package logsapi_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// makeGroup creates a group and its streams.
func makeGroup(t testing.TB, c *cwl.Client, group string, streams ...string) {
	t.Helper()
	_, err := c.CreateLogGroup(t.Context(), &cwl.CreateLogGroupInput{LogGroupName: &group})
	must(t, err)
	for _, s := range streams {
		_, err := c.CreateLogStream(t.Context(), &cwl.CreateLogStreamInput{LogGroupName: &group, LogStreamName: &s})
		must(t, err)
	}
}

// putNow puts events of the present moment.
func putNow(t testing.TB, c *cwl.Client, group, stream string, messages ...string) {
	t.Helper()
	now := time.Now().UnixMilli()
	var events []types.InputLogEvent
	for _, m := range messages {
		events = append(events, types.InputLogEvent{Timestamp: aws.Int64(now), Message: &m})
	}
	_, err := c.PutLogEvents(t.Context(), &cwl.PutLogEventsInput{LogGroupName: &group, LogStreamName: &stream, LogEvents: events})
	must(t, err)
}

func nowMillis() int64 { return time.Now().UnixMilli() }

func sha256hex(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}
