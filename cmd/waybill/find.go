package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"waybill/internal/event"
)

// finder reads mail events through the public API, with the unmodified SDK.
type finder struct {
	client *cloudwatchlogs.Client
	group  string
}

// newFinder signs with the credentials file of a data folder.
func newFinder(ctx context.Context, endpoint, region, data, group string) (*finder, error) {
	cfg, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(region), awsconfig.WithBaseEndpoint(endpoint),
		awsconfig.WithSharedConfigFiles(nil), awsconfig.WithSharedCredentialsFiles([]string{filepath.Join(data, "credentials")}))
	if err != nil {
		return nil, fmt.Errorf("read the credentials of %s: %w", data, err)
	}
	return &finder{client: cloudwatchlogs.NewFromConfig(cfg), group: group}, nil
}

// events returns every event since a time that a filter pattern finds.
func (f *finder) events(ctx context.Context, pattern string, since time.Time) ([]event.Event, error) {
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(f.client, &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: &f.group, FilterPattern: &pattern, StartTime: aws.Int64(since.UnixMilli()),
	})
	var list []event.Event
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("search log group %s: %w", f.group, err)
		}
		for _, e := range page.Events {
			ev, err := event.Decode([]byte(*e.Message))
			if err != nil {
				return nil, fmt.Errorf("log event %s of group %s: %w", *e.EventId, f.group, err)
			}
			list = append(list, ev)
		}
	}
	return list, nil
}

// traces returns the events of each message that the patterns find: those of
// the trace ids found, and of the other trace of an internal message, which has
// the same Message-ID. The messages are in the order of their first events.
func (f *finder) traces(ctx context.Context, pattern string, since time.Time) ([][]event.Event, error) {
	found, err := f.events(ctx, pattern, since)
	if err != nil {
		return nil, err
	}
	var messages [][]event.Event
	seen := make(map[string]bool)
	for _, e := range found {
		if seen[e.TraceID] {
			continue
		}
		message, err := f.message(ctx, e.TraceID, since)
		if err != nil {
			return nil, err
		}
		for _, m := range message {
			seen[m.TraceID] = true
		}
		messages = append(messages, message)
	}
	return messages, nil
}

// message returns the events of a trace and of the traces joined to it by Message-ID.
func (f *finder) message(ctx context.Context, traceID string, since time.Time) ([]event.Event, error) {
	events, err := f.events(ctx, equals("$.traceId", traceID), since)
	if err != nil {
		return nil, err
	}
	id := messageID(events)
	if id == "" {
		return events, nil
	}
	same, err := f.events(ctx, equals("$.event.messageId", id), since)
	if err != nil {
		return nil, err
	}
	have := map[string]bool{traceID: true}
	for _, e := range same {
		if have[e.TraceID] {
			continue
		}
		have[e.TraceID] = true
		more, err := f.events(ctx, equals("$.traceId", e.TraceID), since)
		if err != nil {
			return nil, err
		}
		events = append(events, more...)
	}
	return events, nil
}

// equals is a filter pattern for one field.
func equals(selector, value string) string {
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value)
	return fmt.Sprintf(`{ %s = "%s" }`, selector, quoted)
}

// messageID is the Message-ID of the message that the events tell of.
func messageID(events []event.Event) string {
	for _, e := range events {
		switch b := e.Body.(type) {
		case event.OrganizationEmailReceived:
			return b.MessageID
		case event.OutgoingEmailSubmitted:
			return b.MessageID
		}
	}
	return ""
}
