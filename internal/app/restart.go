package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
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

// RestartOnPanic has the process begin anew, under its own process id and with
// the same arguments, when the log engine's library panics: a write or an fsync
// failed, or a file is damaged. The journal has what was acknowledged. The
// reason is left in the data folder for the next start to look into. It is for
// a process that is nothing but a server, before Open.
func RestartOnPanic(data string, logger *slog.Logger) {
	engine.OnPanic(func(reason string) {
		count, last := parseRestarts(os.Getenv(restarts))
		if time.Since(last) > time.Minute {
			count = 0
		}
		wait := restartWait(count)
		logger.Error("the log engine gave up; the server begins anew", "reason", reason, "in", wait)
		if err := engine.Suspect(filepath.Join(data, engineFolder), reason); err != nil {
			logger.Warn("the reason could not be left for the next start", "error", err)
		}
		time.Sleep(wait)
		self, err := os.Executable()
		if err == nil {
			os.Setenv(restarts, fmt.Sprintf("%d %d", count+1, time.Now().Unix()))
			err = syscall.Exec(self, os.Args, os.Environ())
		}
		// A supervisor, if there is one, starts the next.
		logger.Error("the server cannot begin anew by itself", "error", err)
		os.Exit(1)
	})
}

// OpenAgain is Open, which a process that began anew by itself tries until it
// succeeds or ctx ends: what ended the one before, a disk that fails, may last.
func OpenAgain(ctx context.Context, cfg *config.Config, logger *slog.Logger) (*Server, error) {
	for tries := 1; ; tries++ {
		s, err := Open(ctx, cfg, logger)
		if err == nil || os.Getenv(restarts) == "" {
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
