package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"waybill/internal/app"
	"waybill/internal/config"
	"waybill/internal/demo"
	"waybill/internal/event"
	"waybill/internal/trace"
)

type demoCommand struct {
	Keep   bool   `help:"Leave the data folder behind."`
	Listen string `help:"host:port of the console and all AWS APIs." default:"127.0.0.1:8420"`
}

// errPlayed ends the demonstration's group once ctx has ended it well.
var errPlayed = errors.New("the demonstration is over")

// Run plays the day and serves until ctx ends.
func (c *demoCommand) Run(ctx context.Context, logger *slog.Logger) error {
	dir, err := os.MkdirTemp("", "waybill-demo-")
	if err != nil {
		return fmt.Errorf("create the demonstration's folder: %w", err)
	}
	if c.Keep {
		defer fmt.Println("Kept:", dir)
	} else {
		defer os.RemoveAll(dir)
	}
	cfg := config.Default()
	cfg.Data, cfg.Listen = filepath.Join(dir, "data"), freeAddress(c.Listen)
	cfg.Organizations = []config.Organization{{
		Alias: "example", Domains: []string{demo.Domain}, EventLogging: config.EventLogging{Declared: true, Mode: config.LoggingDefault},
	}}
	server, err := app.Open(ctx, cfg, logger)
	if err != nil {
		return err
	}
	mail, err := demo.Listen("127.0.0.1:0", server.Sink("example", demo.Source), logger)
	if err != nil {
		return errors.Join(err, server.Close())
	}
	group, inner := errgroup.WithContext(ctx)
	group.Go(func() error { return server.Run(inner) })
	group.Go(mail.Serve)
	group.Go(func() error {
		<-inner.Done()
		return mail.Close()
	})
	group.Go(func() error {
		if err := c.show(inner, server, mail, cfg); err != nil && inner.Err() == nil {
			return err
		}
		<-inner.Done()
		return errPlayed
	})
	if err := group.Wait(); !errors.Is(err, errPlayed) {
		return err
	}
	return nil
}

// show plays the day, waits for its events and prints what to look at.
func (c *demoCommand) show(ctx context.Context, server *app.Server, mail *demo.Server, cfg *config.Config) error {
	fmt.Println("Playing a small day of mail ...")
	if err := mail.PlayDay(ctx); err != nil {
		return err
	}
	f, err := newFinder(ctx, server.URL(), cfg.Region, cfg.Data, "/aws/workmail/emailevents/example")
	if err != nil {
		return err
	}
	events, err := awaitQuestion(ctx, f)
	if err != nil {
		return err
	}
	fmt.Printf("\nWhy did orders@greylists.example not get Carol's mail?\n\n")
	if err := trace.Text(os.Stdout, trace.Build(events)); err != nil {
		return err
	}
	fmt.Println()
	server.Greet(os.Stdout)
	fmt.Printf("\nSend more mail to the demonstration's server at %s (mailboxes alice, bob, carol@%s).\nCtrl-C ends it.\n", mail.Addr(), demo.Domain)
	return nil
}

// awaitQuestion returns the events of the message that the demonstration asks
// about, as soon as both its recipients' outcomes are published.
func awaitQuestion(ctx context.Context, f *finder) ([]event.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	poll := time.NewTicker(200 * time.Millisecond)
	defer poll.Stop()
	for {
		messages, err := f.traces(ctx, equals("$.event.messageId", demo.QuestionID), time.Now().Add(-time.Hour))
		if err != nil {
			return nil, fmt.Errorf("look for the day's events: %w", err)
		}
		if len(messages) > 0 && answered(messages[0]) {
			return messages[0], nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("the day's events were not published: %w", ctx.Err())
		case <-poll.C:
		}
	}
}

// answered reports whether nobody's outcome is still unknown.
func answered(events []event.Event) bool {
	for _, r := range trace.Build(events).Recipients {
		if r.Outcome == trace.Waiting {
			return false
		}
	}
	return true
}

// freeAddress is addr, or the same host with any port when something listens there.
func freeAddress(addr string) string {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		host, _, _ := net.SplitHostPort(addr)
		return net.JoinHostPort(host, "0")
	}
	l.Close()
	return addr
}
