package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"waybill/internal/config"
	"waybill/internal/logs/engine"
)

// restarts is the environment variable in which a process tells the one that it
// becomes how often, and when last (Unix seconds), it began anew.
const restarts = "WAYBILL_RESTARTS"

// longestWait bounds the time between two restarts that follow each other.
const longestWait = 5 * time.Second

// restartOnPanic has the process begin anew, under its own process id and with
// the same arguments, when the log engine's library panics: a write or an fsync
// failed, or a part is damaged. The journal has what was acknowledged. The
// reason, or what a crash prints, is left in the data folder for the next start
// to look into. A process that was told to stop, by the end of ctx, stops.
func (s *Server) restartOnPanic(ctx context.Context) error {
	folder, logger := s.folder.file(engineFolder), s.logger
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if f, err := os.OpenFile(engine.SuspectFile(folder), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600); err == nil {
		err = errors.Join(debug.SetCrashOutput(f, debug.CrashOptions{}), f.Close())
		if err != nil {
			return fmt.Errorf("keep what a crash prints: %w", err)
		}
	} else {
		logger.Warn("what a crash prints cannot be kept", "error", err)
	}
	engine.OnPanic(func(reason string) {
		count, last := parseRestarts(os.Getenv(restarts))
		if time.Since(last) > time.Minute {
			count = 0
		}
		wait := restartWait(count)
		logger.Error("the log engine gave up; the server begins anew", "reason", reason, "in", wait)
		if err := engine.Suspect(folder, reason); err != nil {
			logger.Warn("the reason could not be left for the next start", "error", err)
		}
		time.Sleep(wait)
		self, err := os.Executable()
		if ctx.Err() != nil {
			os.Exit(0) // what was acknowledged is in the journal
		}
		if err == nil {
			os.Setenv(restarts, fmt.Sprintf("%d %d", count+1, time.Now().Unix()))
			err = syscall.Exec(self, os.Args, os.Environ())
		}
		// A supervisor, if there is one, starts the next.
		logger.Error("the server cannot begin anew by itself", "error", err)
		os.Exit(1)
	})
	return nil
}

// Probe reads everything in a storage of the log engine's; see engine.Probe.
func Probe(ctx context.Context, folder string) error {
	if err := engine.Configure(engine.Settings{}); err != nil {
		return err
	}
	return engine.Probe(ctx, folder)
}

// probeByProcess runs this program's probe command.
func probeByProcess(folder string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var out bytes.Buffer
	c := exec.Command(self, "probe", folder)
	c.Stdout, c.Stderr = &out, &out
	if err := c.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, firstFatal(out.String()))
	}
	return nil
}

// firstFatal is the line in which the library said why it gave up, or the first.
func firstFatal(output string) string {
	for line := range strings.Lines(output) {
		if strings.Contains(line, "FATAL") || strings.Contains(line, "panic") || strings.Contains(line, "fatal") {
			return strings.TrimSpace(line[:min(len(line), 500)])
		}
	}
	return strings.TrimSpace(output[:min(len(output), 500)])
}

// OpenAgain is Open, which a process that began anew by itself tries until it
// succeeds or ctx ends: what ended the one before, a disk that fails, may last.
func OpenAgain(ctx context.Context, cfg *config.Config, logger *slog.Logger) (*Server, error) {
	for tries := 1; ; tries++ {
		s, err := Open(ctx, cfg, logger)
		if err == nil || os.Getenv(restarts) == "" || ctx.Err() != nil {
			return s, err
		}
		wait := restartWait(tries)
		logger.Error("the server cannot begin anew yet", "error", err, "in", wait)
		select {
		case <-ctx.Done():
			return nil, errors.Join(err, context.Cause(ctx))
		case <-time.After(wait):
		}
	}
}

// restartWait grows with how many restarts came just before.
func restartWait(count int) time.Duration {
	if count == 0 {
		return 0
	}
	return min(250*time.Millisecond<<min(count, 10), longestWait)
}

func parseRestarts(text string) (count int, last time.Time) {
	n, at, _ := strings.Cut(text, " ")
	count, _ = strconv.Atoi(n)
	seconds, _ := strconv.ParseInt(at, 10, 64)
	return count, time.Unix(seconds, 0)
}
