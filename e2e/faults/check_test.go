package faults

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/smithy-go"
)

// checker compares a stream with what its writer sent. Times never go back, so
// what is new stands after what was seen.
type checker struct {
	w     *writer
	token string // GetLogEvents goes on from here
	seen  int    // how many of w.sent are behind the token
	found int    // events behind the token
}

// checkNew reads what stands after the token.
func (c *checker) checkNew(ctx context.Context, client *cloudwatchlogs.Client) error {
	for {
		in := &cloudwatchlogs.GetLogEventsInput{LogGroupName: &c.w.group, LogStreamName: &c.w.stream, StartFromHead: aws.Bool(true)}
		if c.token != "" {
			in.NextToken = &c.token
		}
		out, err := again(ctx, func() (*cloudwatchlogs.GetLogEventsOutput, error) { return client.GetLogEvents(ctx, in) })
		if err != nil {
			return fmt.Errorf("read stream %s: %w", c.w.stream, err)
		}
		for _, e := range out.Events {
			if err := c.take(aws.ToInt64(e.Timestamp), aws.ToString(e.Message)); err != nil {
				return err
			}
		}
		next := aws.ToString(out.NextForwardToken)
		if next == c.token {
			return c.end()
		}
		c.token = next
	}
}

// take matches the next event that the server has with the next that was sent;
// those passed over must not have been acknowledged.
func (c *checker) take(at int64, message string) error {
	for ; c.seen < len(c.w.sent); c.seen++ {
		e := &c.w.sent[c.seen]
		if e.message == message {
			if e.at != at {
				return fmt.Errorf("stream %s: %s has time %d, sent %d", c.w.stream, message, at, e.at)
			}
			c.seen++
			c.found++
			return nil
		}
		if e.acked {
			return fmt.Errorf("stream %s: acknowledged event %.60s is missing before %.60s%s", c.w.stream, e.message, message, c.elsewhere(message))
		}
	}
	return fmt.Errorf("stream %s: %.60s is there but was not to be expected%s", c.w.stream, message, c.elsewhere(message))
}

func (c *checker) elsewhere(message string) string {
	i := slices.IndexFunc(c.w.sent, func(e sent) bool { return e.message == message })
	if i < 0 {
		return " (nobody sent it)"
	}
	return fmt.Sprintf(" (sent as number %d, acknowledged %t, now at %d of %d)", i, c.w.sent[i].acked, c.seen, len(c.w.sent))
}

// end makes sure that nothing acknowledged is missing at the end.
func (c *checker) end() error {
	for ; c.seen < len(c.w.sent); c.seen++ {
		if e := c.w.sent[c.seen]; e.acked {
			return fmt.Errorf("stream %s: acknowledged event %.60s and all after it are missing (%d of %d)", c.w.stream, e.message, c.seen, len(c.w.sent))
		}
	}
	return nil
}

// checkAll reads everything again: each stream from its beginning, and each
// group through FilterLogEvents.
func checkAll(ctx context.Context, client *cloudwatchlogs.Client, checkers []*checker) error {
	found := map[string]int{}
	for _, c := range checkers {
		whole := &checker{w: c.w}
		if err := whole.checkNew(ctx, client); err != nil {
			return fmt.Errorf("from the beginning: %w\n%s", err, around(ctx, client, whole))
		}
		if whole.found != c.found {
			return fmt.Errorf("stream %s: %d events found round by round, %d now", c.w.stream, c.found, whole.found)
		}
		found[c.w.group] += whole.found
	}
	for group, want := range found {
		if err := checkGroup(ctx, client, group, want); err != nil {
			return err
		}
	}
	return nil
}

func checkGroup(ctx context.Context, client *cloudwatchlogs.Client, group string, want int) error {
	in := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group}
	ids, messages := map[string]bool{}, map[string]bool{}
	last := int64(0)
	for done := false; !done; {
		page, err := again(ctx, func() (*cloudwatchlogs.FilterLogEventsOutput, error) { return client.FilterLogEvents(ctx, in) })
		if err != nil {
			return fmt.Errorf("filter group %s: %w", group, err)
		}
		for _, e := range page.Events {
			id, message := aws.ToString(e.EventId), strings.Clone(aws.ToString(e.Message))
			if ids[id] || messages[message] {
				return fmt.Errorf("group %s: event %s is there twice: %.60s", group, id, message)
			}
			ids[id], messages[message] = true, true
			if *e.Timestamp < last {
				return fmt.Errorf("group %s: time goes back at event %s", group, id)
			}
			last = *e.Timestamp
		}
		in.NextToken = page.NextToken
		done = page.NextToken == nil
	}
	if len(ids) != want {
		return fmt.Errorf("group %s: FilterLogEvents gives %d events, GetLogEvents %d", group, len(ids), want)
	}
	return nil
}

// again reads once more when a connection broke: the server may begin anew, and
// the SDK closes a request's body as soon as the answer begins, where net/http
// has not yet seen that body's end closes the connection, the answer half read.
func again[T any](ctx context.Context, read func() (T, error)) (T, error) {
	for tries := 1; ; tries++ {
		out, err := read()
		var api smithy.APIError
		if err == nil || errors.As(err, &api) || tries == 40 || ctx.Err() != nil {
			return out, err
		}
		pause(ctx, 50*time.Millisecond)
	}
}

// around lists what stands where a checker stopped, with the events' ids.
func around(ctx context.Context, client *cloudwatchlogs.Client, c *checker) string {
	at := c.w.sent[min(c.seen, len(c.w.sent)-1)].at
	out, err := client.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &c.w.group, LogStreamNames: []string{c.w.stream},
		StartTime: aws.Int64(at - 20), EndTime: aws.Int64(at + 20)})
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, e := range out.Events {
		fmt.Fprintf(&b, "%s %d ingested %d %.50s\n", aws.ToString(e.EventId), *e.Timestamp, *e.IngestionTime, aws.ToString(e.Message))
	}
	return b.String()
}
