package logsapi_test

import (
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// call sends a request as SDKs do.
func (v *server) call(t *testing.T, operation, body string) (status int, answer map[string]any) {
	t.Helper()
	return v.post(t, snapshot{operation: operation, body: body, headers: map[string]string{
		"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Logs_20140328." + operation,
	}})
}

var nowWord = regexp.MustCompile(`now(?:([+-]\d+h))?`)

// fill puts times and long names where recorded.txt has words for them.
func fill(t *testing.T, request string) string {
	request = strings.ReplaceAll(request, "x*513", strings.Repeat("x", 513))
	return nowWord.ReplaceAllStringFunc(request, func(word string) string {
		at := time.Now()
		if shift := strings.TrimPrefix(word, "now"); shift != "" {
			d, err := time.ParseDuration(shift)
			must(t, err)
			at = at.Add(d)
		}
		return strconv.FormatInt(at.UnixMilli(), 10)
	})
}

func TestErrorsRecordedFromAWS(t *testing.T) {
	v := newServer(t)
	v.admin(t)
	text, err := os.ReadFile("testdata/recorded.txt")
	must(t, err)
	n := 0
	for entry := range strings.SplitSeq(string(text), "\n\n") {
		if strings.HasPrefix(entry, "#") {
			continue
		}
		request, want, ok := strings.Cut(strings.TrimSpace(entry), "\n")
		operation, body, ok2 := strings.Cut(request, " ")
		if !ok || !ok2 {
			t.Fatalf("recorded.txt: %q", entry)
		}
		status, answer := v.call(t, operation, fill(t, body))
		got := "ok"
		if status != http.StatusOK {
			got = strconv.Itoa(status) + " " + answer["__type"].(string) + " " + answer["message"].(string)
		}
		if got != want {
			t.Errorf("%s\ngot  %s\nwant %s", request, got, want)
		}
		n++
	}
	if n < 20 {
		t.Errorf("%d entries", n)
	}
}

// TestAnswersRecordedFromAWS holds what others recorded of answers' members.
func TestAnswersRecordedFromAWS(t *testing.T) {
	v := newServer(t)
	c := v.admin(t)
	ctx := t.Context()
	name, stream := aws.String("/test/group"), aws.String("stream")
	makeGroup(t, c, *name, *stream)
	put := func(at int64) *cwl.PutLogEventsOutput {
		t.Helper()
		out, err := c.PutLogEvents(ctx, &cwl.PutLogEventsInput{LogGroupName: name, LogStreamName: stream,
			LogEvents: []types.InputLogEvent{{Timestamp: &at, Message: aws.String("kept")}}})
		must(t, err)
		return out
	}
	const hour = 3_600_000
	if out := put(nowMillis() - 15*24*hour); out.RejectedLogEventsInfo == nil || *out.RejectedLogEventsInfo.TooOldLogEventEndIndex != 1 ||
		out.RejectedLogEventsInfo.TooNewLogEventStartIndex != nil || *out.NextSequenceToken == "" {
		t.Errorf("too old: %+v", out)
	}
	if out := put(nowMillis() + 3*hour); out.RejectedLogEventsInfo == nil || *out.RejectedLogEventsInfo.TooNewLogEventStartIndex != 0 ||
		out.RejectedLogEventsInfo.TooOldLogEventEndIndex != nil || *out.NextSequenceToken == "" {
		t.Errorf("too new: %+v", out)
	}
	put(nowMillis())

	_, answer := v.call(t, "DescribeLogGroups", `{"logGroupNamePattern":"/group"}`)
	group := answer["logGroups"].([]any)[0].(map[string]any)
	for member, want := range map[string]any{
		"arn": groupARN + "/test/group:*", "logGroupArn": groupARN + "/test/group", "deletionProtectionEnabled": false,
		"logGroupClass": "STANDARD", "metricFilterCount": 0.0, "retentionInDays": nil, "kmsKeyId": nil,
	} {
		if group[member] != want {
			t.Errorf("%s of a group: %v, want %v", member, group[member], want)
		}
	}
	if group["creationTime"].(float64) == 0 || group["storedBytes"] == nil {
		t.Errorf("group %v", group)
	}
	_, answer = v.call(t, "PutResourcePolicy", `{"policyName":"p","policyDocument":`+strconv.Quote(*document(other, "g"))+`}`)
	if p := answer["resourcePolicy"].(map[string]any); p["policyScope"] != "ACCOUNT" {
		t.Errorf("policy %v", p)
	}
	v.call(t, "PutMetricFilter", `{"logGroupName":"/test/group","filterName":"f","filterPattern":"","metricTransformations":[{"metricName":"n","metricNamespace":"ns","metricValue":"1"}]}`)
	_, answer = v.call(t, "DescribeMetricFilters", `{}`)
	if f := answer["metricFilters"].([]any)[0].(map[string]any); f["applyOnTransformedLogs"] != false {
		t.Errorf("metric filter %v", f)
	}
	v.call(t, "PutSubscriptionFilter", `{"logGroupName":"/test/group","filterName":"f","filterPattern":"","destinationArn":"arn:aws:lambda:us-east-1:111122223333:function:f"}`)
	_, answer = v.call(t, "DescribeSubscriptionFilters", `{"logGroupName":"/test/group"}`)
	if f := answer["subscriptionFilters"].([]any)[0].(map[string]any); f["applyOnTransformedLogs"] != false || f["distribution"] != "ByLogStream" {
		t.Errorf("subscription filter %v", f)
	}
	_, answer = v.call(t, "FilterLogEvents", `{"logGroupName":"/test/group","filterPattern":"kept"}`)
	if len(answer["events"].([]any)) != 1 || len(answer["searchedLogStreams"].([]any)) != 0 {
		t.Errorf("filtered %v", answer)
	}
	if v.contentType != "application/x-amz-json-1.1" {
		t.Errorf("FilterLogEvents answers with %s", v.contentType)
	}
}
