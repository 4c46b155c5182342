package engine

import (
	"flag"
	"fmt"
	"strconv"
	"sync"

	// These register the flags that Configure sets.
	_ "github.com/VictoriaMetrics/VictoriaMetrics/lib/logger"
	_ "github.com/VictoriaMetrics/VictoriaMetrics/lib/memory"
)

// Settings are the library's process-wide settings. It reads them from the
// command line's flags, once, at its first use.
type Settings struct {
	// MemoryBytes is what the library's caches and in-memory rows may occupy.
	// Zero means DefaultMemoryBytes.
	MemoryBytes int64
}

// DefaultMemoryBytes suits a machine that also runs a mail server.
const DefaultMemoryBytes = 256 << 20

var configure sync.Mutex

// Configure sets the library's process-wide settings. It must come before the
// first Open; later calls, and calls from several tests, change nothing that the
// library has already read. The library's own log is cut down to errors: its
// warnings print whole log events.
func Configure(s Settings) error {
	configure.Lock()
	defer configure.Unlock()
	if s.MemoryBytes <= 0 {
		s.MemoryBytes = DefaultMemoryBytes
	}
	for name, value := range map[string]string{
		"memory.allowedBytes": strconv.FormatInt(s.MemoryBytes, 10),
		"loggerLevel":         "ERROR",
	} {
		if flag.Lookup(name) == nil {
			return fmt.Errorf("configure log engine: the library has no flag -%s", name)
		}
		if err := flag.Set(name, value); err != nil {
			return fmt.Errorf("configure log engine: set -%s=%s: %w", name, value, err)
		}
	}
	// The library refuses to run before the flags were parsed. Nothing else in
	// this program uses them, so there is nothing on the command line for them;
	// a test binary, before its TestMain runs the tests, has them there.
	if flag.Parsed() {
		return nil
	}
	if flag.Lookup("test.run") != nil {
		flag.Parse()
		return nil
	}
	if err := flag.CommandLine.Parse(nil); err != nil {
		return fmt.Errorf("configure log engine: %w", err)
	}
	return nil
}
