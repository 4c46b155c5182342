// Command waybill is message tracking for mail you run yourself. See README.md.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// commands are the subcommands; each has a file of its own.
type commands struct {
	Serve       serveCommand       `cmd:"" help:"Watch mail servers, and serve the console and the AWS APIs."`
	Demo        demoCommand        `cmd:"" help:"Show the main job: a small day of mail on a server of its own, no configuration."`
	Trace       traceCommand       `cmd:"" help:"Answer: why did B not get A's mail?"`
	Backup      backupCommand      `cmd:"" help:"Write a backup of the data folder while its server runs, or of a stopped one."`
	Restore     restoreCommand     `cmd:"" help:"Make a new data folder of a backup."`
	Query       queryCommand       `cmd:"" help:"Ask a Logs Insights query."`
	Probe       probeCommand       `cmd:"" hidden:""`
	Key         keyCommand         `cmd:"" help:"Make, rotate or check the file that seals secrets; the server must be stopped."`
	CheckConfig checkConfigCommand `cmd:"" help:"Read a configuration file and say what is wrong with it."`

	LogLevel *slog.Level `placeholder:"LEVEL" help:"DEBUG, INFO, WARN or ERROR, for Waybill's own log on standard error. Default INFO; WARN for demo."`
}

func main() {
	var cli commands
	parser := kong.Must(&cli, kong.Name("waybill"), kong.UsageOnError(),
		kong.Description("Message tracking for mail you run yourself."))
	command, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	level := slog.LevelInfo
	if command.Command() == "demo" {
		level = slog.LevelWarn
	}
	if cli.LogLevel != nil {
		level = *cli.LogLevel
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(logger); err != nil {
		fmt.Fprintln(os.Stderr, "waybill:", err)
		stop()
		os.Exit(1)
	}
}
