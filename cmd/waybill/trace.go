package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"waybill/internal/trace"
)

type traceCommand struct {
	From      string        `help:"The From address (or a part of it with *)."`
	To        string        `help:"A recipient (or a part of it with *)."`
	MessageID string        `name:"message-id" help:"The SMTP Message-ID, with its brackets."`
	TraceID   string        `name:"trace-id" help:"The traceId of an event."`
	Since     time.Duration `default:"168h" help:"How far to look back."`

	Organization string `default:"example" help:"The organization's alias; its default log group is searched."`
	LogGroup     string `help:"Another log group to search."`
	Endpoint     string `default:"http://127.0.0.1:8420" help:"Where Waybill listens."`
	Region       string `help:"The organization's Region." default:"us-east-1"`
	Data         string `help:"The data folder whose credentials file is used." default:"./waybill-data"`
}

// Run prints what became of each message that the keys find, the latest last.
func (c *traceCommand) Run(ctx context.Context) error {
	pattern, err := c.pattern()
	if err != nil {
		return err
	}
	group := c.LogGroup
	if group == "" {
		group = "/aws/workmail/emailevents/" + c.Organization
	}
	f, err := newFinder(ctx, c.Endpoint, c.Region, c.Data, group)
	if err != nil {
		return err
	}
	messages, err := f.traces(ctx, pattern, time.Now().Add(-c.Since))
	if err != nil {
		return err
	}
	if len(messages) == 0 {
		return fmt.Errorf("no mail event of the last %v in log group %s answers to that", c.Since, group)
	}
	for i, events := range messages {
		if i > 0 {
			fmt.Print("\n" + strings.Repeat("-", 72) + "\n\n")
		}
		if err := trace.Text(os.Stdout, trace.Build(events)); err != nil {
			return err
		}
	}
	return nil
}

// pattern is the filter pattern of the events that the keys name. Recipients
// stand in several members, depending on the event.
func (c *traceCommand) pattern() (string, error) {
	var all []string
	and := func(selector, value string) {
		if value != "" {
			all = append(all, strings.Trim(equals(selector, value), "{ }"))
		}
	}
	and("$.traceId", c.TraceID)
	and("$.event.messageId", c.MessageID)
	and("$.event.from", c.From)
	if c.To != "" {
		var any []string
		for _, selector := range []string{"$.event.recipients[*]", "$.event.recipient", "$.event.bouncedRecipient.emailAddress"} {
			any = append(any, strings.Trim(equals(selector, c.To), "{ }"))
		}
		all = append(all, "("+strings.Join(any, " || ")+")")
	}
	if len(all) == 0 {
		return "", fmt.Errorf("say what to look for: --from, --to, --message-id or --trace-id")
	}
	return "{ " + strings.Join(all, " && ") + " }", nil
}
